"""train.py and generate.py on raw texts as people have them: documents, pipes, one line, other encodings."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from scripts import GENERATE, ROOT, TINY, TRAIN, refusal, run_main, run_script

import generate
import train
from minigpt import GPT, GPTConfig, load_model
from minigpt.generation.beginning import Beginning, load_beginning
from minigpt.tasks.arguments import train_arguments
from minigpt.tasks.pretrain import PretrainTask
from minigpt.tasks.samples import beginning_of, sample_prompts
from minigpt.training.documents import FileSplit
from minigpt.training.log import read_lines
from minigpt.training.run import Run
from minigpt.training.text_files import open_text_files
from tokenizer import BPETokenizer, CharTokenizer, load_tokenizer

SHORT = [*TINY, "--max-iters", "4", "--eval-interval", "2", "--warmup-iters", "0"]
PROSE = "the fox ran over a hill and saw two birds near an old mill by the sea.\n" * 40
NAMES = sorted({a + b + c for a in "abc" for b in ("na", "lo", "mi") for c in ("n", "ra", "")})  # 27


def run_here(*flags):
    return run_main(train.main, *flags)[0]


def refused(*flags):
    return refusal(train.main, *flags)


def generated(directory, *flags, stdin=""):
    return run_main(generate.main, "--checkpoint", directory, *flags, stdin=stdin)[0]


def write(path, text):
    path.write_text(text, encoding="utf-8", newline="\n")
    return path


def task(*flags):
    """The task as train.py makes it, in the folder --out."""
    args = train_arguments([str(flag) for flag in (*SHORT, *flags)])
    Path(args.out).mkdir(exist_ok=True)
    return PretrainTask(args)


@pytest.fixture
def names(tmp_path):
    return write(tmp_path / "names.txt", "\n".join(NAMES) + "\n")


# Documents


def test_a_batch_of_names_is_whole_names_begun_and_ended_by_the_mark(names, tmp_path):
    made = task("--data", names, "--documents", "lines", "--tokenizer", "char", "--out", tmp_path / "out")
    decode, end = made.tokenizer.decode, made.tokenizer.eot_token
    seen = set()
    for step in range(40):
        x, y = made.batch(step)
        assert x.shape == y.shape and len(x) == 4 and x.shape[1] <= 8
        for inputs, targets in zip(x.tolist(), y.tolist()):
            n = targets.index(end) + 1
            name = decode(targets[: n - 1])
            assert inputs[:n] == [end, *targets[: n - 1]] and inputs[n:] == [end] * (len(inputs) - n)
            assert targets[n:] == [-100] * (len(targets) - n)
            seen.add(name)
    held_back = set(decode(made.corpus.validation.tolist()).split("<|endoftext|>")) - {""}
    assert len(held_back) == 3, "a tenth of 27"
    assert seen == set(NAMES) - held_back


def test_grad_accum_draws_so_many_documents_more(names, tmp_path):
    flags = ("--data", names, "--documents", "lines", "--tokenizer", "char", "--out", tmp_path / "out")
    assert len(task(*flags, "--grad-accum", 3).batch(0)[0]) == 12


def test_the_tokenizer_learns_from_documents_that_are_trained_on_alone(tmp_path):
    """Held-back documents are the only ones with an x: no token may be made of it."""
    lines = [f"plain words {i}" for i in range(60)]
    text = write(tmp_path / "text.txt", "\n".join(lines))
    made = task("--data", text, "--documents", "lines", "--vocab-size", 300, "--out", tmp_path / "first")
    held_back = set(made.tokenizer.decode(made.corpus.validation.tolist()).split("<|endoftext|>")) - {""}
    assert len(held_back) == 6
    training = write(tmp_path / "train.txt", "\n".join(line for line in lines if line not in held_back))
    odd = write(tmp_path / "odd.txt", "xylophone xylophone xylophone xylophone\n" * 50)
    for flags in (["--documents", "lines"], []):
        out = tmp_path / f"out{len(flags)}"
        made = task("--data", training, "--val-data", odd, "--vocab-size", 300, "--out", out, *flags)
        assert len(made.tokenizer.encode("xylophone")) >= 8
        assert "xylophone" in made.tokenizer.decode(made.corpus.validation.tolist())
        assert "xylophone" not in made.tokenizer.decode(made.corpus.train.tolist())


def test_names_are_learned_and_single_names_come_out(names, tmp_path):
    """Twenty-seven names of three parts: after half a minute's training most of what comes is such a name."""
    out = tmp_path / "out"
    flags = "--tokenizer char --n-layer 1 --n-embd 32 --block-size 16 --batch-size 32 --max-iters 300".split()
    said = run_here(
        *("--data", names, "--documents", "lines", "--out", out, *TINY, *flags),
        *("--learning-rate", 0.01, "--eval-interval", 100),
    )
    assert "24 documents to train on, 3 to validate" in said
    shown = said.split("--- new documents\n")[1].split("\n")[:8]
    assert sum(name in NAMES for name in shown) >= 6, shown
    sampled = generated(out, "--num-samples", 20, "--seed", 1, "--max-new-tokens", 12)
    sampled = re.sub(r"--- sample \d+\n", "", sampled).split()
    assert sum(name in NAMES for name in sampled) >= 15, sampled
    assert generated(out, "--prompt", "<|endoftext|>", "--seed", 1).strip() == sampled[0]
    continued = generated(out, "--prompt", "blo", "--temperature", 0).strip()
    assert continued in NAMES and continued.startswith("blo")
    assert generated(out, "--prompt", "blo", "--temperature", 0, "--hide-prompt").strip() == continued[3:]
    scored = generated(out, "--score", names)
    assert "27 documents" in scored and re.search("27 documents, ([0-9]+) tokens", scored)[1] == str(
        sum(len(name) + 1 for name in NAMES)
    )


def test_the_bits_per_byte_that_a_run_of_documents_prints_are_those_of_its_names_and_their_ends(
    names, tmp_path
):
    """Three names of 14 letters and 22 bytes are held back: 17 predictions, for the first mark is given."""
    held_back = ["anna", "小明丽丽", "benola"]
    to_validate = write(tmp_path / "held_back.txt", "\n".join(held_back) + "\n")
    flags = ("--documents", "lines", "--tokenizer", "char", "--out", tmp_path / "out", *SHORT)
    said = run_here("--data", names, "--val-data", to_validate, *flags)
    model, tokenizer = load_model(tmp_path / "out"), load_tokenizer(tmp_path / "out")
    nats = n_predicted = 0
    for name in held_back:
        ids = [tokenizer.eot_token, *tokenizer.encode_ordinary(name), tokenizer.eot_token]
        logits = model.forward(np.array([ids[:-1]]))[0][0].astype(np.float64)  # (T, V)
        log_probabilities = logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))
        nats -= sum(log_probabilities[at, token] for at, token in enumerate(ids[1:]))
        n_predicted += len(ids) - 1
    n_bytes = sum(len(name.encode("utf-8")) for name in held_back)
    assert (n_predicted, n_bytes) == (17, 22)
    loss, bits = re.search(
        r"validation loss ([0-9.]+), perplexity [0-9.]+, ([0-9.]+) bits per byte", said
    ).groups()
    assert float(loss) == pytest.approx(nats / n_predicted, abs=6e-5)
    assert float(bits) == pytest.approx(nats / np.log(2) / n_bytes, abs=6e-4)


def test_the_bits_of_a_score_are_the_same_whichever_mark_parts_the_documents(names, tmp_path):
    out = tmp_path / "out"
    run_here("--data", names, "--documents", "lines", "--tokenizer", "char", "--out", out, *SHORT)
    marked = write(tmp_path / "marked.txt", "<|endoftext|>".join(NAMES))
    by_lines, by_marks = (generated(out, "--score", path).split(":")[1] for path in (names, marked))
    assert by_lines == by_marks


def test_a_resumed_run_of_documents_is_the_same_run_and_another_split_is_refused(
    names, tmp_path, monkeypatch
):
    flags = ["--data", names, "--documents", "lines", "--tokenizer", "char", *SHORT, "--max-iters", 8]
    run_here(*flags, "--out", tmp_path / "whole")

    def interrupted(run, step, *what):
        keep(run, step, *what)
        if step == 4:
            raise KeyboardInterrupt

    keep, out = Run.keep, tmp_path / "interrupted"
    monkeypatch.setattr(Run, "keep", interrupted)
    run_main(train.main, *flags, "--out", out, status=130)
    monkeypatch.setattr(Run, "keep", keep)
    for changed in (("--documents", "file"), ("--val-share", 0.3), ("--val-data", names)):
        assert changed[0] in refused("--resume", "--out", out, *changed)
    assert "--seed is 3" in refused("--resume", "--out", out, "--seed", 3), "it splits the documents"
    names.write_text("\n".join(NAMES[1:]), encoding="utf-8", newline="\n")
    assert "--data" in refused("--resume", "--out", out)
    names.write_text("\n".join(NAMES) + "\n", encoding="utf-8", newline="\n")
    run_here("--resume", "--out", out)
    losses = [
        [(line.get("loss"), line.get("val_loss")) for line in read_lines(folder / "metrics.jsonl")]
        for folder in (tmp_path / "whole", out)
    ]
    assert losses[0] == losses[1] and len(losses[0]) == 9


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--documents", ""], ["--documents"]),
        (["--val-share", "0"], ["--val-share", "0", "above 0"]),
        (["--val-share", "1"], ["--val-share", "1"]),
        (["--documents", "%%"], ["--documents %%", "finds 1"]),
        (["--val-data", "names.txt", "--val-share", "0.2"], ["--val-data", "--val-share"]),
        (["--val-data", "nowhere.txt"], ["nowhere.txt"]),
        (["--task", "chat", "--documents", "lines"], ["--documents", "--task chat"]),
        (["--task", "chat", "--val-data", "names.txt"], ["--val-data", "--task chat"]),
        (["--task", "classify", "--data", "folder"], ["folder is a folder", "files"]),
        (["--task", "instruct", "--data", "a.yaml"], ["a.yaml is a YAML file", "jsonl"]),
        (["--tokenizer", "folder"], ["folder holds no tokenizer"]),
        (["--tokenizer", "folder", "--vocab-size", "300"], ["--vocab-size", "folder"]),
        (["--block-size", "100"], ["tokens", "--block-size"]),
        (["--data", "utf16.txt"], ["UTF-16"]),
        (["--n-head", "3"], ["3 heads"]),
        (["--init-from", "folder"], ["folder"]),
    ],
)
def test_a_refused_run_is_a_sentence_and_leaves_nothing_behind(names, tmp_path, monkeypatch, flags, words):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    write(tmp_path / "a.yaml", "a: 1\n")
    (tmp_path / "utf16.txt").write_bytes("text\n".encode("utf-16"))
    before = sorted(tmp_path.rglob("*"))
    sentence = refused("--data", "names.txt", "--tokenizer", "char", "--out", "new/out", *TINY, *flags)
    for word in words:
        assert word in sentence
    assert sorted(tmp_path.rglob("*")) == before


def test_a_refused_run_takes_nothing_from_a_folder_that_was_there(names, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    write(out / "notes.txt", "mine")
    refused("--data", names, "--tokenizer", "char", "--out", out, *TINY, "--block-size", 100_000)
    assert [path.name for path in out.iterdir()] == ["notes.txt"]


def test_a_refused_resumption_leaves_the_run_as_it_was(tmp_path):
    out = tmp_path / "out"
    lines, one_line = (
        write(tmp_path / name, f"the fox ran{end}" * 100) for name, end in (("a", "\n"), ("b", " "))
    )
    run_here("--data", lines, "--tokenizer", "char", "--out", out, *SHORT)
    before = {path.name: path.read_bytes() for path in out.iterdir() if path.is_file()}
    assert "--data" in refused("--resume", "--out", out, "--data", one_line)
    assert {path.name: path.read_bytes() for path in out.iterdir() if path.is_file()} == before


# Files


def test_another_share_and_files_of_their_own_are_held_back(tmp_path):
    text = write(tmp_path / "text.txt", "a" * 600 + "b" * 400)
    flags = ("--data", text, "--tokenizer", "char", "--out", tmp_path / "out")
    made = task(*flags, "--val-share", 0.4)
    assert made.tokenizer.decode(made.corpus.train.tolist()) == "a" * 600 + "<|endoftext|>"
    assert made.tokenizer.decode(made.corpus.validation.tolist()) == "b" * 400 + "<|endoftext|>"
    made = task(*flags, "--val-data", write(tmp_path / "held back.txt", "c" * 20))
    assert made.tokenizer.decode(made.corpus.train.tolist()) == "a" * 600 + "b" * 400 + "<|endoftext|>"
    assert made.tokenizer.decode(made.corpus.validation.tolist()) == "c" * 20 + "<|endoftext|>"


@pytest.mark.parametrize("given", [["--vocab-size", "257"], ["--tokenizer", "own"]])
def test_the_cut_goes_through_no_mark_of_the_tokenizer(tmp_path, monkeypatch, given):
    monkeypatch.chdir(tmp_path)
    CharTokenizer({"a": 0, "b": 1}, {"<|endoftext|>": 2, "<|pause, long|>": 3}).save("own")
    mark = "<|pause, long|>" if "own" in given else "<|endoftext|>"
    write(tmp_path / "text.txt", "a" * 40 + mark + "b" * 40)
    made = task("--data", "text.txt", "--val-share", 0.5, "--out", "out", *given)
    decode = made.tokenizer.decode
    assert decode(made.corpus.train.tolist()) == "a" * 40 + "<|endoftext|>"
    assert decode(made.corpus.validation.tolist()) == mark + "b" * 40 + "<|endoftext|>"
    assert made.tokenizer.special_tokens[mark] in made.corpus.validation


@pytest.mark.skipif(not os.path.exists("/dev/stdin"), reason="there is no /dev/stdin")
def test_a_text_through_a_pipe_is_trained_on_and_resumed_without_the_pipe(tmp_path):
    out = tmp_path / "out"
    flags = ["--out", out, "--tokenizer", "char", *SHORT]
    run_script(TRAIN, "--data", "/dev/stdin", *flags, stdin=PROSE)
    read = load_tokenizer(out).decode(np.fromfile(out / "tokens" / "train.bin", dtype=np.uint16).tolist())
    assert read == PROSE[: int(len(PROSE) * (1 - 0.1))] + "<|endoftext|>"
    run_script(TRAIN, "--resume", "--out", out, "--max-iters", 6)
    assert "bits per byte" in run_script(TRAIN, "--eval-only", "--out", out)[0]


def test_ones_own_tokenizer_is_taken_as_it_is(tmp_path):
    text = write(tmp_path / "text.txt", PROSE)
    own = BPETokenizer.train(PROSE, 280)
    own.save(tmp_path / "own")
    made = task("--data", text, "--tokenizer", tmp_path / "own", "--out", tmp_path / "out")
    assert made.tokenizer.token_bytes == load_tokenizer(tmp_path / "out").token_bytes == own.token_bytes
    assert made.model.config.vocab_size == own.n_vocab
    assert made.tokenizer.decode(made.corpus.train.tolist()).startswith(PROSE[:100])


def test_the_text_of_a_preset_is_found_from_any_folder(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    (path,) = train_arguments(["--preset", "shakespeare-char-cpu"]).data
    assert Path(path) == ROOT / "data" / "downloads" / "shakespeare" / "tinyshakespeare.txt"


def test_a_base_with_a_longer_context_is_cut_to_the_block_size_and_no_longer_one_is_made_up(tmp_path):
    text, base = write(tmp_path / "text.txt", PROSE), tmp_path / "base"
    tokenizer = CharTokenizer.train(PROSE)
    tokenizer.save(base)
    GPT(GPTConfig(tokenizer.n_vocab, 64, n_layer=1, n_head=2, n_embd=8)).save_pretrained(base)
    short = write(tmp_path / "short.txt", PROSE[:300])
    flags = ("--init-from", base, "--max-iters", 1, "--learning-rate", 1e-4, "--eval-interval", 0)
    sentence = refused("--data", short, *flags, "--out", tmp_path / "out")
    assert "tokens but one window of block_size 64" in sentence and "smaller --block-size" in sentence
    run_here("--data", short, *flags, "--out", tmp_path / "out", "--block-size", 16)
    before, after = load_model(base), load_model(tmp_path / "out")
    assert after.config.block_size == 16
    np.testing.assert_allclose(
        after.params["wpe.weight"], before.params["wpe.weight"][:16], atol=1.1e-4, rtol=0
    )
    assert len(before.params["wpe.weight"]) == 64
    run_here("--data", text, *flags, "--out", tmp_path / "whole")
    assert load_model(tmp_path / "whole").config.block_size == 64
    sentence = refused("--data", text, *flags, "--out", tmp_path / "long", "--block-size", 128)
    assert "--block-size is 128" in sentence and "64" in sentence
    run_here("--resume", "--out", tmp_path / "out", "--max-iters", 2)
    assert load_model(tmp_path / "out").config.block_size == 16


# How texts begin


@pytest.mark.parametrize(
    ("text", "begins"),
    [
        ("ACGT" * 300, "A"),
        ("the fox ran " * 100, " "),
        ("the fox ran\n" * 100, "\n"),
        ("a\n\nb\n" * 200, "\n\n"),
    ],
)
def test_generate_and_chat_begin_with_what_the_text_holds(tmp_path, text, begins):
    out = tmp_path / "out"
    run_here("--data", write(tmp_path / "text.txt", text), "--tokenizer", "char", "--out", out, *SHORT)
    assert load_beginning(out, load_tokenizer(out)) == Beginning("file", begins)
    flags = ("--seed", 1, "--max-new-tokens", 30)
    new = generated(out, *flags)
    continuation = generated(out, *flags, "--hide-prompt")
    assert new.strip("\n") == (begins + continuation).strip("\n")
    assert set(new) <= {*text, "\n"} and continuation.strip("\n")
    run_main(generate.main, "--checkpoint", out, "--chat", *flags, stdin=f"{text[0]}\n")


def test_what_a_model_does_not_know_is_told_without_a_flag_that_is_none(tmp_path):
    out = tmp_path / "out"
    run_here("--data", write(tmp_path / "dna.txt", "ACGT" * 300), "--tokenizer", "char", "--out", out, *SHORT)
    _, error = run_main(generate.main, "--checkpoint", out, "--prompt", "AX", status=2)
    assert "'X'" in error and "unk" not in error


@pytest.mark.parametrize(
    ("text", "prompt"),
    [
        ("ddle of a story.\n\nOnce upon a time there was a fox", "Once upon a time there"),
        ("ie\nannabelle\nbob\n", "annabelle"),
        ("no beginning in it at all", "beginning in it at all"),
        ("nd of a line without any other line end in it", "of a line without any"),
        ("end.\n\nRindfleischetikettierungsgesetz und mehr", "Rindfleischetikettierungsgesetz"),
        ("ACGTACGTACGTACGTACGTACGTACGTACGTACGTACGTACGTACGTACGTACGT", "ACGTAC"),
        ("好。\n\n成绩出来了！过，我看不完。", "成绩出来了！"),
        ("好。\n\n今天天气很好我们去公园散步吧他说那里的花都开了好看极了真的", "今天天气很好"),
        ("好。\n\n我用Python写程序写得很好很快也很开心因为它很简单也很有意思", "我用Python"),
        ("x\n\n👩‍👩‍👧👩‍👩‍👧👩‍👩‍👧👩‍👩‍👧👩‍👩‍👧👩‍👩‍👧👩‍👩‍👧" + "e\u0301" * 50, "👩‍👩‍👧" * 6),
        ("ie<|endoftext|>emma<|endoftext|>olivia", "emma"),
        ("", ""),
        ("\n\n", ""),
    ],
)
def test_samples_are_prompted_by_whole_beginnings(text, prompt):
    assert beginning_of(text, marks=("<|endoftext|>",)) == prompt


def test_a_file_that_is_held_back_whole_prompts_with_its_very_beginning_and_every_file_with_one(tmp_path):
    files = open_text_files(
        [write(tmp_path / f"{i}.txt", f"end {i} of it\nFile {i} here\n" * 9) for i in range(5)]
    )
    held_back = open_text_files([write(tmp_path / "new.txt", "The very first line\nand the next")])
    assert sample_prompts(FileSplit(files, 0.1, held_back)) == ["The very first line"]
    prompts = sample_prompts(FileSplit(files, 0.5))
    assert len(prompts) == 3
    assert all(re.fullmatch(rf"(end {i} of it|File {i} here)", prompt) for i, prompt in enumerate(prompts))


# One reader


@pytest.fixture(scope="module")
def prose(tmp_path_factory):
    """A character model of a text as Notepad writes it, with marks in it."""
    folder = tmp_path_factory.mktemp("prose")
    text = "the fox ran.\nthe bird sat.<|endoftext|>" * 40
    (folder / "notepad.txt").write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode("utf-8"))
    write(folder / "unix.txt", text)
    tokenizer = CharTokenizer.train(text.replace("<|endoftext|>", ""))
    tokenizer.save(folder / "tokenizer")
    flags = ["--data", folder / "notepad.txt", "--tokenizer", folder / "tokenizer", "--out", folder / "out"]
    run_main(train.main, *flags, *SHORT, "--max-iters", 60, "--learning-rate", "0.03")
    return folder


def test_a_score_is_the_same_whoever_wrote_the_file_and_marks_are_tokens_and_no_bytes(prose):
    out = prose / "out"
    notepad, unix = (generated(out, "--score", prose / name) for name in ("notepad.txt", "unix.txt"))
    assert notepad.split(":")[1] == unix.split(":")[1]
    n_text = len("the fox ran.\nthe bird sat.") * 40
    n_tokens, loss, bits = re.search(r"([\d,]+) tokens, loss ([\d.]+),.* ([\d.]+) bits", unix).groups()
    assert int(n_tokens.replace(",", "")) == n_text + 40
    assert float(bits) == pytest.approx(float(loss) / np.log(2) * (n_text + 39) / n_text, abs=1e-3)


def test_held_back_text_has_the_ids_and_the_bytes_of_scored_text(prose, tmp_path):
    text = write(tmp_path / "held back.txt", "the fox<|endoftext|>the bird")
    made = task(
        *("--data", prose / "unix.txt", "--val-data", text, "--tokenizer", prose / "tokenizer"),
        *("--out", tmp_path / "out"),
    )
    ids = made.corpus.validation.tolist()
    assert ids[:-1] == made.tokenizer.encode("the fox<|endoftext|>the bird", allowed_special="all")
    assert made.corpus.n_validation_bytes == len("the foxthe bird")


def test_prompts_from_files_pipes_and_the_command_line_are_read_alike(prose, tmp_path):
    flags = ("--max-new-tokens", 8, "--temperature", 0, "--hide-prompt")
    path = tmp_path / "prompt.txt"
    path.write_bytes(b"\xef\xbb\xbfsat.<|endoftext|>the fox ran.\r\nthe\r\n")
    by_hand = generated(prose / "out", "--prompt", "sat.<|endoftext|>the fox ran.\nthe", *flags)
    assert generated(prose / "out", "--prompt", f"FILE:{path}", *flags) == by_hand
    for given in ("sat.<|endoftext|>the fox ran.\nthe\n", "\ufeffsat.<|endoftext|>the fox ran.\r\nthe"):
        assert generated(prose / "out", "--prompt", "-", *flags, stdin=given) == by_hand
    letters, _ = run_main(generate.main, "--checkpoint", prose / "out", "--prompt", "sat.", *flags)
    assert letters, "the end of a text may come, but it is no letters"


def test_standard_input_that_is_no_text_is_a_sentence(prose):
    process = subprocess.run(
        [sys.executable, *GENERATE, "--checkpoint", str(prose / "out"), "--prompt", "-"],
        input=b"caf\xe9",
        capture_output=True,
    )
    assert process.returncode == 2
    assert b"standard input is not UTF-8 text: byte 3 is 0xe9" in process.stderr


# Terminals that are none


@pytest.mark.skipif(sys.platform == "win32", reason="closing by the shell is POSIX")
def test_both_scripts_run_with_closed_streams(tmp_path):
    text, out = write(tmp_path / "text.txt", PROSE), tmp_path / "out"
    flags = ["--data", str(text), "--tokenizer", "char", "--out", str(out), *SHORT]

    def shell(script, *arguments):
        command = " ".join(map(repr, [sys.executable, *script, *arguments]))
        return subprocess.run(f"{command} <&- >&-", shell=True, stderr=subprocess.PIPE)

    process = shell(TRAIN, *flags)
    assert process.returncode == 0, process.stderr
    assert len(read_lines(out / "metrics.jsonl")) == 5
    process = shell(GENERATE, "--checkpoint", str(out))
    assert process.returncode == 0, process.stderr


def test_both_scripts_run_in_a_notebook(tmp_path):
    """As %run does it, in a process whose streams are like those of ipykernel: no reconfigure, no number."""
    text, out = write(tmp_path / "text.txt", PROSE), tmp_path / "out"
    flags = ["--data", str(text), "--tokenizer", "char", "--out", str(out), *SHORT]
    program = f"""
import io, runpy, sys
sys.path[:0] = [{str(ROOT)!r}, {str(ROOT / "tests")!r}]
from test_terminal import NotebookStream
terminal = sys.stdout
sys.stdout, sys.stderr, sys.stdin = (NotebookStream() for _ in range(3))
for script, flags in (("train.py", {flags!r}), ("generate.py", {["--checkpoint", str(out)]!r})):
    sys.argv = [script, *flags]
    runpy.run_path({str(ROOT)!r} + "/" + script, run_name="__main__")
print(sys.stdout.text, file=terminal)
"""
    process = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, encoding="utf-8"
    )
    assert process.returncode == 0, process.stderr
    assert "bits per byte" in process.stdout


def test_the_arguments_of_a_run_hold_what_parts_its_documents(names, tmp_path):
    out = tmp_path / "out"
    flags = ["--documents", "lines", "--val-share", 0.2, "--tokenizer", "char", "--out", out, *SHORT]
    run_here("--data", names, *flags)
    settings = json.loads((out / "arguments.json").read_text(encoding="utf-8"))
    assert settings["documents"] == "lines" and settings["val_share"] == 0.2
    assert load_beginning(out, load_tokenizer(out)) == Beginning("lines", "<|endoftext|>")
