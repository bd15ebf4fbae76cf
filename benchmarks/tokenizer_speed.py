"""Our tokenizer beside Hugging Face's `tokenizers` and OpenAI's `tiktoken`: one run, one table.

    MINIGPT_TEST_ASSETS=folder python benchmarks/tokenizer_speed.py [--large] [--json table.json]

The folder holds tinyshakespeare.txt and gpt2/encoder.json, gpt2/vocab.bpe. --large adds training on 100 MB,
which takes minutes. A ratio above 1 means that ours is faster, or needs less memory. Every contender does
the same work on the same text, the best of several runs counts, and the ids are compared beforehand.
"""

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import tiktoken
import tokenizers

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # this checkout, whatever is installed

from benchmarks.report import ROOT, add_json_flag, describe_machine, write_json
from tokenizer import BPETokenizer, load_tokenizer
from tokenizer.text_source import text_blocks

VOCAB_SIZE = 8192
LARGE_VOCAB_SIZE = 32768
LARGE_BYTES = 100_000_000
ROWS = []  # of the table so far, for --json


def best_time(function, repeats=5):
    """Seconds of the fastest of `repeats` calls."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return min(times)


def row(name, ours, huggingface=None, openai=None, unit="s"):
    """Print one line of the table, and keep it; the ratios are the others' figures over ours."""
    ROWS.append({"name": name, "ours": ours, "tokenizers": huggingface, "tiktoken": openai, "unit": unit})
    cells = [f"{name:46}"]
    for value in (ours, huggingface, openai):
        cells.append("–".rjust(10) if value is None else f"{value:8.3f} {unit}".rjust(10))
    for value in (huggingface, openai):
        cells.append("–".rjust(8) if value is None else f"{value / ours:7.2f}×")
    print(" | ".join(cells), flush=True)


def peers(ours, directory):
    """The same tokenizer as Hugging Face's and as tiktoken's."""
    ours.save(directory)
    huggingface = tokenizers.Tokenizer.from_file(str(Path(directory) / "tokenizer.json"))
    openai = tiktoken.Encoding(
        "peer",
        pat_str=ours.pattern,
        mergeable_ranks=ours.mergeable_ranks,
        special_tokens=ours.special_tokens,
    )
    return huggingface, openai


def train_ours(path, vocab_size, workers):
    BPETokenizer.train(Path(path), vocab_size, workers=workers)


def train_huggingface(path, vocab_size):
    tokenizer = tokenizers.Tokenizer(tokenizers.models.BPE())
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=vocab_size,
        special_tokens=["<|endoftext|>"],
        initial_alphabet=tokenizers.pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train([str(path)], trainer)


def long_words_row():
    """One word of 160,000 letters: trainers that walk through the word at each merge take minutes."""
    letters = "".join(random.Random(0).choices("abcdefghijklmnopqrstuvwxyz", k=160_000))
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "word.txt"
        path.write_text(letters, encoding="utf-8", newline="\n")
        row(
            "train, one word of 160,000 letters",
            best_time(lambda: train_ours(path, 4000, workers=1), 1),
            best_time(lambda: train_huggingface(path, 4000), 1),
        )


def encoding_rows(name, text, ours, huggingface, openai):
    """Cold: the tokenizer sees the text for the first time. Warm: it has seen it. One thread each."""
    expected = openai.encode_ordinary(text)
    assert ours.encode_ordinary(text) == expected
    # Hugging Face may also take the text in lines, if that is faster: the same ids, but for line ends.
    lines = text.splitlines(keepends=True)

    def cold():
        BPETokenizer(ours.mergeable_ranks, ours.merges, ours.special_tokens, ours.pattern).encode_ordinary(
            text
        )

    setup = best_time(
        lambda: BPETokenizer(ours.mergeable_ranks, ours.merges, ours.special_tokens, ours.pattern)
    )
    theirs = min(
        best_time(lambda: huggingface.encode(text, add_special_tokens=False).ids, 3),
        best_time(lambda: [e.ids for e in huggingface.encode_batch_fast(lines, add_special_tokens=False)], 3),
    )
    tiktokens = best_time(lambda: openai.encode_ordinary(text))
    row(f"encode {name}, warm", best_time(lambda: ours.encode_ordinary(text)), theirs, tiktokens)
    row(f"encode {name}, cold", best_time(cold, 3) - setup, theirs, tiktokens)


def unbroken_rows(ours, huggingface, openai):
    """One megabyte without a break, and four: the time may grow like n log n, 4.4 times."""
    generator = random.Random(0)
    base64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    common = (
        "的一是不了人我在有他这为之大来以个中上们到说国和地也子时道出而要于就下得可你年生自会那后能对着事其里"
    )
    makers = {
        "one letter": lambda n: "a" * n,
        "Chinese": lambda n: "".join(generator.choices(common, k=n // 3)),
        "base64": lambda n: "".join(generator.choices(base64, k=n)),
        "random letters": lambda n: "".join(generator.choices(base64[:52], k=n)),
    }
    for name, make in makers.items():
        for megabytes in (1, 4):
            text = make(megabytes * 1_000_000)
            theirs = best_time(lambda text=text: huggingface.encode(text, add_special_tokens=False), 1)
            tiktokens = (
                None if name == "one letter" else best_time(lambda text=text: openai.encode_ordinary(text), 1)
            )
            row(
                f"{megabytes} MB of {name}",
                best_time(lambda text=text: ours.encode_ordinary(text), 1),
                theirs,
                tiktokens,
            )


def write_large_text(path, shakespeare):
    """100 MB: Shakespeare over and over, and between the repetitions new text of 400,000 invented words."""
    generator = random.Random(0)
    syllables = [
        c + v + e for c in "b c d f g h l m n p r s t v w th st br".split() for v in "aeiou" for e in "nrslt"
    ]
    words = [
        " " + "".join(generator.choices(syllables, k=generator.choice((1, 2, 2, 3)))) for _ in range(400_000)
    ]
    weights, total = [], 0.0
    for rank in range(1, len(words) + 1):
        total += 1 / rank  # Zipf's law: the n-th word occurs 1/n times as often as the first
        weights.append(total)
    size = 0
    with open(path, "w", encoding="utf-8", newline="\n") as file:
        while size < LARGE_BYTES:
            lines = [
                "".join(generator.choices(words, cum_weights=weights, k=10)) + ".\n" for _ in range(20_000)
            ]
            size += file.write(shakespeare) + file.write("".join(lines))


def measured_apart(*arguments):
    """Run one training in a process of its own -> seconds, peak MB of it and its workers together."""
    command = [sys.executable, __file__, "--one-training", *map(str, arguments)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)
    peak = 0.0
    while process.poll() is None:
        peak = max(peak, session_megabytes(process.pid))
        time.sleep(0.05)
    if process.returncode:
        raise SystemExit(f"the training {arguments} failed")
    return float(process.stdout.read()), peak


def session_megabytes(session):
    """Resident memory of all processes of a session (Linux; 0 elsewhere). Shared pages count each time."""
    pages = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text(encoding="utf-8").rpartition(")")[2].split()
        except OSError:
            continue  # it has ended meanwhile
        if int(fields[3]) == session:
            pages += int(fields[21])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6 if pages else 0.0


def one_training(contender, path, vocab_size):
    start = time.perf_counter()
    if contender == "huggingface":
        train_huggingface(path, int(vocab_size))
    else:
        train_ours(path, int(vocab_size), workers=os.cpu_count())
    print(time.perf_counter() - start)


def import_seconds():
    """What `import tokenizer` takes after `import regex`, in a fresh interpreter."""
    code = "import regex, time; t = time.perf_counter(); import tokenizer; print(time.perf_counter() - t)"
    runs = [
        subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
        for _ in range(5)
    ]
    return min(float(run.stdout) for run in runs)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--large", action="store_true", help="also train on 100 MB (minutes)")
    add_json_flag(parser)
    parser.add_argument("--one-training", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one_training:
        one_training(*options.one_training)
        return
    sys.stdout.reconfigure(encoding="utf-8")
    os.environ["TOKENIZERS_PARALLELISM"] = "true"
    if "MINIGPT_TEST_ASSETS" not in os.environ:
        parser.error("set MINIGPT_TEST_ASSETS to a folder with tinyshakespeare.txt and gpt2/")
    assets = Path(os.environ["MINIGPT_TEST_ASSETS"])
    shakespeare_path = assets / "tinyshakespeare.txt"
    shakespeare = shakespeare_path.read_text(encoding="utf-8")
    chinese = "".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "data").glob("*_zh.txt")))

    print(describe_machine() + "\n")
    print(
        " | ".join(
            [
                f"{'':46}",
                f"{'ours':>10}",
                "tokenizers",
                f"{'tiktoken':>10}",
                "tokenizers÷ours",
                "tiktoken÷ours",
            ]
        )
    )
    row(
        f"train, 1.1 MB, vocabulary {VOCAB_SIZE:,}",
        best_time(lambda: train_ours(shakespeare_path, VOCAB_SIZE, workers=1), 3),
        best_time(lambda: train_huggingface(shakespeare_path, VOCAB_SIZE), 3),
    )
    long_words_row()
    os.environ["TOKENIZERS_PARALLELISM"] = "false"  # encoding is compared on one thread
    with tempfile.TemporaryDirectory() as directory:
        gpt2 = load_tokenizer(assets / "gpt2")
        gpt2_peers = peers(gpt2, directory)
        encoding_rows("English (GPT-2)", shakespeare, gpt2, *gpt2_peers)
        trained = BPETokenizer.train([shakespeare, chinese], VOCAB_SIZE)
        encoding_rows("Chinese (GPT-2)", chinese, gpt2, *gpt2_peers)
        encoding_rows("Chinese (trained)", chinese, trained, *peers(trained, directory))
        unbroken_rows(gpt2, *gpt2_peers)

        large = Path(directory) / "large.txt"
        if options.large:
            write_large_text(large, shakespeare)
            ours, our_peak = measured_apart("ours", large, LARGE_VOCAB_SIZE)
            theirs, their_peak = measured_apart("huggingface", large, LARGE_VOCAB_SIZE)
            row(f"train, 100 MB, vocabulary {LARGE_VOCAB_SIZE:,}", ours, theirs)
            if our_peak:
                row("  peak memory", our_peak, their_peak, unit="MB")
        else:
            large.write_text(shakespeare * 20, encoding="utf-8", newline="\n")
        for workers in (1, os.cpu_count()):
            seconds = best_time(lambda workers=workers: gpt2.encode_batch(text_blocks(large), workers), 1)
            row(f"encode {large.stat().st_size / 1e6:.0f} MB from a file, {workers} processes", seconds)
    row("import tokenizer, after regex", import_seconds())
    if options.json:
        settings = {"vocab_size": VOCAB_SIZE, "large": options.large, "large_vocab_size": LARGE_VOCAB_SIZE}
        write_json(options.json, "tokenizers", settings, ROWS)


if __name__ == "__main__":
    main()
