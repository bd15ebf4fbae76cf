"""Which records reach which measure, and the exact arrays of a batch, for every task of fine-tuning."""

import json

import numpy as np
import pytest

from minigpt import RNN, BigramConfig, BigramLM, RNNConfig, load_model
from minigpt.layers import IGNORED
from minigpt.tasks import TASKS
from minigpt.tasks.arguments import train_arguments
from minigpt.training.runner import BatchRunner
from tokenizer import CharTokenizer

NEW = "--tokenizer char --n-layer 1 --n-head 2 --n-embd 8 --block-size 32 --batch-size 2 --workers 1".split()
SPLITS = [14, 2, 4]  # of 20 records


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wiring")
    records = {
        "classify": [
            {"label": label, "text": f"{label} {i}"} for i in range(10) for label in ("ham", "spam")
        ],
        "instruct": [{"instruction": f"Say {i}", "output": f"{i}" * (1 + i % 3)} for i in range(20)],
        "chat": [
            {"messages": [{"role": "user", "content": f"Q{i}"}, {"role": "assistant", "content": f"A{i}!"}]}
            for i in range(20)
        ],
        "prefer": [{"prompt": f"P{i}", "chosen": f"yes {i}", "rejected": "no"} for i in range(20)],
    }
    for task, lines in records.items():
        text = "".join(json.dumps(line) + "\n" for line in lines)
        (folder / f"{task}.jsonl").write_text(text, encoding="utf-8", newline="\n")
    return folder


def task_of(folder, task, *flags):
    data, out = str(folder / f"{task}.jsonl"), str(folder / "unused")
    args = train_arguments(["--task", task, "--data", data, "--out", out, *NEW, *map(str, flags)])
    return TASKS[task](args)


def shaken(task):
    """The task with a model that is no longer indifferent."""
    rng = np.random.default_rng(0)
    for param in task.model.params.values():
        param += rng.standard_normal(param.shape).astype(param.dtype)
    return task


def by_text(task, start):
    """The example whose record holds a text."""
    examples = [*task.train, *task.validation, *task.test]
    return next(example for example in examples if start in str(example[-1].fields.values()))


@pytest.mark.parametrize("name", ["classify", "instruct", "chat", "prefer"])
def test_records_are_split_and_no_split_knows_anothers(folder, name):
    task = task_of(folder, name)
    assert [len(split) for split in (task.train, task.validation, task.test)] == SPLITS
    lines = [example[-1].line for split in (task.train, task.validation, task.test) for example in split]
    assert sorted(lines) == list(range(1, 21))
    for step in range(7):
        for example in task.examples_of_step(step):
            assert any(example is known for known in task.train)


@pytest.mark.parametrize("name", ["instruct", "chat", "prefer", "classify"])
def test_the_measure_is_of_the_validation_split(folder, name):
    task = shaken(task_of(folder, name))
    with BatchRunner(task.objective, workers=1) as runner:
        measured = task.validate(runner)["val_loss"]
        assert measured == task.mean_loss(runner, task.validation)
        assert measured not in (task.mean_loss(runner, task.train), task.mean_loss(runner, task.test))
    assert task.measure == ("val_error" if name == "classify" else "val_loss")


def test_the_reports_are_of_the_test_split(folder, tmp_path, capsys):
    task = shaken(task_of(folder, "chat"))
    with BatchRunner(task.objective, workers=1) as runner:
        expected = task.mean_loss(runner, task.test)
        with BatchRunner(task.model, workers=1) as of_model:
            task.objective, objective = task.model, task.objective
            task.report(of_model, tmp_path)
            task.objective = objective
    assert f"test split of 4 dialogues: loss {expected:.4f}" in capsys.readouterr().out

    task = shaken(task_of(folder, "classify"))
    with BatchRunner(task.model, workers=1) as runner:
        task.report(runner, tmp_path)
    metrics = json.loads((tmp_path / "test_metrics.json").read_text(encoding="utf-8"))
    assert metrics["confusion"] == task.confusion(task.model, task.test).tolist()
    assert np.sum(metrics["confusion"]) == 4

    task = shaken(task_of(folder, "prefer"))
    with BatchRunner(task.model, workers=1) as runner:
        task.report(runner, tmp_path)
    metrics = json.loads((tmp_path / "test_metrics.json").read_text(encoding="utf-8"))
    margins = task.margins(task.model, task.test)
    assert metrics["margin"] == pytest.approx(margins.mean(), rel=1e-6) and len(margins) == 4
    assert metrics["margin"] != pytest.approx(task.margins(task.model, task.validation).mean(), rel=1e-3)

    task = shaken(task_of(folder, "instruct"))
    with BatchRunner(task.model, workers=1) as runner:
        task.report(runner, tmp_path)
    lines = (tmp_path / "test_responses.jsonl").read_text(encoding="utf-8").splitlines()
    asked = [example[-1].fields["instruction"] for example in task.test]
    assert [json.loads(line)["instruction"] for line in lines] == asked


def test_a_batch_of_instructions_counts_the_answers_and_their_ends_alone(folder):
    task = task_of(folder, "instruct")
    short, long = by_text(task, "'Say 6'"), by_text(task, "'Say 5'")
    idx, targets = task.collate([short, long])
    encode, end = task.tokenizer.encode, task.tokenizer.eot_token
    assert idx.tolist() == [[*encode("Say 6\n\n6"), end, end], encode("Say 5\n\n555")]
    assert targets.tolist() == [
        [IGNORED] * 6 + [*encode("6"), end, IGNORED, IGNORED],
        [IGNORED] * 6 + [*encode("555"), end],
    ]


def test_a_batch_of_dialogues_counts_the_answers_and_their_ends_alone(folder):
    task = task_of(folder, "chat")
    idx, targets = task.collate([by_text(task, "'Q3'"), by_text(task, "'Q12'")])
    encode, end = task.tokenizer.encode, task.tokenizer.eot_token
    assert idx.tolist() == [
        [*encode("Q3"), end, *encode("A3!"), end, end],
        [*encode("Q12"), end, *encode("A12!")],
    ]
    assert targets.tolist() == [
        [IGNORED] * 2 + [*encode("A3!"), end, IGNORED, IGNORED],
        [IGNORED] * 3 + [*encode("A12!"), end],
    ]


def test_a_batch_of_pairs_has_the_chosen_answer_first_and_what_the_base_said(folder):
    task = task_of(folder, "prefer", "--dpo-beta", 0.3)
    example = by_text(task, "'P3'")
    idx, targets, reference = task.collate([example])
    encode, end = task.tokenizer.encode, task.tokenizer.eot_token
    prompt = [*encode("P3"), end]
    assert idx.tolist() == [[[*prompt, *encode("yes 3")], [*prompt, *encode("no"), end, end, end]]]
    assert targets.tolist() == [
        [
            [IGNORED] * 2 + [*encode("yes 3"), end],
            [IGNORED] * 2 + [*encode("no"), end, IGNORED, IGNORED, IGNORED],
        ]
    ]
    logits, _ = task.model.forward(idx[0])
    log_probs = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
    said = [
        sum(log_probs[row, t, target] for t, target in enumerate(targets[0, row]) if target != IGNORED)
        for row in (0, 1)
    ]
    np.testing.assert_allclose(reference[0], said, rtol=1e-5)
    assert task.objective.beta == 0.3


def test_a_batch_of_texts_is_padded_and_labelled(folder):
    task = task_of(folder, "classify", "--augment", 0)
    assert task.model.labels == ["ham", "spam"]
    idx, labels = task.collate([by_text(task, "'spam 3'"), by_text(task, "'ham 7'")])
    encode, end = task.tokenizer.encode, task.tokenizer.eot_token
    assert idx.tolist() == [encode("spam 3\n"), [*encode("ham 7\n"), end]]
    assert labels.tolist() == [1, 0]


def test_texts_are_varied_in_another_way_at_every_step(folder):
    task = task_of(folder, "classify", "--augment", 0.5, "--batch-size", 14)
    one, again, other = (task.batch(step)[0] for step in (0, 0, 1))
    assert np.array_equal(one, again)
    rng = np.random.default_rng([task.args.seed, 1])
    expected = task.collate([task._varied(example, rng) for example in task.examples_of_step(1)])[0]
    assert np.array_equal(other, expected)
    assert [len({row.tobytes() for row in batch}) for batch in (one, other)] > [1, 1]


def test_a_tuned_head_is_taken_over(folder, tmp_path):
    first = shaken(task_of(folder, "classify"))
    first.model.save_pretrained(tmp_path)
    first.save(tmp_path)
    args = ["--task", "classify", "--data", str(folder / "classify.jsonl"), "--out", str(folder / "unused")]
    second = TASKS["classify"](train_arguments([*args, "--init-from", str(tmp_path)]))
    kept = load_model(tmp_path)
    for name, param in kept.params.items():
        assert np.array_equal(second.model.params[name], param), name
    assert second.model.params["score.weight"] is not kept.params["score.weight"]


SMALL_MODELS = {
    "a bigram model, which sees one token only": BigramLM(BigramConfig(3, 8)),
    "an RNN, which has one recurrent layer": RNN(RNNConfig(3, 8, 4)),
}


@pytest.mark.parametrize("name", ["classify", "instruct", "chat", "prefer"])
@pytest.mark.parametrize("kind", SMALL_MODELS)
def test_a_model_that_is_no_gpt_is_no_base(folder, tmp_path, name, kind):
    CharTokenizer.train("Q!").save(tmp_path)
    SMALL_MODELS[kind].save_pretrained(tmp_path)
    data, out = str(folder / f"{name}.jsonl"), str(folder / "unused")
    args = train_arguments(["--task", name, "--data", data, "--out", out, "--init-from", str(tmp_path)])
    with pytest.raises(ValueError, match=f"holds {kind}: take a GPT"):
        TASKS[name](args)
