"""Change files at random and open them: a right answer or a sentence, and nothing else.

    python tests/fuzz_readers.py                   10,000 mutants of every file, for some hours
    python tests/fuzz_readers.py 1000 config       1,000 of each file whose name contains "config"

Every kind of file that a model folder, an adapter's folder, a run's folder or --data holds is written once,
then changed in one of some twenty ways: bits, bytes, pieces, digits, values of JSON, names twice, very deep
nesting, very large numbers. What a reader may do with it:

    refused    ValueError, OSError or, for a command line, exit status 2
    same       what it read is equal to what it reads from the file as it was written
    other      it is not, where nothing in the file could tell: a text is another text

Any other exception is a fault; so is an answer after more than SECONDS, or one that takes more than MEMORY, a
sentence of more than LONGEST characters or that reaches the terminal with control characters, and "other"
for a file that carries checksums. Mutants run in processes of their own (Unix only). Exit status 0 if there
was no fault.
"""

import contextlib
import io
import json
import random
import re
import shutil
import signal
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from minigpt import GPT, RNN, BigramConfig, BigramLM, GPTConfig, RNNConfig, load_model
from minigpt.backend import to_host
from minigpt.finetuning.classifier import GPTClassifier
from minigpt.finetuning.conversations import read_dialogues
from minigpt.finetuning.instructions import read_instructions
from minigpt.finetuning.labelled import read_labelled
from minigpt.finetuning.lora import LoRAGPT
from minigpt.finetuning.preferences import read_preferences
from minigpt.finetuning.prompt_format import ChatFormat, InstructFormat, load_format, save_format
from minigpt.generation.beginning import Beginning, load_beginning
from minigpt.tasks.arguments import save_arguments, train_arguments
from minigpt.terminal import ORDERS, sentence
from minigpt.training.log import TrainingLog
from minigpt.training.state import load_training_state, save_training_state
from minigpt.training.text_files import read_chunks
from tokenizer import BPETokenizer, CharTokenizer, load_tokenizer

ROOT = Path(__file__).resolve().parents[1]
SECONDS = 20
MEMORY = 6 << 30  # bytes of addresses, of which BLAS takes some for itself
LONGEST = 1500  # characters of a sentence, names of folders included
TEXT = "The cat sat on the mat. 小猫坐在垫子上。\nAnd that was all, it's 12,345!\n\n" * 20
RECORDS = {
    "instructions.jsonl": '{"instruction": "Write the plural.", "input": "fox", "output": "foxes"}\n' * 5,
    "instructions.json": json.dumps([{"instruction": "Say é", "output": "é 🙂"}] * 4, indent=1),
    "dialogues.jsonl": '{"conversations": [{"from": "human", "value": "A"}, {"from": "gpt", "value": "B"}]}\n'
    * 4,
    "dialogues.txt": "Hello.\nGood day.\n\nAre you here?\nYes.\n",
    "preferences.jsonl": '{"prompt": "Say it", "chosen": "yes, 好", "rejected": "no"}\n' * 4,
    "labelled.csv": 'label,text\nspam,"Buy, now!"\nham,How are you?\nspam,"He said ""no"""\n',
    "labelled.tsv": "ham\tHow are you?\nspam\tBuy now!\nham\t你好吗\n",
    "labelled.jsonl": '{"label": 1, "text": "a"}\n{"label": 2, "text": "b"}\n',
}
VALUES = [
    *("null", "true", "false", "0", "-1", "1", "1.5", "0.5", "1e-300", "1e400", "-1e400", "NaN", "Infinity"),
    *("9" * 400, "9" * 5000, "2147483648", "[]", "{}", "[null]", "[[1]]", '{"a": 1}'),
    *('""', '"a"', '"\\ud800"', '"\\u001b[2J"', '"\\u0000"', '"' + "x" * 9999 + '"'),
    *("[" * 900 + "]" * 900, '{"a":' * 300 + "1" + "}" * 300, "[" * 100_000),
]
VALUE = re.compile(
    rb'(?<=[:\[,] )(?:"(?:[^"\\]|\\.)*"|-?[\d.]+(?:e-?\d+)?|true|false|null)|(?<=[:\[,])(?:-?[\d.]+)'
)
SNIPPETS = [
    b"\x00",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    b"\n",
    b"\r",
    b'"',
    b"{",
    b"]",
    b",",
    b"\\ud83d",
    b"\x1b[31m",
    b"\xe4\xbd",
]


def mutant(content, rng):
    """The bytes of a file, changed once or a few times."""
    for _ in range(1 if rng.random() < 0.7 else rng.randint(2, 5)):
        content = rng.choice(WAYS)(bytearray(content), rng)
    return bytes(content)


def flip_bit(content, rng):
    if content:
        content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
    return content


def change_byte(content, rng):
    if content:
        content[rng.randrange(len(content))] = rng.randrange(256)
    return content


def change_digit(content, rng):
    places = [match.start() for match in re.finditer(rb"\d", content)]
    if places:
        content[rng.choice(places)] = rng.choice(b"0123456789")
    return content


def cut(content, rng):
    return content[: rng.randrange(len(content) + 1)]


def leave_out(content, rng):
    start = rng.randrange(len(content) + 1)
    del content[start : start + rng.choice([1, 2, 8, 100])]
    return content


def repeat(content, rng):
    start = rng.randrange(len(content) + 1)
    content[start:start] = content[start : start + rng.choice([1, 10, 100, 1000])]
    return content


def put_in(content, rng):
    start = rng.randrange(len(content) + 1)
    content[start:start] = rng.choice(SNIPPETS)
    return content


def change_value(content, rng):
    """Another value of JSON in the place of one."""
    places = list(VALUE.finditer(content))
    if places:
        place = rng.choice(places)
        content[place.start() : place.end()] = rng.choice(VALUES).encode()
    return content


def add_key(content, rng):
    """A key twice, or a new one."""
    keys = re.findall(rb'"(?:[^"\\]|\\.)*"(?=:)', content)
    places = [match.end() for match in re.finditer(rb"\{", content)]
    if keys and places:
        at = rng.choice(places)
        content[at:at] = rng.choice(keys) + b": " + rng.choice(VALUES).encode() + b","
    return content


def swap_keys(content, rng):
    keys = list(re.finditer(rb'"(?:[^"\\]|\\.)*"(?=:)', content))
    if len(keys) > 1:
        first, second = sorted(rng.sample(keys, 2), key=lambda key: key.start())
        a, b = bytes(first[0]), bytes(second[0])
        content[second.start() : second.end()] = a
        content[first.start() : first.end()] = b
    return content


def whole_value(content, rng):
    return bytearray(rng.choice(VALUES).encode())


WAYS = [flip_bit, change_byte, change_digit, cut, leave_out, repeat, put_in, add_key, swap_keys]
WAYS += [change_value] * 4 + [whole_value]
PATTERNS = [
    *(r"(a|aa)+$", r"(?r)\w+|.", r"(?:(?:.*)*)*x", "(", r"(?i)\p{L}+", "a{1,5}" * 200, r"(?R)|", r"\K", ""),
    r"(?e)(?:abc){e<=3}",
]


def changed_pattern(content, rng):
    return re.sub(
        rb'("Regex": )"(?:[^"\\]|\\.)*"', lambda m: m[1] + json.dumps(rng.choice(PATTERNS)).encode(), content
    )


# --- the files, and how they are read


def logits(folder):
    """What a model says: the scores for some ids, and how its settings go into training."""
    model = load_model(folder)
    idx = np.arange(8)[None] % model.config.vocab_size
    scores = to_host(model.forward(idx)[0])
    more = [model.labels, model.text_end, model.multi_label] if isinstance(model, GPTClassifier) else []
    return scores.tobytes(), str(model.config), str(more)


def ids(folder):
    tokenizer = load_tokenizer(folder)
    encoded = tokenizer.encode(TEXT[:200], allowed_special="all")
    return encoded, tokenizer.decode(encoded), sorted(tokenizer.stop_tokens)


def arguments(folder):
    args = vars(train_arguments(["--resume", "--out", str(folder)]))
    return {name: value for name, value in args.items() if name != "out"}


def state(folder):
    tensors, progress = load_training_state(folder)
    return sorted((name, array.tobytes()) for name, array in tensors.items()), progress


def log(folder):
    return TrainingLog(folder / "metrics.jsonl", first_step=5).lines


def records(read, name):
    def of(folder):
        return [(getattr(r, "fields", None), str(r)[:0]) for r in read(folder / name)]

    return of


class OneStep:
    """An optimiser's moments, to be saved."""

    def __init__(self, params):
        self.m = {name: param + 1 for name, param in params.items()}
        self.v = {name: param + 2 for name, param in params.items()}


def write_files(folder):
    """Folders with one of each kind of file. A dict: name -> (path, reader of a folder, has a checksum)."""
    files = {}

    def add(kind, path, read, checked=False):
        files[f"{kind}/{path}"] = (folder / kind, path, read, checked)

    bpe = BPETokenizer.train(TEXT, 300)
    gpt = GPT(GPTConfig(bpe.n_vocab, 16, 2, 2, 8), seed=1)

    (folder / "gpt").mkdir()
    bpe.save(folder / "gpt")
    gpt.save_pretrained(folder / "gpt")
    add("gpt", "config.json", logits, True)
    add("gpt", "model.safetensors", logits, True)
    add("gpt", "generation_config.json", ids)
    add("gpt", "tokenizer.json", ids)
    add("gpt", "tokenizer_config.json", ids)

    (folder / "bigram").mkdir()
    CharTokenizer.train(TEXT).save(folder / "bigram")
    BigramLM(BigramConfig(40, 8), seed=1).save_pretrained(folder / "bigram")
    add("bigram", "config.json", logits, True)
    add("bigram", "model.safetensors", logits, True)
    add("bigram", "tokenizer.json", ids)

    (folder / "rnn").mkdir()
    CharTokenizer.train(TEXT).save(folder / "rnn")
    RNN(RNNConfig(40, 8, 6), seed=1).save_pretrained(folder / "rnn")
    add("rnn", "config.json", logits, True)
    add("rnn", "model.safetensors", logits, True)

    (folder / "pattern").mkdir()
    BPETokenizer.train(TEXT, 300, pattern=r"\p{L}+|\s+|[^\p{L}\s]+").save(folder / "pattern")
    add("pattern", "tokenizer.json", ids)

    lora = LoRAGPT(gpt, 2, 16, ["wte", "attn.c_attn"], 1, str(folder / "gpt"))
    for name, param in lora.trained_params().items():
        param += np.random.default_rng(len(name)).standard_normal(param.shape).astype(param.dtype)
    lora.save_pretrained(folder / "lora")
    add("lora/adapter", "adapter_config.json", logits, True)
    add("lora/adapter", "adapter_model.safetensors", logits, True)

    GPTClassifier(lora, ["ham", "spam", "短信"], bpe.eot_token, seed=2).save_pretrained(folder / "labels")
    add("labels", "config.json", logits, True)
    add("labels/adapter", "adapter_config.json", logits, True)
    add("labels/adapter", "labels.json", logits, True)

    for kind, prompt_format in (("chat", ChatFormat()), ("instruct", InstructFormat())):
        (folder / kind).mkdir()
        bpe.save(folder / kind)
        save_format(folder / kind, prompt_format)
        add(kind, "prompt_format.json", load_format)
    Beginning("lines", "<|endoftext|>").save(folder / "chat")
    add("chat", "beginning.json", lambda folder: load_beginning(folder, bpe))

    (folder / "run").mkdir()
    flags = [
        "--out",
        str(folder / "run"),
        "--data",
        str(ROOT / "data" / "stories_en.txt"),
        "--max-iters",
        "9",
    ]
    save_arguments(train_arguments(flags))
    lines = [
        {"step": i, "loss": 2.5, "lr": 1e-3, "grad_norm": 0.5, "tokens_per_s": 61022.1} for i in range(5)
    ]
    (folder / "run" / "metrics.jsonl").write_text(
        "".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8"
    )
    progress = {"step": 5, "best": 2.25, "best_step": 4, "data": "0123abcd"}
    save_training_state(folder / "run", gpt.params, OneStep(gpt.params), progress)
    add("run", "arguments.json", arguments)
    add("run", "metrics.jsonl", log)
    add("run", "training_state.safetensors", state, True)

    (folder / "data").mkdir()
    readers = {
        "instructions": read_instructions,
        "dialogues": read_dialogues,
        "preferences": read_preferences,
    }
    readers["labelled"] = lambda path: read_labelled(path, say=lambda line: None)
    for name, text in RECORDS.items():
        (folder / "data" / name).write_text(text, encoding="utf-8", newline="")
        add("data", name, records(readers[name.partition(".")[0]], name))
    (folder / "data" / "text.txt").write_text(TEXT, encoding="utf-8", newline="")
    add("data", "text.txt", lambda folder: "".join(read_chunks(folder / "text.txt")))
    return files


# --- one mutant


class TooLong(BaseException):
    """The alarm."""


def ring(*_):
    raise TooLong


def outcome(read, folder, right, checked):
    """What came of reading a folder: "refused", "same", "other", or a fault, a text that begins with !"""
    error_output = io.StringIO()
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stderr(error_output):
            warnings.simplefilter("ignore")
            found = read(folder)
        signal.setitimer(signal.ITIMER_REAL, 0)
        if repr(found) == right:
            return "same"
        return "! accepted, though it is not as it was saved" if checked else "other"
    except SystemExit as stop:
        said = error_output.getvalue().strip().rpartition("\n")[2]
        return judged(said, said) if stop.code == 2 else f"! exit status {stop.code}"
    except (ValueError, OSError) as error:
        return judged(sentence(error), str(error)) if type(error) is not UnicodeEncodeError else f"! {error}"
    except TooLong:
        return f"! no answer in {SECONDS} s"
    except BaseException as error:  # the fault that is looked for
        place = traceback.extract_tb(error.__traceback__)[-1]
        return f"! {type(error).__name__} in {Path(place.filename).name}:{place.lineno}: {str(error)[:100]}"
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def judged(said, meant):
    if ORDERS.search(said):
        return f"! raw control characters: {said[:200]!r}"
    return f"! a sentence of {len(meant)} characters: {said[:200]}" if len(meant) > LONGEST else "refused"


def fuzz_in_limits(name, n):
    """As fuzz, for a process of its own, which is told how much memory it may take."""
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    with tempfile.TemporaryDirectory() as temporary:
        return fuzz(name, write_files(Path(temporary))[name], n)


def fuzz(name, file, n, seed=0):
    """Counts of outcomes of n mutants of a file of write_files, and of every fault an example, its bytes."""
    signal.signal(signal.SIGALRM, ring)
    folder, path, read, checked = file
    original = (folder / path).read_bytes()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        right = repr(read(folder))
    copy = folder.with_name(f"{folder.name}-{path}")
    shutil.copytree(folder, copy)
    counts, faults = Counter(), {}
    for i in range(n):
        rng = random.Random(f"{seed} {name} {i}")
        content = mutant(original, rng)
        if name.startswith("pattern/") and i % 4 == 0:
            content = changed_pattern(original, rng)
        (copy / path).unlink(missing_ok=True)  # what is mapped stays as it was
        (copy / path).write_bytes(content)
        verdict = outcome(read, copy, right, checked)
        counts["fault" if verdict.startswith("!") else verdict] += 1
        if verdict.startswith("!"):
            faults.setdefault(verdict, content)
    return counts, faults


def names():
    with tempfile.TemporaryDirectory() as temporary:
        return list(write_files(Path(temporary)))


def main():
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    wanted = [name for name in names() if len(sys.argv) < 3 or sys.argv[2] in name]
    print(f"{'file':<40} {'mutants':>8} {'refused':>8} {'same':>8} {'other':>8} {'faults':>8} {'seconds':>8}")
    n_faults = 0
    context = get_context("spawn")  # a process each: what one file did to it is forgotten
    for name in wanted:
        started = time.perf_counter()
        with context.Pool(1) as pool:
            counts, faults = pool.apply(fuzz_in_limits, (name, n))
        n_faults += counts["fault"]
        figures = "".join(f" {counts[key]:8,}" for key in ("refused", "same", "other", "fault"))
        print(f"{name:<40} {n:8,}{figures} {time.perf_counter() - started:8.0f}", flush=True)
        for verdict, content in list(faults.items())[:8]:
            print(f"    {verdict}\n        {content[:160]!r}", flush=True)
    sys.exit(1 if n_faults else 0)


if __name__ == "__main__":
    main()
