"""generate.py as a user meets it: what is printed, what is refused, and that both fit in a terminal."""

import json
import os
from itertools import islice

import numpy as np
import pytest
from scripts import GENERATE, refusal, run_main, run_script, start_script

import generate as command
from minigpt import GPT, BigramConfig, BigramLM, GPTConfig
from minigpt.filling.model import GapFiller
from minigpt.finetuning.classifier import GPTClassifier
from minigpt.finetuning.prompt_format import ChatFormat, InstructFormat, save_format
from minigpt.generation.loop import token_stream
from minigpt.generation.probability_line import probability_line
from minigpt.generation.sampling import Sampling, softmax
from minigpt.generation.text_stream import TextStream, without_outer_line_ends
from minigpt.terminal import display_width
from minigpt.training.evaluation import score, scoring_windows
from minigpt.training.runner import BatchRunner
from tokenizer import BPETokenizer, CharTokenizer, WordTokenizer, load_tokenizer

TEXT = "每天早上，小猫都在窗边等太阳。\nThe cat waits for the sun, and the sun comes.\n"


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    """A random GPT over bytes and few merges, so that it produces parts of characters all the time."""
    directory = tmp_path_factory.mktemp("model")
    tokenizer = BPETokenizer.train(TEXT, vocab_size=290)
    tokenizer.save(directory)
    model = GPT(GPTConfig(tokenizer.n_vocab, 32, 1, 2, 8), seed=0)
    model.params["wte.weight"] *= 20
    model.save_pretrained(directory)
    return directory


@pytest.fixture(scope="module")
def parrot(tmp_path_factory):
    """A model that can only say "ab\\nab\\n…"; and after "x" the end of the text."""
    directory = tmp_path_factory.mktemp("parrot")
    tokenizer = CharTokenizer.train("ab\nx天 ?")
    tokenizer.save(directory)
    V = tokenizer.n_vocab
    model = BigramLM(BigramConfig(V, 8))
    table = np.zeros((V, V), dtype=np.float32)
    for before, after in ("ab", "b\n", "\na", "天x", " a", "?a"):
        table[tokenizer.encode(before)[0], tokenizer.encode(after)[0]] = 50
    table[tokenizer.encode("x")[0], tokenizer.eot_token] = 50
    model.params["table.weight"] = table
    model.save_pretrained(directory)
    return directory


def run(directory, *flags, status=0, stdin=""):
    """generate.py in this process: its standard output and standard error."""
    return run_main(command.main, "--checkpoint", directory, *flags, status=status, stdin=stdin)


# --- texts


def test_a_prompt_is_continued_and_printed_with_its_continuation(parrot):
    assert run(parrot, "--prompt", "a", "--max-new-tokens", 6) == ("ab\nab\na\n", "")


def test_streamed_text_is_the_same_text(checkpoint):
    flags = ("--prompt", "每天", "--max-new-tokens", 80, "--seed", 1, "--temperature", 1.5)
    assert run(checkpoint, *flags, "--stream") == run(checkpoint, *flags, "--no-stream")


def test_without_a_prompt_something_new_begins(parrot):
    assert run(parrot, "--max-new-tokens", 5) == ("ab\nab\n", "")


def test_end_of_text_ends_it_and_is_not_printed(parrot):
    assert run(parrot, "--prompt", "天") == ("天x\n", "")


def test_generation_may_stop_at_strings_and_line_ends(parrot):
    assert run(parrot, "--prompt", "a", "--stop", "b\na") == ("a\n", "")
    assert run(parrot, "--prompt", "a", "--stop", "never", "\\n") == ("ab\n", "")


def test_a_special_token_can_be_a_stop(parrot):
    assert run(parrot, "--prompt", "天", "--stop", "<|endoftext|>", "x") == ("天\n", "")


def test_samples_differ_and_the_first_is_the_one_that_comes_alone(checkpoint):
    flags = ("--prompt", "The", "--max-new-tokens", 20, "--seed", 5)
    one, _ = run(checkpoint, *flags)
    three, _ = run(checkpoint, *flags, "--num-samples", 3)
    samples = three.split("--- sample ")[1:]
    assert samples[0] == "1\n" + one
    assert len({sample[2:] for sample in samples}) == 3


def test_prompts_of_unequal_length_are_continued_together_as_each_alone(checkpoint):
    prompts = ["The", "每天早上，小猫都在窗边", "a"]
    flags = ("--max-new-tokens", 40, "--temperature", 0)
    together, _ = run(checkpoint, "--prompt", *prompts, *flags)
    alone = [run(checkpoint, "--prompt", prompt, *flags)[0] for prompt in prompts]
    assert together == "".join(f"--- sample {i + 1}\n{text}" for i, text in enumerate(alone))


def test_prompts_come_from_files_and_from_standard_input(parrot, tmp_path):
    path = tmp_path / "提示.txt"
    path.write_text("天\r\n", encoding="utf-8", newline="")
    assert run(parrot, "--prompt", f"FILE:{path}")[0] == "天x\n"
    assert run(parrot, "--prompt", "-", stdin="天\n")[0] == "天x\n"


def test_the_blank_after_the_prompt_is_not_lost_in_a_word_model(tmp_path):
    tokenizer = WordTokenizer.train("the cat sat .")
    tokenizer.save(tmp_path)
    model = BigramLM(BigramConfig(tokenizer.n_vocab, 8))
    for before, after in (("the", "cat"), ("cat", "sat"), ("sat", ".")):
        model.params["table.weight"][tokenizer.encode(before), tokenizer.encode(after)] = 50
    model.save_pretrained(tmp_path)
    assert run(tmp_path, "--prompt", "the", "--max-new-tokens", 3)[0] == "the cat sat.\n"


# --- the stream of text


def test_no_half_character_is_ever_printed(checkpoint):
    tokenizer = load_tokenizer(checkpoint)
    row = TextStream(tokenizer)
    ids = tokenizer.encode_ordinary("猫🐈每")
    assert len(ids) > 3
    pieces = [row.feed(token) for token in ids[:-1]]
    assert "".join(pieces) + row.end() == "猫🐈"
    assert "\ufffd" not in "".join(pieces)


@pytest.mark.parametrize(
    "stops, expected",
    [((), "ababac!"), (("aba!",), "ababac!"), (("abac",), "ab"), (("c!",), "ababa"), (("b", "ab"), "")],
)
def test_a_stop_is_found_across_tokens_and_what_looked_like_one_is_printed_late(stops, expected):
    tokenizer = CharTokenizer.train("abc!")
    row = TextStream(tokenizer, stops=stops)
    printed = ""
    for token in tokenizer.encode("ababac!"):
        printed += row.feed(token)
        assert not any(stop in printed for stop in stops)
        if row.finished:
            break
    assert printed + row.end() == expected
    assert row.finished == (expected != "ababac!")


def test_line_ends_at_both_ends_are_dropped_however_the_text_is_cut():
    text = "\n\n one\n\ntwo \n\n"
    for cut in range(len(text)):
        assert "".join(without_outer_line_ends([text[:cut], text[cut:]])) == text.strip("\n")
    assert "".join(without_outer_line_ends(text)) == text.strip("\n")


# --- chat


def test_a_chat_answers_line_by_line(parrot):
    assert run(parrot, "--chat", stdin="?\n?\n") == ("ab\nab\n", "")


def test_a_chat_remembers_what_was_said_until_an_empty_line(checkpoint, monkeypatch):
    asked = []

    def remember(model, tokenizer, prompts, *rest):
        asked.append(tokenizer.decode(prompts[0]))
        return [(0, "yes", None)]

    monkeypatch.setattr(command, "continuations", remember)
    run(checkpoint, "--chat", stdin="你好\nand then?\n\nnew\n")
    assert asked == ["\n\n你好\n", "\n\n你好\nyes\nand then?\n", "\n\nnew\n"]


def test_a_model_tuned_on_dialogues_is_asked_in_its_format(tmp_path):
    """Every turn ends with <|endoftext|>; a model that answers "a" to that token shows it was asked so."""
    tokenizer = CharTokenizer.train("abc\n")
    tokenizer.save(tmp_path)
    model = BigramLM(BigramConfig(tokenizer.n_vocab, 8))
    a, c, end = tokenizer.encode("ac")[0], tokenizer.encode("c")[0], tokenizer.eot_token
    model.params["table.weight"][[end, a, c], [a, c, end]] = 50
    model.save_pretrained(tmp_path)
    save_format(tmp_path, ChatFormat())
    assert run(tmp_path, "--chat", stdin="b\n") == ("ac\n", "")


# --- probabilities


def test_the_shown_probabilities_are_those_of_the_model(parrot):
    out, _ = run(parrot, "--prompt", "a", "--show-probabilities", "--max-new-tokens", 2)
    assert [line.split()[:2] for line in out.splitlines()] == [["100.0%", "b"], ["100.0%", "↵"]]


def test_a_probability_line_shows_what_sampling_drew_from():
    tokenizer = CharTokenizer.train("天ab")
    logits = np.log(np.array([0.1, 0.3, 0.6, 1e-9]))  # a, b, 天, the end of text
    greedy = probability_line(tokenizer, 2, logits, Sampling(temperature=0))
    assert greedy.split() == ["60.0%", "天", "b", "30.0%", "a", "10.0%", "<|endoftext|>", "0.0%"]
    cut = probability_line(tokenizer, 1, logits, Sampling(top_k=2))
    assert cut.split() == ["33.3%", "b", "天", "66.7%"]


def test_the_runners_up_stand_in_one_column_behind_chinese_and_behind_english():
    tokenizer = CharTokenizer.train("天ab")
    lines = [probability_line(tokenizer, token, np.zeros(4), Sampling(), runners_up=1) for token in (1, 2)]
    assert [line.split()[1] for line in lines] == ["b", "天"]
    assert len({display_width(line[: line.index("a ")]) for line in lines}) == 1


def test_control_characters_are_shown_as_numbers():
    tokenizer = CharTokenizer.train("\x1b\x85 \u202e")  # would colour, break and turn the line around
    line = probability_line(tokenizer, 1, np.zeros(5), Sampling())
    assert "<1b>" in line and "<c2 85>" in line and "<e2 80 ae>" in line and "␣" in line
    assert line.isprintable()


def test_shown_tokens_are_the_text_of_the_same_seed(checkpoint):
    flags = ("--prompt", "The", "--max-new-tokens", 15, "--seed", 5)
    model, tokenizer = GPT.from_pretrained(checkpoint), load_tokenizer(checkpoint)
    steps = token_stream(model, [tokenizer.encode_ordinary("The")], Sampling(0.8), seed=5)
    expected = []
    for tokens, logits in islice(steps, 15):
        if tokens[0] == tokenizer.eot_token:
            break
        expected.append(f"{softmax(logits[0].astype(float) / 0.8)[tokens[0]]:.1%}")
    out, _ = run(checkpoint, *flags, "--show-probabilities")
    assert [line.split()[0] for line in out.splitlines()][: len(expected)] == expected


# --- score


def test_every_token_but_the_first_is_predicted_exactly_once():
    for n in (2, 3, 7, 8, 9, 40):
        for T, stride in ((8, 8), (8, 4), (8, 3), (8, 1), (1, 1)):
            x, y = scoring_windows(np.arange(n), T, stride)
            assert sorted(y[y >= 0].tolist()) == list(range(1, n)), (n, T, stride)
            assert (y[y >= 0] == x[y >= 0] + 1).all()
            seen_before = np.arange(T)[None].repeat(len(y), 0)[1:]
            assert (seen_before[y[1:] >= 0] >= T - stride).all()


@pytest.mark.parametrize("stride", [1, 5, 12, None])
def test_the_score_is_that_of_the_same_windows_in_transformers(tmp_path, stride):
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    T, V = 12, 41
    model = GPT(GPTConfig(V, T, 2, 2, 8))
    model.params["wte.weight"] *= 30
    model.save_pretrained(tmp_path)
    peer = transformers.AutoModelForCausalLM.from_pretrained(tmp_path).eval()
    ids = np.random.default_rng(0).integers(0, V, 60).tolist()

    losses, done = [], 1  # the tokens predicted so far, the first one aside
    for start in range(0, len(ids), stride or T // 2):
        window = torch.tensor(ids[start : start + T + 1])
        with torch.no_grad():
            logits = peer(window[None, :T]).logits[0]
        new = list(range(done, start + len(window)))
        for position in new:
            log_probabilities = logits[position - 1 - start].log_softmax(-1)
            losses.append(-float(log_probabilities[ids[position]]))
        done = max(done, start + len(window))
    with BatchRunner(model, workers=1) as runner:
        loss, n_tokens = score(runner, ids, stride)
    assert n_tokens == len(losses) == 59
    assert loss == pytest.approx(np.mean(losses), rel=1e-5)


def test_score_prints_loss_perplexity_and_bits_per_byte(parrot, tmp_path):
    path = tmp_path / "text.txt"
    path.write_text("ab\nab\n天", encoding="utf-8", newline="\n")
    out, _ = run(parrot, "--score", path, "--stride", 3)
    assert out.startswith("text.txt: 7 tokens, loss ") and "bits per byte" in out


# --- what is refused


@pytest.mark.parametrize(
    "flags, message",
    [
        (["--num-samples", 0], "--num-samples is 0"),
        (["--max-new-tokens", -1], "--max-new-tokens is -1"),
        (["--seed", -1], "--seed is -1"),
        (["--temperature", -1], "--temperature is -1"),
        (["--temperature", "nan"], "--temperature is nan"),
        (["--top-k", 0], "--top-k is 0"),
        (["--top-p", 1.5], "--top-p is 1.5"),
        (["--min-p", -0.5], "--min-p is -0.5"),
        (["--repetition-penalty", 0], "--repetition-penalty is 0"),
        (["--prompt", ""], "--prompt is empty"),
        (["--prompt", "-"], "--prompt is empty"),
        (["--prompt", "-", "-"], "more than once"),
        (["--prompt", "FILE:/no/such/file"], "/no/such/file"),
        (["--prompt", "每"], "the character '每'"),
        (["--stop", ""], "--stop is empty"),
        (["--stream", "--num-samples", 2], "--stream prints one text"),
        (["--chat", "--show-probabilities"], "--chat and --show-probabilities"),
        (["--chat", "--prompt", "a"], "leave --prompt"),
        (["--score", "x", "--prompt", "a"], "leave --prompt"),
        (["--stride", 2], "--stride is for --score"),
        (["--show-attention"], "--show-attention looks at a text: give it with --prompt"),
        (["--prompt", "a", "--show-attention", "1.x"], "'1.x' is no block and no head"),
        (["--prompt", "a", "--show-attention", "--chat"], "--chat and --show-attention"),
        (["--prompt", "a", "--show-attention"], "holds a bigram model, which sees one token only: no token"),
        (["--score", "/no/such/file"], "/no/such/file"),
        (["--checkpoint", "/no/such/folder"], "/no/such/folder"),
        (["--temp", 1], "--temp"),
    ],
)
def test_a_bad_flag_is_one_sentence_and_exit_2(parrot, flags, message):
    out, err = run(parrot, *flags, status=2)
    assert out == ""
    assert message in err and "error: " in err.splitlines()[-1]
    assert "Traceback" not in err


def test_a_file_that_is_not_utf8_a_bad_stride_and_a_short_text_are_refused(parrot, tmp_path):
    path = tmp_path / "latin.txt"
    path.write_bytes(b"caf\xe9")
    assert "not UTF-8" in run(parrot, "--score", path, status=2)[1]
    path.write_bytes(b"abab")
    assert "stride is 9" in run(parrot, "--score", path, "--stride", 9, status=2)[1]
    path.write_bytes(b"a")
    assert "at least two" in run(parrot, "--score", path, status=2)[1]


def test_a_damaged_model_is_refused_as_such(tmp_path):
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "gpt2"}), encoding="utf-8", newline="\n")
    (tmp_path / "model.safetensors").write_bytes(b"\xff" * 100)
    _, err = run(tmp_path, status=2)
    assert err.startswith("generate.py: error: ") and "is damaged" in err


def test_an_ascii_terminal_and_a_closed_pipe_break_nothing(checkpoint):
    """The whole program, as a process: Chinese under LC_ALL=C, and a reader that goes away."""
    flags = ["--checkpoint", checkpoint, "--prompt", "每天"]
    ascii_only = {"LC_ALL": "C", "PYTHONIOENCODING": "ascii"}
    out, _ = run_script(GENERATE, *flags, "--max-new-tokens", 5, environment=ascii_only, cwd=checkpoint)
    assert out.startswith("每天")
    reader, writer = os.pipe()
    os.close(reader)
    process = start_script(GENERATE, *flags, cwd=checkpoint, stdout=writer)
    _, error = process.communicate()
    os.close(writer)
    assert error == b""


def test_attention_is_shown_for_several_prompts_and_of_what_the_model_is_given(tmp_path):
    tokenizer = CharTokenizer.train("ab").with_special_token("[MASK]")
    tokenizer.save(tmp_path)
    for kind in (GPT, GapFiller):
        kind(GPTConfig(tokenizer.n_vocab, 8, 1, 1, 4)).save_pretrained(tmp_path)
        out, _ = run(tmp_path, "--prompt", "ab", "ba", "--show-attention")
        first, second = out.split("--- prompt 2\n")
        assert first.startswith("--- prompt 1\nblock 0, head 0\n")
        for text, letters in ((first, "ab"), (second, "ba")):
            assert [line.split()[0] for line in text.splitlines()[-2:]] == list(letters)
    out, _ = run(tmp_path, "--prompt", "a[MASK]b", "--show-attention", "0.0")
    assert [len(line.split()) for line in out.splitlines()[2:]] == [4, 4, 4], "no mask hides what comes after"


def test_a_classifier_and_a_model_of_instructions_answer_to_show_attention(tmp_path):
    tokenizer = CharTokenizer.train("ab?")
    tokenizer.save(tmp_path)
    GPT(GPTConfig(tokenizer.n_vocab, 8, 1, 1, 4)).save_pretrained(tmp_path)
    save_format(tmp_path, InstructFormat("{instruction}{input}?", "{instruction}?"))
    out, _ = run(tmp_path, "--prompt", "a", "--input", "b", "--show-attention")
    assert [line.split()[0] for line in out.splitlines()[2:]] == list("ab?"), "what it was tuned to read"
    model = GPTClassifier(GPT(GPTConfig(tokenizer.n_vocab, 8, 1, 1, 4)), ["ham", "spam"], None)
    model.save_pretrained(tmp_path / "labels")
    tokenizer.save(tmp_path / "labels")
    sentence = refusal(command.main, "--checkpoint", tmp_path / "labels", "--prompt", "a", "--show-attention")
    assert sentence.endswith("holds a classifier: give it a text with --prompt, not --show-attention")


@pytest.mark.parametrize(
    "mode, does",
    [
        (("--score", "text.txt"), "measures a file and continues nothing"),
        (("--chat",), "takes its lines from standard input and prints answers as they grow"),
        (("--show-probabilities",), "prints a line a token"),
        (("--show-attention", "--prompt", "a"), "looks at the prompt and continues nothing"),
    ],
)
def test_a_flag_that_another_one_leaves_without_effect_is_refused_by_name(parrot, mode, does):
    unused = {
        "--score": [
            *("--seed 1", "--stop x", "--temperature 1", "--top-k 3", "--top-p 0.5", "--min-p 0.1"),
            *("--repetition-penalty 2", "--max-new-tokens 9", "--no-stream", "--hide-prompt", "--prompt x"),
            "--num-samples 2",
        ],
        "--chat": ["--num-samples 2", "--stream", "--hide-prompt", "--prompt x"],
        "--show-probabilities": ["--stream", "--hide-prompt"],
        "--show-attention": [
            *("--seed 1", "--stop x", "--temperature 1", "--top-k 3", "--top-p 0.5", "--min-p 0.1"),
            *(
                "--repetition-penalty 2",
                "--max-new-tokens 9",
                "--no-stream",
                "--hide-prompt",
                "--num-samples 2",
            ),
        ],
    }[mode[0]]
    for given in unused:
        name = given.split()[0].replace("--no-", "--")
        sentence = refusal(command.main, "--checkpoint", parrot, *mode, *given.split())
        assert sentence.endswith(f"{mode[0]} {does}: leave {name} out")
