"""Every flag of generate.py shows its effect: a flag that is parsed and then ignored turns a test red."""

import argparse
import math
import shutil

import numpy as np
import pytest
from scripts import run_main

import generate as command
from minigpt import GPT, BigramConfig, BigramLM, GPTConfig
from minigpt.filling.model import GapFiller
from minigpt.finetuning.prompt_format import InstructFormat, save_format
from tokenizer import CharTokenizer

SHARES = {"a": 0.5, "b": 0.3, "c": 0.15, "d": 0.05}  # of the next letter, whatever the last one was


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """A model whose next letter is a to d by SHARES; behind x it is y, and behind y the end of the text."""
    directory = tmp_path_factory.mktemp("letters")
    tokenizer = CharTokenizer.train("abcdxy\n")
    tokenizer.save(directory)
    bigram = BigramLM(BigramConfig(tokenizer.n_vocab, 4))
    table = np.full((tokenizer.n_vocab, tokenizer.n_vocab), -1e4, dtype=np.float32)
    for letter, share in SHARES.items():
        table[:, tokenizer.vocabulary[letter]] = math.log(share)
    table[tokenizer.vocabulary["x"], tokenizer.vocabulary["y"]] = 50
    table[tokenizer.vocabulary["y"], tokenizer.eot_token] = 50
    bigram.params["table.weight"] = table
    bigram.save_pretrained(directory)
    return directory


@pytest.fixture
def run(model):
    def run(*flags, stdin=""):
        """generate.py in this process: what it prints."""
        return run_main(command.main, "--checkpoint", model, *flags, stdin=stdin)[0]

    return run


@pytest.fixture
def shares(run):
    def shares(*flags):
        """The probabilities of the letter that follows "ya", as --show-probabilities prints them."""
        given = ("--prompt", "ya", "--show-probabilities", "--max-new-tokens", 1, "--seed", 1)
        (line,) = run(*given, *flags).splitlines()
        words = line.split()
        found = {words[1]: words[0], **dict(zip(words[2::2], words[3::2]))}
        return {letter: float(share[:-1]) for letter, share in found.items() if share != "0.0%"}

    return shares


def test_checkpoint_is_the_model(run, tmp_path):
    tokenizer = CharTokenizer.train("zZ")
    tokenizer.save(tmp_path)
    BigramLM(BigramConfig(tokenizer.n_vocab, 4)).save_pretrained(tmp_path)
    assert set(run("--checkpoint", tmp_path, "--prompt", "z")) <= set("zZ\n")


def test_prompt_is_what_is_continued(run):
    assert run("--prompt", "x") == "xy\n"
    assert run("--prompt", "abx") == "abxy\n"


def test_max_new_tokens_is_the_length(run):
    for n in (0, 1, 7):
        assert len(run("--prompt", "a", "--max-new-tokens", n)) == 1 + n + 1, "with the line end"
    assert len(run("--prompt", "a")) == 202


def test_num_samples_is_how_many_of_each_prompt(run):
    out = run("--prompt", "x", "bx", "--num-samples", 2)
    assert out == "--- sample 1\nxy\n--- sample 2\nxy\n--- sample 3\nbxy\n--- sample 4\nbxy\n"


def test_stop_ends_before_what_it_says(run):
    assert run("--prompt", "x", "--stop", "y") == "x\n"


def test_backend_is_chosen(run, monkeypatch):
    chosen = []
    monkeypatch.setattr(command, "use_backend", chosen.append)
    run("--prompt", "x", "--backend", "numpy")
    assert chosen == ["numpy"]


def test_temperature_sharpens_and_zero_takes_the_likeliest(run, shares):
    assert shares("--temperature", 1) == {"a": 50, "b": 30, "c": 15, "d": 5}
    squares = {letter: share**2 for letter, share in SHARES.items()}
    expected = {letter: 100 * square / sum(squares.values()) for letter, square in squares.items()}
    assert shares("--temperature", 0.5) == pytest.approx(expected, abs=0.051)
    at_0_8 = {letter: share**1.25 for letter, share in SHARES.items()}
    expected = {letter: 100 * share / sum(at_0_8.values()) for letter, share in at_0_8.items()}
    assert shares() == pytest.approx(expected, abs=0.051), "0.8 by default"
    assert run("--prompt", "b", "--temperature", 0, "--max-new-tokens", 5) == "baaaaa\n"


@pytest.mark.parametrize(
    ("flags", "kept"),
    [
        (["--top-k", 2], "ab"),
        (["--top-k", 3], "abc"),
        (["--top-p", 0.75], "ab"),
        (["--top-p", 0.81], "abc"),
        (["--min-p", 0.25], "abc"),
        (["--min-p", 0.5], "ab"),
    ],
)
def test_top_k_top_p_and_min_p_keep_the_likeliest(shares, flags, kept):
    total = sum(SHARES[letter] for letter in kept)
    expected = {letter: 100 * SHARES[letter] / total for letter in kept}
    assert shares("--temperature", 1, *flags) == pytest.approx(expected, abs=0.051)


def test_repetition_penalty_is_for_what_was_said(shares):
    """Scores are logarithms, negative: that of the a in the prompt is doubled, so its share is squared."""
    weights = SHARES | {"a": SHARES["a"] ** 2}
    expected = {letter: 100 * weight / sum(weights.values()) for letter, weight in weights.items()}
    assert shares("--temperature", 1, "--repetition-penalty", 2) == pytest.approx(expected, abs=0.051)


def test_the_same_seed_says_the_same_and_another_something_else(run):
    flags = ("--prompt", "a", "--max-new-tokens", 50, "--seed")
    assert run(*flags, 3) == run(*flags, 3) != run(*flags, 4)
    assert run(*flags[:-1]) != run(*flags[:-1]), "without one no two are alike"


def test_the_same_seed_says_the_same_in_a_conversation_and_its_turns_differ(run):
    flags = ("--chat", "--max-new-tokens", 50, "--seed")
    one, same, other = (run(*flags, seed, stdin="a\n\na\n") for seed in (3, 3, 4))
    assert one == same != other
    first, _, second = one.splitlines()
    assert first != second


def test_stream_prints_pieces_as_they_come(run, monkeypatch):
    pieces = []

    def noted(*values, end="\n", flush=False, **settings):
        pieces.append(("".join(values), end, flush))

    monkeypatch.setattr(command, "print", noted, raising=False)
    run("--prompt", "x", "--stream")
    assert pieces == [("x", "", True), ("y", "", True), ("", "\n", False)]
    pieces.clear()
    run("--prompt", "x", "--no-stream")
    assert pieces == [("xy", "\n", False)]


def test_chat_answers_every_line(run):
    assert len(run("--chat", "--max-new-tokens", 3, stdin="a\nb\n").splitlines()) == 2
    assert run("--chat", "--max-new-tokens", 1, "--temperature", 0, stdin="a\n") == "a\n"


def test_show_probabilities_prints_a_line_a_token(run):
    lines = run("--prompt", "x", "--show-probabilities").splitlines()
    assert [line.split()[:2] for line in lines] == [["100.0%", "y"], ["100.0%", "<|endoftext|>"]]


def test_score_and_stride_measure_a_text(run, tmp_path, monkeypatch):
    path = tmp_path / "text.txt"
    path.write_text("abacabada", encoding="utf-8", newline="\n")
    loss = -sum(math.log(SHARES[letter]) for letter in "bacabada") / 8
    out = run("--score", path)
    assert f"9 tokens, loss {loss:.4f}, perplexity {math.exp(loss):.2f}, " in out
    assert f"{8 * loss / math.log(2) / 9:.3f} bits per byte" in out
    strides = []
    monkeypatch.setattr(command, "score", lambda runner, ids, stride: (strides.append(stride), (1.0, 8))[1])
    run("--score", path, "--stride", 3)
    run("--score", path)
    assert strides == [3, None]


def test_hide_prompt_leaves_the_prompt_out(run):
    assert run("--prompt", "abx", "--hide-prompt") == "y\n"


def test_input_stands_below_the_instruction(model, tmp_path):
    """A model whose next letter is y after x; it was tuned on instructions, and its input ends with x."""
    shutil.copytree(model, tmp_path / "tuned")
    save_format(tmp_path / "tuned", InstructFormat("{instruction}{input}", "{instruction}"))
    asked = ["--checkpoint", tmp_path / "tuned", "--prompt", "a", "--temperature", 0]
    assert run_main(command.main, *asked, "--input", "x")[0] == "y\n"
    assert run_main(command.main, *asked, "--max-new-tokens", 2)[0] == "aa\n"


def test_fill_prints_the_filled_text_and_a_line_for_each_gap(tmp_path):
    tokenizer = CharTokenizer.train("abc").with_special_token("[MASK]")
    tokenizer.save(tmp_path)
    model = GapFiller(GPTConfig(tokenizer.n_vocab, 8, 1, 1, 2))
    for param in model.params.values():
        param[...] = 0
    model.params["ln_f.bias"][:] = 1  # so that a token's score is the sum of its row
    model.params["wte.weight"][tokenizer.vocabulary["b"]] = 2
    model.save_pretrained(tmp_path)
    lines = run_main(command.main, "--checkpoint", tmp_path, "--fill", "a[MASK]c", "[MASK][MASK]")[0]
    share = f"{math.exp(4) / (math.exp(4) + 3):.1%}"
    lines = [line.split()[:4] for line in lines.splitlines()]
    gaps = [["gap", f"{n}:", share, "b"] for n in (1, 2)]
    assert lines == [["abc"], gaps[0], ["bb"], *gaps]


def test_show_attention_prints_who_looks_at_whom(tmp_path):
    tokenizer = CharTokenizer.train("努a")
    tokenizer.save(tmp_path)
    model = GPT(GPTConfig(tokenizer.n_vocab, 8, 2, 2, 4))
    for name, param in model.params.items():
        if "attn.c_attn" in name:
            param[...] = 0  # all scores are equal
    model.save_pretrained(tmp_path)

    def shown(*flags):
        return run_main(
            command.main, "--checkpoint", tmp_path, "--prompt", "努a努", "--show-attention", *flags
        )[0]

    rows = ["       努   a  努", "  努  100", "  a    50  50", "  努   33  33  33"]
    head = "\n".join(["block 1, head 0", *rows]) + "\n"
    assert shown("1.0") == head
    assert shown("1") == head + "\n" + head.replace("head 0", "head 1")
    mean = head.replace("block 1, head 0", "block 0, the mean of 2 heads")
    assert shown() == mean + "\n" + mean.replace("block 0", "block 1")


TESTS = {
    "show_attention": test_show_attention_prints_who_looks_at_whom,
    "fill": test_fill_prints_the_filled_text_and_a_line_for_each_gap,
    "checkpoint": test_checkpoint_is_the_model,
    "prompt": test_prompt_is_what_is_continued,
    "max_new_tokens": test_max_new_tokens_is_the_length,
    "num_samples": test_num_samples_is_how_many_of_each_prompt,
    "stop": test_stop_ends_before_what_it_says,
    "backend": test_backend_is_chosen,
    "temperature": test_temperature_sharpens_and_zero_takes_the_likeliest,
    "top_k": test_top_k_top_p_and_min_p_keep_the_likeliest,
    "top_p": test_top_k_top_p_and_min_p_keep_the_likeliest,
    "min_p": test_top_k_top_p_and_min_p_keep_the_likeliest,
    "repetition_penalty": test_repetition_penalty_is_for_what_was_said,
    "seed": test_the_same_seed_says_the_same_and_another_something_else,
    "stream": test_stream_prints_pieces_as_they_come,
    "chat": test_chat_answers_every_line,
    "show_probabilities": test_show_probabilities_prints_a_line_a_token,
    "score": test_score_and_stride_measure_a_text,
    "stride": test_score_and_stride_measure_a_text,
    "hide_prompt": test_hide_prompt_leaves_the_prompt_out,
    "input": test_input_stands_below_the_instruction,
}


def test_every_flag_has_a_test_of_its_effect(monkeypatch):
    parsers, parse_args = [], argparse.ArgumentParser.parse_args

    def noted(parser, arguments):
        parsers.append(parser)
        return parse_args(parser, arguments)

    monkeypatch.setattr(argparse.ArgumentParser, "parse_args", noted)
    command.parse_arguments([])
    assert {action.dest for action in parsers[0]._actions} - {"help"} == TESTS.keys()
