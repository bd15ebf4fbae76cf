"""train.py --task …: what each task leaves behind, how it resumes, and how it answers what it cannot use."""

import json
import os

import numpy as np
import pytest
from safetensors.numpy import load_file
from scripts import TINY, TRAIN, refusal, run_main, run_script

import generate
import train
from minigpt import GPT, GPTConfig, load_model
from minigpt.finetuning.classifier import GPTClassifier
from minigpt.finetuning.lora import load_adapter
from minigpt.finetuning.prompt_format import ChatFormat, InstructFormat, load_format, trimmed
from minigpt.generation.text_stream import continuations
from minigpt.tasks.arguments import train_arguments
from minigpt.tasks.prefer import PreferTask
from minigpt.training.log import read_lines
from tokenizer import BPETokenizer, load_tokenizer

NEW_MODEL = [*TINY, *"--vocab-size 280 --block-size 64 --eval-iters 20".split()]
SHORT = "--max-iters 6 --eval-interval 3 --warmup-iters 2"
DROPOUT = {
    "classify": ["--dropout", "0.1"],
    "instruct": ["--dropout", "0.1"],
    "chat": ["--dropout", "0.1"],
    "prefer": [],
}
NAMES = ["Ann", "Ben", "小明", "丽丽", "Tom", "Eva", "Max", "Ida"]
TASKS = ["classify", "instruct", "chat", "prefer"]
LORA = ["--lora-rank", "2"]


def write(path, text):
    path.write_text(text, encoding="utf-8", newline="\n")
    return path


def json_lines(path, records):
    return write(path, "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with data for every task, and in "base" a model with its tokenizer."""
    folder = tmp_path_factory.mktemp("tasks")
    rows = [
        f"{label}\t{name} {word} {i}"
        for i in range(6)
        for name in NAMES
        for label, word in (("ham", "calls you"), ("spam", "WON a prize"))
    ]
    write(folder / "classify.tsv", "\n".join(rows) + "\n")
    asked = [
        {"instruction": f"Greet {name} {i}.", "input": "" if i % 2 else "now", "output": f"Hi {name}!"}
        for i in range(4)
        for name in NAMES
    ]
    json_lines(folder / "instruct.jsonl", asked)
    write(
        folder / "chat.txt",
        "\n\n".join(f"Hi, I am {name}.\nHello {name}!\nBye {i}.\n再见" for i in range(3) for name in NAMES),
    )
    pairs = [
        {"prompt": f"Hi {i}", "chosen": f"Hi {name}!", "rejected": "no"} for i, name in enumerate(NAMES * 2)
    ]
    json_lines(folder / "prefer.jsonl", pairs)
    texts = "\n".join(write.read_text(encoding="utf-8") for write in sorted(folder.iterdir()))
    tokenizer = BPETokenizer.train(texts, 300)
    tokenizer.save(folder / "base")
    GPT(GPTConfig(tokenizer.n_vocab, 64, 3, 2, 12), seed=5).save_pretrained(folder / "base")
    return folder


def data_of(folder, task):
    return folder / {"classify": "classify.tsv", "chat": "chat.txt"}.get(task, f"{task}.jsonl")


def run_here(*flags, main=train.main):
    """train.py, or another script's main, in this process: its standard output."""
    return run_main(main, *flags)[0]


def refused(*flags):
    """The sentence with which train.py refuses."""
    return refusal(train.main, *flags)


def flags_of(folder, task, out, *more):
    flags = [*SHORT.split(), *DROPOUT[task]]
    return ["--task", task, "--data", data_of(folder, task), "--out", out, *flags, *more]


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("base", ["random", "pretrained", "LoRA"])
def test_every_task_runs_from_random_weights_from_a_base_and_with_lora(folder, tmp_path, task, base):
    start = {"random": NEW_MODEL, "pretrained": ["--batch-size", 4], "LoRA": ["--batch-size", 4, *LORA]}[base]
    if base != "random":
        start = [*start, "--init-from", folder / "base"]
    out = run_here(*flags_of(folder, task, tmp_path / "run", *start))
    assert "test split of" in out
    assert ("of which" in out) == (base == "LoRA")

    model = load_model(tmp_path / "run")
    assert type(model) is (GPTClassifier if task == "classify" else GPT)
    formats = {"classify": None, "instruct": InstructFormat(), "chat": ChatFormat(), "prefer": ChatFormat()}
    assert load_format(tmp_path / "run") == formats[task]
    lines = read_lines(tmp_path / "run" / "metrics.jsonl")
    assert [line["step"] for line in lines if "val_loss" in line] == [0, 3, 6]
    if base == "LoRA":
        config = json.loads((tmp_path / "run/adapter/adapter_config.json").read_text(encoding="utf-8"))
        assert config["base_model_name_or_path"] == str(folder / "base")
        adapted = load_model(tmp_path / "run" / "adapter")
        assert type(adapted) is type(model)
        for name in ("wte.weight", "h.1.mlp.c_fc.weight"):
            assert np.allclose(adapted.params[name], model.params[name], atol=1e-6), name
        assert load_format(tmp_path / "run" / "adapter") == formats[task]
        assert load_tokenizer(tmp_path / "run" / "adapter").eot_token is not None
        if task == "classify":
            assert adapted.names() == model.names()


class StopsAt:
    """A StopRequest that asks to stop before the given step."""

    def __init__(self, step):
        self.step, self.asked = step, 0

    def __call__(self):
        return self

    def __enter__(self):
        return self

    def __exit__(self, *error):
        pass

    @property
    def requested(self):
        self.asked += 1
        return self.asked > 2 * self.step  # the loop asks twice a step, once where it evaluates


@pytest.mark.parametrize(
    ("task", "more"),
    [
        *((task, []) for task in TASKS),
        ("classify", LORA),
        ("prefer", LORA),
        ("classify", ["--trainable", "last"]),
    ],
)
def test_stopped_and_resumed_a_task_ends_with_the_same_bits(folder, monkeypatch, tmp_path, task, more):
    flags = [*more, "--init-from", folder / "base", "--batch-size", 4]
    run_here(*flags_of(folder, task, tmp_path / "whole", *flags))
    with monkeypatch.context() as patched:
        patched.setattr(train, "StopRequest", StopsAt(2))
        assert "test split" not in run_here(*flags_of(folder, task, tmp_path / "parts", *flags))
    assert "test split" in run_here("--resume", "--out", tmp_path / "parts")
    for name in ("training_state.safetensors", "model.safetensors"):
        whole, parts = (load_file(tmp_path / run / name) for run in ("whole", "parts"))
        assert whole.keys() == parts.keys()
        for key in whole:
            assert np.array_equal(whole[key], parts[key]), key


def test_with_the_last_block_alone_everything_below_stays(folder, tmp_path):
    flags = [
        "--trainable",
        "last",
        "--init-from",
        folder / "base",
        "--learning-rate",
        0.01,
        "--max-iters",
        12,
    ]
    run_here(*flags_of(folder, "instruct", tmp_path / "run", *flags))
    base, tuned = GPT.from_pretrained(folder / "base").params, load_model(tmp_path / "run").params
    moved = {
        name.split(".")[1] if name.startswith("h.") else name.split(".")[0]
        for name in base
        if not np.array_equal(base[name], tuned[name])
    }
    assert moved == {"2", "ln_f"}


def test_raw_text_can_train_the_last_block_or_adapters_too(folder, tmp_path):
    text = write(tmp_path / "text.txt", "Ann calls Ben and Ben calls Ann. 你好，小明！ " * 40)
    flags = ["--data", text, "--init-from", folder / "base", *SHORT.split(), "--out"]
    base = GPT.from_pretrained(folder / "base")
    assert "of which" in run_here(*flags, tmp_path / "last", "--trainable", "last")
    last = GPT.from_pretrained(tmp_path / "last")
    assert np.array_equal(last.params["wte.weight"], base.params["wte.weight"])
    assert not np.array_equal(last.params["ln_f.weight"], base.params["ln_f.weight"])
    assert "of which" in run_here(*flags, tmp_path / "lora", *LORA)
    adapted = load_adapter(base, tmp_path / "lora" / "adapter")
    tuned = GPT.from_pretrained(tmp_path / "lora")
    assert np.allclose(adapted.params["wte.weight"], tuned.params["wte.weight"], atol=1e-6)
    assert not np.array_equal(base.params["wte.weight"], tuned.params["wte.weight"])
    bigram = ["--model", "bigram", "--data", text, "--out", tmp_path / "bigram", *LORA]
    assert "are for a gpt, not for a bigram model, which sees one token only" in refused(*bigram)


def test_adapters_have_settings_of_their_own():
    args = train_arguments(["--task", "classify", "--lora-rank", "4"])
    assert args.beta2 == 0.999
    assert train_arguments(["--lora-rank", "4", "--beta2", "0.9"]).beta2 == 0.9
    assert train_arguments(["--task", "classify"]).beta2 == 0.99


def test_a_classifier_answers_with_labels_and_their_probabilities(folder, tmp_path):
    run_here(*flags_of(folder, "classify", tmp_path / "run", *NEW_MODEL, "--balance", "weights"))
    metrics = json.loads((tmp_path / "run" / "test_metrics.json").read_text(encoding="utf-8"))
    assert metrics["labels"] == ["ham", "spam"] and sum(metrics["count"]) == np.sum(metrics["confusion"])
    asked = ["--checkpoint", tmp_path / "run", "--prompt", "You WON a prize", "你好", "  You WON a prize \n"]
    lines = run_here(*asked, main=generate.main).splitlines()
    assert len(lines) == 3 and lines[0] == lines[2], "blanks around a text were not learned from"
    for line in lines:
        shares = {part.split()[0]: float(part.split()[1]) for part in line.split(", ")}
        assert shares.keys() == {"ham", "spam"} and sum(shares.values()) == pytest.approx(100, abs=0.2)
    run = ("--checkpoint", tmp_path / "run")
    assert refusal(generate.main, *run).endswith("holds a classifier: give it a text with --prompt")
    sentence = refusal(generate.main, *run, "--prompt", "x", "--seed", 3, "--top-k", 5, "--num-samples", 2)
    assert sentence.endswith("with --prompt, not --num-samples and --seed and --top-k")


@pytest.mark.skipif(not os.path.exists("/dev/stdin"), reason="there is no /dev/stdin")
@pytest.mark.parametrize("task", TASKS)
def test_records_through_a_pipe_are_trained_on_and_resumed_without_the_pipe(folder, tmp_path, task):
    flags = flags_of(folder, task, tmp_path / "run", "--init-from", folder / "base", "--batch-size", 4)
    records = data_of(folder, task).read_text(encoding="utf-8")
    flags[flags.index("--data") + 1] = "/dev/stdin"
    first, _ = run_script(TRAIN, *flags, stdin=records)
    assert "test split of" in first
    assert "test split of" in run_here("--resume", "--out", tmp_path / "run", "--max-iters", 7)


def test_balance_drop_says_how_many_rows_it_left_out(folder, tmp_path):
    rows = data_of(folder, "classify").read_text(encoding="utf-8").splitlines()
    write(tmp_path / "uneven.tsv", "\n".join(rows[:40] + [row for row in rows[40:] if row.startswith("ham")]))
    flags = [
        "--task",
        "classify",
        "--data",
        tmp_path / "uneven.tsv",
        "--out",
        tmp_path / "run",
        *SHORT.split(),
    ]
    assert "--balance drop: 28 of 68 rows are left out" in run_here(*flags, *NEW_MODEL, "--balance", "drop")


def test_the_responses_to_the_test_split_are_written_with_their_measures(folder, tmp_path):
    steps = "--tokenizer char --max-iters 240 --eval-interval 120 --learning-rate 3e-2".split()
    model_flags = [*TINY, "--block-size", 64]
    run_here(*flags_of(folder, "instruct", tmp_path / "run", *model_flags, *steps))
    lines = (tmp_path / "run" / "test_responses.jsonl").read_text(encoding="utf-8").splitlines()
    answers = [json.loads(line) for line in lines]
    assert len(answers) == 6
    path = data_of(folder, "instruct")
    records = path.read_text(encoding="utf-8").splitlines()
    model, tokenizer = load_model(tmp_path / "run"), load_tokenizer(tmp_path / "run")
    prompts = [InstructFormat().prompt(answer["instruction"], answer["input"]) for answer in answers]
    prompts = [tokenizer.encode_ordinary(prompt) for prompt in prompts]
    n_most = model.config.block_size - max(map(len, prompts))
    for answer, ids in zip(answers, prompts):
        record = {name: value for name, value in answer.items() if name not in ("where", "response")}
        file, line = answer["where"].rsplit(":", 1)
        assert file == str(path) and record == json.loads(records[int(line) - 1])
        assert answer["response"] == trimmed(likeliest_text(model, tokenizer, ids, n_most))
    metrics = json.loads((tmp_path / "run" / "test_metrics.json").read_text(encoding="utf-8"))
    n_right = sum(answer["response"] == answer["output"] for answer in answers)
    assert metrics["exact_match"] == n_right / len(answers)

    asked = ["--checkpoint", tmp_path / "run", "--prompt", "Greet Ann.", "--max-new-tokens", 5]
    answered = run_here(*asked, "--temperature", 0, main=generate.main)
    ids = tokenizer.encode_ordinary("Greet Ann.\n\n")
    alone = likeliest_text(model, tokenizer, ids, 5).strip("\n")
    assert answered == f"{alone}\n", "the answer alone is printed"


def likeliest_text(model, tokenizer, ids, n_most):
    """What follows ids, the likeliest token each time, up to the end of the text or for n_most tokens."""
    new = []
    while len(new) < n_most:
        logits, _ = model.forward(np.array([[*ids, *new]]))
        token = int(logits[0, -1].argmax())
        if token == tokenizer.eot_token:
            break
        new.append(token)
    return tokenizer.decode(new)


def test_a_model_of_instructions_is_asked_as_such_by_preferences_and_no_conversation_is_put_to_it(
    folder, tmp_path
):
    run_here(*flags_of(folder, "instruct", tmp_path / "tuned", *NEW_MODEL))
    start = ["--init-from", tmp_path / "tuned"]
    args = train_arguments([str(flag) for flag in flags_of(folder, "prefer", tmp_path / "run", *start)])
    task = PreferTask(args)
    example = task.train[0]
    prompt = example[3].fields["prompt"][0][1]
    assert task.tokenizer.decode(example[0]).startswith(f"{prompt}\n\n")
    turns = [{"role": role, "content": "a"} for role in ("user", "assistant", "user")]
    records = [{"prompt": turns, "chosen": f"b{i}", "rejected": "c"} for i in range(9)]
    path = json_lines(tmp_path / "x.jsonl", records)
    sentence = refused("--task", "prefer", "--data", path, "--out", tmp_path / "no", *start)
    assert "x.jsonl:1: the prompt is a conversation, but the model in" in sentence


def test_generate_asks_an_instruction_exactly_as_it_was_trained(tmp_path, monkeypatch):
    """Of many lines, with an input or without, from the command line, from files with any line ends."""
    records = [
        {"instruction": f"Copy:\nline {i}\n\n  more", "input": "a\n  b" if i % 2 else "", "output": "x"}
        for i in range(12)
    ]
    path = json_lines(tmp_path / "i.jsonl", records)
    run_here("--task", "instruct", "--data", path, "--out", tmp_path / "run", *SHORT.split(), *NEW_MODEL)
    tokenizer = load_tokenizer(tmp_path / "run")
    segments = [InstructFormat().segments(tokenizer, *record.values()) for record in records]
    trained = [prompt for (prompt, _), _ in segments]
    asked = []

    def listen(model, tokenizer, prompts, *more):
        asked.extend(prompts)
        return continuations(model, tokenizer, prompts, *more)

    monkeypatch.setattr(generate, "continuations", listen)
    flags = ["--checkpoint", tmp_path / "run", "--max-new-tokens", 1, "--prompt"]
    run_here(*flags, *(record["instruction"] for record in records[::2]), main=generate.main)
    assert asked == trained[::2]
    asked.clear()
    odd = [record["instruction"] for record in records[1::2]]
    run_here(*flags, *odd, "--input", "a\n  b", "--num-samples", 2, main=generate.main)
    assert asked == [prompt for prompt in trained[1::2] for _ in range(2)]
    asked.clear()
    inputs = [record["input"] for record in records[:3]]
    run_here(
        *flags, *(record["instruction"] for record in records[:3]), "--input", *inputs, main=generate.main
    )
    assert asked == trained[:3]
    asked.clear()
    for name, text in (("i.txt", odd[0]), ("in.txt", "a\n  b\n")):
        (tmp_path / name).write_bytes(text.replace("\n", "\r\n").encode("utf-8"))
    files = [f"FILE:{tmp_path / 'i.txt'}", "--input", f"FILE:{tmp_path / 'in.txt'}"]
    run_here(*flags[:-1], "--instruction", *files, main=generate.main)
    assert asked == trained[1:2]

    refused_by = [
        (["--input", "x"], "--input is what an instruction is applied to"),
        (["--prompt", "a", "b", "c", "--input", "x", "y"], "--input gives 2 texts for 3 prompts"),
        (["--prompt", "-", "--input", "-"], "standard input can be read once"),
    ]
    for more, words in refused_by:
        assert words in refusal(generate.main, *flags[:-1], *more)


def test_an_input_is_refused_by_a_model_that_was_not_tuned_on_instructions(folder):
    asked = ["--checkpoint", folder / "base", "--prompt", "a", "--input", "b"]
    assert "--input is for a model tuned on instructions, which" in refusal(generate.main, *asked)


def test_the_indentation_of_an_output_is_learned_and_answered(tmp_path):
    """A model that always says "    x\\n  y" scores 100 %: the report compares what was learned."""
    records = [{"instruction": f"q{i}", "output": "    x\r\n  y\r\n"} for i in range(12)]
    path = json_lines(tmp_path / "i.jsonl", records)
    steps = "--max-iters 80 --warmup-iters 5 --learning-rate 3e-2 --weight-decay 0".split()
    flags = [*TINY, *steps, "--tokenizer", "char", "--block-size", 32]
    out = run_here("--task", "instruct", "--data", path, "--out", tmp_path / "run", *flags)
    assert "100.00 % exact match" in out
    lines = (tmp_path / "run" / "test_responses.jsonl").read_text(encoding="utf-8").splitlines()
    assert {json.loads(line)["response"] for line in lines} == {"    x\n  y"}
    asked = ["--checkpoint", tmp_path / "run", "--prompt", "q5", "--temperature", 0]
    assert run_here(*asked, main=generate.main) == "    x\n  y\n"


def test_answers_of_each_kind_are_measured_apart_and_those_of_none_in_the_whole_alone(tmp_path):
    """The model always says "x": all of one kind are right, none of the other."""
    kinds = (
        [{"kind": "easy", "output": "x"}] * 60
        + [{"kind": "hard", "output": "y"}] * 9
        + [{"output": "x"}] * 20
    )
    records = [{"instruction": f"q{i}"} | kind for i, kind in enumerate(kinds)]
    path = json_lines(tmp_path / "i.jsonl", records)
    steps = "--max-iters 40 --warmup-iters 5 --learning-rate 1e-2 --weight-decay 0".split()
    flags = [*TINY, *steps, "--tokenizer", "char", "--block-size", 32, "--seed", 2]
    run_here("--task", "instruct", "--data", path, "--out", tmp_path / "run", *flags)
    lines = (tmp_path / "run" / "test_responses.jsonl").read_text(encoding="utf-8").splitlines()
    answers = [json.loads(line) for line in lines]
    metrics = json.loads((tmp_path / "run" / "test_metrics.json").read_text(encoding="utf-8"))
    named = [answer["kind"] for answer in answers if "kind" in answer]
    assert set(metrics["kinds"]) == set(named) == {"easy", "hard"} and len(named) < len(answers)
    assert metrics["kinds"]["easy"]["exact_match"] == 1 and metrics["kinds"]["hard"]["exact_match"] == 0
    for kind, measured in metrics["kinds"].items():
        of_kind = [answer for answer in answers if answer.get("kind") == kind]
        assert measured["count"] == len(of_kind)
        right = sum(answer["response"] == answer["output"] for answer in of_kind)
        assert measured["exact_match"] == right / len(of_kind)
        assert "bleu" not in measured, "of single words"
    assert "bleu" not in metrics


def test_the_margin_of_preferred_answers_grows(folder, tmp_path):
    flags = ["--init-from", folder / "base", "--learning-rate", "1e-2", "--max-iters", 30]
    run_here(*flags_of(folder, "prefer", tmp_path / "run", *flags))
    margins = [
        line["val_margin"] for line in read_lines(tmp_path / "run" / "metrics.jsonl") if "val_margin" in line
    ]
    assert margins[0] == 0
    assert margins[-1] > 5


def test_a_classifier_can_be_tuned_further_but_not_with_a_new_label(folder, tmp_path):
    run_here(*flags_of(folder, "classify", tmp_path / "run", *NEW_MODEL))
    run_here(*flags_of(folder, "classify", tmp_path / "more", "--init-from", tmp_path / "run"))
    assert load_model(tmp_path / "more").labels == ["ham", "spam"]
    write(tmp_path / "new.tsv", "".join(f"{label}\t{i}\n" for i in range(4) for label in ("ham", "eggs")))
    flags = [
        "--task",
        "classify",
        "--data",
        tmp_path / "new.tsv",
        "--out",
        tmp_path / "x",
        "--init-from",
        tmp_path / "run",
    ]
    sentence = refused(*flags)
    assert "new.tsv:2: the label 'eggs' is none that the model in" in sentence
    assert "(ham, spam)" in sentence


@pytest.mark.parametrize(
    ("task", "name", "text", "words"),
    [
        ("classify", "x.tsv", "ham\ta\nham\tb\nham\tc\n", "has one label only (ham)"),
        ("classify", "x.tsv", "ham\t \nspam\t \n", "x.tsv:1: the field 'text' is empty"),
        ("classify", "x.csv", "id,label,said,mood\n1,ham,a,b\n", "has 4 columns (id, label, said, mood)"),
        ("classify", "x.tsv", "a\tb\nc\td\n", "has 2 different labels for 2 texts, the first is 'a'"),
        ("classify", "x.tsv", "ham\ta\nham\tb\nham\tc\nspam\td\n", "x.tsv:4: 'spam' has 1 different records"),
        (
            "instruct",
            "x.jsonl",
            '{"instruction": "a", "output": "b"}\n{"instr',
            "x.jsonl:2 is not valid JSON",
        ),
        ("instruct", "x.jsonl", '{"instruction": "a"}\n', "x.jsonl:1: the field 'output' is missing"),
        (
            "instruct",
            "x.json",
            '[{"instruction": "", "output": "b"}]',
            "x.json:1: the field 'instruction' is empty",
        ),
        (
            "instruct",
            "x.jsonl",
            json.dumps({"instruction": "a" * 99, "output": "b " * 99}) + "\n",
            "x.jsonl:1",
        ),
        ("chat", "x.txt", "alone\n\nanother\n", "no record is left of 2: "),
        ("chat", "x.txt", "alone\n\nanother\n", "x.txt:3: nobody answers in this dialogue"),
        *(
            (task, "x.jsonl", "", "x.jsonl holds no records: there is nothing to learn from")
            for task in TASKS
        ),
        *(
            (task, "x.json", "[]", "x.json holds no records: there is nothing to learn from")
            for task in TASKS
        ),
        *(
            (task, "x.json", '[{"a": 1}]\n[{"a": 2}]', "x.json:2: something follows the list")
            for task in TASKS
        ),
        (
            "chat",
            "x.jsonl",
            '{"messages": [{"role": "user"}]}\n',
            "x.jsonl:1: the field 'content' is missing",
        ),
        (
            "prefer",
            "x.jsonl",
            '{"prompt": "a", "chosen": "b", "rejected": "b"}\n',
            "x.jsonl:1: the chosen and the",
        ),
        (
            "prefer",
            "x.jsonl",
            '{"prompt": "a", "chosen": "b"}\n',
            "x.jsonl:1: the field 'rejected' is missing",
        ),
    ],
)
def test_records_that_cannot_be_used_are_named_with_file_and_line(tmp_path, task, name, text, words):
    path = write(tmp_path / name, text)
    assert words in refused("--task", task, "--data", path, "--out", tmp_path / "run", *NEW_MODEL)


BAD = {  # a record that cannot be used, in the last line of each task's data, and why
    "classify": ("ham\t \n", "classify.tsv:97: the field 'text' is empty"),
    "instruct": ('{"instruction": "x", "output": ""}', "instruct.jsonl:33: the field 'output' is empty"),
    "chat": ("\n\nalone\n", "chat.txt:121: nobody answers in this dialogue"),
    "prefer": (
        '{"prompt": "x", "chosen": "y", "rejected": "y"}',
        "prefer.jsonl:17: the chosen and the rejected answer are the same",
    ),
}


@pytest.mark.parametrize("task", TASKS)
def test_one_bad_record_is_named_and_left_out_and_with_strict_it_ends_the_run(folder, tmp_path, task):
    record, reason = BAD[task]
    good = data_of(folder, task)
    path = write(tmp_path / good.name, good.read_text(encoding="utf-8") + record)
    flags = ["--task", task, *SHORT.split(), *NEW_MODEL, "--data"]
    out = run_here(*flags, path, "--out", tmp_path / "a").splitlines()
    n = {"classify": 97, "instruct": 33, "chat": 25, "prefer": 17}[task]
    assert out[:2] == [
        f"1 of {n} records cannot be used and are left out (--strict: an error):",
        f"    {tmp_path}/{reason}",
    ]
    run_here(*flags, good, "--out", tmp_path / "b", "--strict")
    same, without = (load_file(tmp_path / run / "model.safetensors") for run in "ab")
    for name, param in without.items():
        assert np.array_equal(same[name], param), name
    assert refused(*flags, path, "--out", tmp_path / "c", "--strict").endswith(f"{tmp_path}/{reason}")


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (
            ["--strict"],
            "--strict is for --task classify or instruct or chat or prefer, not",
        ),
        (
            ["--task", "chat", "--label-column", "1"],
            "--label-column is for --task classify, not",
        ),
        (["--task", "prefer", "--text-column", "x"], "--text-column is for --task classify"),
        (["--task", "instruct", "--balance", "drop"], "--balance is for --task classify"),
        (["--augment", "0.2"], "--augment is for --task classify, not for --task pretrain"),
        (["--task", "chat", "--dpo-beta", "0.2"], "--dpo-beta is for --task prefer, not for --task chat"),
    ],
)
def test_flags_of_another_task_are_refused_by_name(flags, words):
    assert words in refused(*flags)


def test_the_columns_of_a_labelled_file_are_given_by_flags_and_kept_for_the_resumed_run(folder, tmp_path):
    rows = data_of(folder, "classify").read_text(encoding="utf-8").splitlines()
    swapped = [f"{i},{text},no,{label}" for i, (label, text) in enumerate(row.split("\t") for row in rows)]
    path = write(tmp_path / "x.csv", "\n".join(["id,what,to,whom", *swapped]))
    flags = ["--task", "classify", "--data", path, *SHORT.split(), *DROPOUT["classify"], *NEW_MODEL]
    assert "x.csv has 4 columns (id, what, to, whom): say with --label-column" in refused(
        *flags, "--out", tmp_path
    )
    columns = ["--label-column", "whom", "--text-column", 2]
    out = run_here(*flags, *columns, "--out", tmp_path / "a")
    assert "columns parted by commas; labels in column 4 (whom), texts in column 2 (what)" in out
    run_here(*flags_of(folder, "classify", tmp_path / "b", *NEW_MODEL))
    ours, plain = (load_file(tmp_path / run / "model.safetensors") for run in "ab")
    for name, param in plain.items():
        assert np.array_equal(ours[name], param), name
    again = run_here("--eval-only", "--out", tmp_path / "a")
    assert "labels in column 4 (whom)" in again
    sentence = refused("--resume", "--out", tmp_path / "a", "--label-column", "to")
    assert "--label-column is to but the run in" in sentence


def test_a_run_from_before_a_flag_was_there_can_still_be_resumed(folder, tmp_path):
    run_here(*flags_of(folder, "chat", tmp_path / "run", *NEW_MODEL))
    saved = json.loads((tmp_path / "run" / "arguments.json").read_text(encoding="utf-8"))
    for name in ("strict", "label_column", "text_column"):
        del saved[name]
    write(tmp_path / "run" / "arguments.json", json.dumps(saved))
    assert "test split of" in run_here("--resume", "--out", tmp_path / "run", "--max-iters", 7)


def test_records_longer_than_the_context_are_counted_and_named(folder, tmp_path):
    lines = data_of(folder, "instruct").read_text(encoding="utf-8").splitlines()
    long = json.dumps({"instruction": "long", "output": "word " * 200})
    path = write(
        tmp_path / "x.jsonl", "\n".join([lines[0], long, *lines[1:], long.replace("long", "longer")])
    )
    flags = ["--task", "instruct", "--data", path, "--out", tmp_path / "run", *SHORT.split(), *NEW_MODEL]
    out = run_here(*flags)
    assert "2 of 34 records are longer than the context of 64 tokens, the first is" in out
    assert "they are left out" in out
    path = write(tmp_path / "y.jsonl", "\n".join(long.replace("long", f"long {i}") for i in range(5)))
    sentence = refusal(
        train.main, "--task", "instruct", "--data", path, "--out", tmp_path / "all", *NEW_MODEL
    )
    assert "5 of 5 records are longer than the context" in sentence and "take shorter records" in sentence


def test_texts_and_dialogues_that_had_to_be_cut_are_counted(folder, tmp_path):
    rows = data_of(folder, "classify").read_text(encoding="utf-8")
    path = write(tmp_path / "x.tsv", rows + "ham\t" + "word " * 200 + "\n")
    flags = [*SHORT.split(), *NEW_MODEL]
    out = run_here("--task", "classify", "--data", path, "--out", tmp_path / "a", *flags)
    assert "1 of 97 texts are cut to the context of 64 tokens" in out
    dialogues = data_of(folder, "chat").read_text(encoding="utf-8")
    path = write(
        tmp_path / "x.txt", dialogues + "\n\nHi.\nHello.\n" + "And then?\nMore.\n" * 40 + "\n\nalone\n"
    )
    out = run_here("--task", "chat", "--data", path, "--out", tmp_path / "b", *flags)
    assert "1 of 26 records cannot be used and are left out" in out
    assert "x.txt:205: nobody answers in this dialogue" in out
    assert "1 of 25 dialogues are cut to the context of 64 tokens" in out


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--task", "classify", "--model", "bigram"], "--task classify takes a gpt"),
        (["--task", "poem"], "invalid choice: 'poem'"),
        (
            ["--task", "classify", "--lora-rank", "8", "--n-embd", "8", "--n-head", "2"],
            "the LoRA rank is 8 but must",
        ),
        (["--task", "classify", "--lora-rank", "-1"], "-1 is too small"),
        (["--task", "prefer", "--dpo-beta", "0"], "beta is 0.0 but must be a positive number"),
        (["--task", "chat", "--init-from", "nowhere"], "nowhere"),
        (["--task", "chat", "--data", "nothing.txt"], "there is no file nothing.txt"),
    ],
)
def test_flags_that_make_no_sense_are_a_sentence(monkeypatch, tmp_path, flags, words):
    monkeypatch.chdir(tmp_path)
    assert words in refused(*flags)


def test_a_run_is_resumed_with_its_own_task_and_its_own_data(folder, tmp_path):
    run_here(*flags_of(folder, "classify", tmp_path / "run", *NEW_MODEL))
    assert "--task is chat but the run in" in refusal(
        train.main, "--resume", "--out", tmp_path / "run", "--task", "chat"
    )
    rows = data_of(folder, "classify").read_text(encoding="utf-8")
    path = write(tmp_path / "x.tsv", rows + "ham\tone more\n")
    sentence = refused("--resume", "--out", tmp_path / "run", "--data", path)
    assert "--data is not what the run" in sentence


def test_eval_only_measures_the_saved_model_on_the_test_split_again(folder, tmp_path):
    out = run_here(*flags_of(folder, "classify", tmp_path / "run", *NEW_MODEL))
    again = run_here("--eval-only", "--out", tmp_path / "run")
    assert again.startswith("test split of 19 texts") or again.startswith("test split of 20 texts")
    assert again.strip() in out


def test_a_run_is_taken_up_and_measured_on_its_own_split_alone(folder, tmp_path):
    run_here(*flags_of(folder, "instruct", tmp_path / "run", *NEW_MODEL))
    for how in ("--eval-only", "--resume"):
        sentence = refusal(train.main, how, "--task", "instruct", "--out", tmp_path / "run", "--seed", 5)
        assert "--seed is 5" in sentence and "records are held back" in sentence
    other = ["--init-from", folder / "base"]
    sentence = refusal(train.main, "--resume", "--task", "instruct", "--out", tmp_path / "run", *other)
    assert "--init-from is" in sentence


def test_a_classifier_is_measured_by_its_own_labels_on_data_that_has_fewer(tmp_path):
    """The numbers of the labels are the model's: of a, b, c the labels b and c are 1 and 2."""
    words = {"a": "red", "b": "blue", "c": "green"}
    rows = [f"{label}\t{word} {word} {i}" for i in range(12) for label, word in words.items()]
    abc = write(tmp_path / "abc.tsv", "\n".join(rows) + "\n")
    bc = write(tmp_path / "bc.tsv", "\n".join(row for row in rows if row[0] != "a") + "\n")
    flags = "--max-iters 60 --eval-interval 20 --warmup-iters 2 --learning-rate 0.02 --augment 0".split()
    run_here("--task", "classify", "--data", abc, "--out", tmp_path / "run", *flags, *NEW_MODEL)
    eval_only = ["--eval-only", "--task", "classify", "--out", tmp_path / "run"]
    run_here(*eval_only, "--data", bc)
    metrics = json.loads((tmp_path / "run" / "test_metrics.json").read_text(encoding="utf-8"))
    assert metrics["labels"] == ["a", "b", "c"] and metrics["count"][0] == 0
    assert metrics["accuracy"] == 1.0
    unknown = write(tmp_path / "d.tsv", "\n".join(rows).replace("c\t", "d\t") + "\n")
    assert "the label 'd' is none" in refusal(train.main, *eval_only, "--data", unknown)
