"""generate.py and train.py with folders that other people's tools left: what is printed, what is refused."""

import json

import numpy as np
import pytest
from scripts import refusal, run_main

import generate
import train
from minigpt import GPT, GPTConfig, load_model
from minigpt.finetuning.classifier import GPTClassifier, describe_probabilities
from minigpt.finetuning.lora import LoRAGPT
from minigpt.finetuning.peft import save_adapter
from minigpt.finetuning.prompt_format import ChatFormat, save_format
from minigpt.tasks.arguments import train_arguments
from minigpt.tasks.classify import ClassifyTask
from tokenizer import BPETokenizer, CharTokenizer, load_tokenizer

LETTERS = "ab c\n"


def says(directory, *flags):
    return run_main(generate.main, "--checkpoint", directory, *flags)


def edit(path, **changes):
    value = json.loads(path.read_text(encoding="utf-8")) | changes
    path.write_text(json.dumps(value), encoding="utf-8", newline="\n")


def one_answer(directory, token, tokenizer, n_rows=None):
    """A model that says one token again and again: its row of the head is by far the longest."""
    tokenizer.save(directory)
    model = GPT(GPTConfig(n_rows or tokenizer.n_vocab, 32, 1, 2, 8), seed=0)
    model.params["ln_f.bias"][:] = 5
    model.params["wte.weight"] *= 0.1
    model.params["wte.weight"][token] = 1
    model.save_pretrained(directory)
    return model


def test_a_row_that_only_fills_the_table_up_says_nothing_and_ends_nothing(tmp_path):
    tokenizer = CharTokenizer.train(LETTERS)
    one_answer(tmp_path, 9, tokenizer, n_rows=16)
    assert says(tmp_path, "--prompt", "ab", "--max-new-tokens", 5) == ("ab\n", "")
    out, _ = says(tmp_path, "--prompt", "ab", "--max-new-tokens", 2, "--show-probabilities")
    assert [line.split()[:2] for line in out.splitlines()] == [["100.0%", "<9>"]] * 2


def test_another_end_of_text_ends_a_text_and_is_not_printed(tmp_path):
    tokenizer = CharTokenizer({"a": 0, "b": 1}, {"</s>": 2})
    one_answer(tmp_path, 2, tokenizer)
    assert says(tmp_path, "--prompt", "a", "--max-new-tokens", 3) == ("a</s></s></s>\n", "")
    edit(tmp_path / "config.json", eos_token_id=2)
    assert says(tmp_path, "--prompt", "a", "--max-new-tokens", 3) == ("a\n", "")
    edit(tmp_path / "config.json", eos_token_id=0)
    edit(tmp_path / "generation_config.json", eos_token_id=[1, 2])
    assert says(tmp_path, "--prompt", "a", "--max-new-tokens", 3) == ("a\n", "")


def test_training_from_a_tokenizer_without_an_end_is_a_sentence(tmp_path):
    one_answer(tmp_path / "base", 1, CharTokenizer({"a": 0, "b": 1}, {}))
    text = tmp_path / "text.txt"
    text.write_text("ab" * 400, encoding="utf-8")
    flags = ("--data", text, "--init-from", tmp_path / "base", "--out", tmp_path / "out")
    assert "has no token that ends a text, such as <|endoftext|>" in refusal(train.main, *flags)
    for name in ("config.json", "generation_config.json"):
        edit(tmp_path / "base" / name, eos_token_id=1)  # a letter may end an answer, but no document
    assert "has no token that ends a text" in refusal(train.main, *flags)


def test_documents_end_with_the_end_of_the_tokenizer_that_is_taken_over(tmp_path):
    one_answer(tmp_path / "base", 1, CharTokenizer({"a": 0, "b": 1}, {"</s>": 2}))
    edit(tmp_path / "base" / "config.json", eos_token_id=2)
    text = tmp_path / "text.txt"
    text.write_text("ab" * 400, encoding="utf-8")
    flags = ("--data", text, "--init-from", tmp_path / "base", "--out", tmp_path / "out", "--max-iters", 1)
    run_main(train.main, *flags, "--warmup-iters", 0)
    assert np.fromfile(tmp_path / "out" / "tokens" / "train.bin", dtype=np.uint16)[-1] == 2
    for name in ("config.json", "generation_config.json"):
        saved = json.loads((tmp_path / "out" / name).read_text(encoding="utf-8"))
        assert saved["eos_token_id"] == 2


def test_all_ends_of_an_answer_are_taken_over(tmp_path):
    one_answer(tmp_path / "base", 1, CharTokenizer({"a": 0, "b": 1}, {"</s>": 2}))
    edit(tmp_path / "base" / "generation_config.json", eos_token_id=[1, 2])
    edit(tmp_path / "base" / "config.json", eos_token_id=2)
    text = tmp_path / "text.txt"
    text.write_text("ab" * 400, encoding="utf-8")
    flags = ("--data", text, "--init-from", tmp_path / "base", "--out", tmp_path / "out", "--max-iters", 1)
    run_main(train.main, *flags, "--warmup-iters", 0)
    for name in ("config.json", "generation_config.json"):
        saved = json.loads((tmp_path / "out" / name).read_text(encoding="utf-8"))
        assert saved["eos_token_id"] == [1, 2] and saved["bos_token_id"] == 2
    assert load_tokenizer(tmp_path / "out").stop_tokens == {1, 2}


# --- classifiers


def classifier(text_end, pad=5, **settings):
    gpt = GPT(GPTConfig(6, 8, 1, 2, 8), seed=0)
    score = 40 * np.random.default_rng(1).standard_normal((2, 8)).astype("f4")
    return GPTClassifier(gpt, ["ham", "spam"], pad, score=score, text_end=text_end, **settings)


@pytest.mark.parametrize("text_end", ["\n", ""])
def test_a_classifier_is_asked_with_the_end_that_it_was_trained_on(tmp_path, text_end):
    tokenizer = CharTokenizer.train(LETTERS)
    tokenizer.save(tmp_path)
    model = classifier(text_end)
    model.save_pretrained(tmp_path)
    answers = [describe_probabilities(model, tokenizer.encode("ab" + end)) for end in ("\n", "")]
    assert answers[0] != answers[1]
    assert says(tmp_path, "--prompt", "ab")[0] == answers["\n" != text_end] + "\n"


def test_a_text_that_is_cut_is_told(tmp_path):
    CharTokenizer.train(LETTERS).save(tmp_path)
    classifier("\n").save_pretrained(tmp_path)
    assert "the text is cut to the context of 8 tokens" in says(tmp_path, "--prompt", "ab" * 9)[1]


@pytest.mark.parametrize("text_end", ["\n", ""])
def test_training_a_classifier_on_keeps_the_end_of_its_texts(tmp_path, text_end):
    CharTokenizer.train(LETTERS).save(tmp_path / "base")
    classifier(text_end, pad=None).save_pretrained(tmp_path / "base")
    rows = "".join(
        f"{'spam' if i % 2 else 'ham'}\t{'abc'[i % 3] * (i % 4 + 1)} {'ab'[i % 2] * 2}\n" for i in range(60)
    )
    (tmp_path / "rows.tsv").write_text(rows, encoding="utf-8")
    flags = ("--task", "classify", "--data", tmp_path / "rows.tsv", "--init-from", tmp_path / "base")
    run_main(train.main, *flags, "--out", tmp_path / "out", "--max-iters", 1, "--warmup-iters", 0)
    tuned = load_model(tmp_path / "out")
    assert (tuned.text_end, tuned.pad_token_id) == (text_end, 5)
    task = ClassifyTask(train_arguments([str(flag) for flag in (*flags, "--out", tmp_path / "out3")]))
    (newline,) = task.tokenizer.encode("\n")
    examples = [
        *task.train,
        *task.validation,
        *task.test,
        task._varied(task.train[0], np.random.default_rng(0)),
    ]
    assert {ids[-1] == newline for ids, *_ in examples} == {text_end == "\n"}
    classifier(text_end, multi_label=True).save_pretrained(tmp_path / "base")
    assert "several labels at once" in refusal(train.main, *flags, "--out", tmp_path / "out2")


# --- adapters


def saved_adapter(tmp_path, **files):
    """A base with its tokenizer, an adapter of it, and the merged model."""
    tokenizer = BPETokenizer.train("ab abc ab abc", vocab_size=259)
    tokenizer.save(tmp_path / "base")
    base = GPT(GPTConfig(tokenizer.n_vocab, 16, 1, 2, 8), seed=0)
    base.save_pretrained(tmp_path / "base")
    model = LoRAGPT(base, 2, 60, base_name=str(tmp_path / "base"))
    rng = np.random.default_rng(0)
    for param in model.trained_params().values():
        param += rng.standard_normal(param.shape).astype("f4")
    save_adapter(model, tmp_path / "adapter")
    tokenizer.save(tmp_path / "merged")
    model.merged().save_pretrained(tmp_path / "merged")
    return tokenizer


def test_an_adapter_is_opened_by_its_folder_and_speaks_as_the_merged_model(tmp_path, monkeypatch):
    tokenizer = saved_adapter(tmp_path)
    flags = ("--prompt", "ab", "--temperature", 0, "--max-new-tokens", 12)
    monkeypatch.chdir(tmp_path / "merged")
    expected = says(tmp_path / "merged", *flags)
    assert says(tmp_path / "adapter", *flags) == expected != says(tmp_path / "base", *flags)
    tokenizer.save(tmp_path / "adapter")
    assert says(tmp_path / "adapter", *flags) == expected
    save_format(tmp_path / "adapter", ChatFormat())
    save_format(tmp_path / "merged", ChatFormat())
    assert says(tmp_path / "adapter", *flags) == says(tmp_path / "merged", *flags) != expected


def test_an_adapter_whose_base_is_gone_is_a_sentence(tmp_path):
    saved_adapter(tmp_path)
    (tmp_path / "base").rename(tmp_path / "moved")
    flags = ("--checkpoint", tmp_path / "adapter", "--prompt", "ab")
    assert "put the base there, or correct base_model_name_or_path" in refusal(generate.main, *flags)


def test_an_adapter_of_an_adapter_is_not_trained(tmp_path):
    saved_adapter(tmp_path)
    text = tmp_path / "text.txt"
    text.write_text("ab abc " * 200, encoding="utf-8")
    flags = ("--data", text, "--init-from", tmp_path / "adapter", "--out", tmp_path / "out", "--max-iters", 1)
    assert "is an adapter: take the merged model" in refusal(train.main, *flags, "--lora-rank", 2)
    run_main(train.main, *flags[:-1], 1, "--warmup-iters", 0)
    assert type(load_model(tmp_path / "out")) is GPT
