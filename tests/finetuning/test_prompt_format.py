"""What a model is asked in, and that nothing but its own words is learned."""

import json

import pytest

from minigpt import GPT, GPTConfig
from minigpt.finetuning.padding import pad_right
from minigpt.finetuning.prompt_format import (
    ChatFormat,
    InstructFormat,
    load_format,
    masked_example,
    save_format,
    trimmed,
)
from minigpt.gradcheck import relative_error
from minigpt.layers import cross_entropy_backward, cross_entropy_forward
from tokenizer import BPETokenizer

TEXT = "Write the opposite of hot.\n\ncold\n\n你好，今天天气很好。"
TOKENIZER = BPETokenizer.train(TEXT * 3, vocab_size=290)
EOT = TOKENIZER.eot_token


def test_the_target_of_a_token_is_the_next_one_and_only_where_that_is_learned():
    ids, targets = masked_example([([1, 2, 3], False), ([4, 5], True), ([6], False), ([7], True)])
    assert ids == [1, 2, 3, 4, 5, 6]
    assert targets == [-100, -100, 4, 5, -100, 7]


def test_an_instruction_is_asked_with_its_input_and_without():
    asked = InstructFormat()
    assert asked.prompt("Add.", "1 + 2") == "Add.\n\n1 + 2\n\n"
    assert asked.prompt("Sing.") == "Sing.\n\n"
    assert asked.prompt("Say {input}.", "{instruction}") == "Say {input}.\n\n{instruction}\n\n"


def test_what_a_model_is_asked_is_what_it_was_trained_on():
    asked = InstructFormat()
    (prompt, learned), (response, response_learned) = asked.segments(TOKENIZER, "Add.", "1 + 2", "3")
    assert (learned, response_learned) == (False, True)
    assert asked.prompt_ids(TOKENIZER, [("user", "Add.")], "1 + 2") == prompt
    assert response == [*TOKENIZER.encode_ordinary("3"), EOT]


MULTI_LINE = "Translate:\nline 0 one\n\n  line 0 two"


@pytest.mark.parametrize("asked_as", [MULTI_LINE, MULTI_LINE.replace("\n", "\r\n"), f"\n{MULTI_LINE}\r\n "])
@pytest.mark.parametrize("input", ["", "a\n b"])
def test_an_instruction_of_many_lines_is_asked_whole_whatever_its_line_ends(asked_as, input):
    prompt = InstructFormat().segments(TOKENIZER, MULTI_LINE, input, "x")[0][0]
    assert TOKENIZER.decode(prompt) == MULTI_LINE + (f"\n\n{input}\n\n" if input else "\n\n")
    windows_input = input.replace("\n", "\r\n")
    assert InstructFormat().prompt_ids(TOKENIZER, [("user", asked_as)], windows_input) == prompt


def test_to_a_model_of_instructions_the_last_turn_alone_is_put():
    turns = [("user", "hot"), ("assistant", "cold"), ("user", "Add.")]
    asked = InstructFormat()
    assert asked.prompt_ids(TOKENIZER, turns) == asked.prompt_ids(TOKENIZER, turns[-1:])


def test_a_turn_of_many_lines_is_asked_as_it_was_trained():
    turns = [("user", "你好\n  hot"), ("assistant", "  cold\n好")]
    (asked, _), (answer, _) = ChatFormat().segments(TOKENIZER, turns)
    assert asked == [*TOKENIZER.encode_ordinary("你好\n  hot"), EOT]
    assert answer == [*TOKENIZER.encode_ordinary("  cold\n好"), EOT]
    assert ChatFormat().prompt_ids(TOKENIZER, [("user", "你好\r\n  hot\r\n")]) == asked


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\r\nb\rc\nd", "a\nb\nc\nd"),
        ("\r\n \t\n    return x\n    y \n\n", "    return x\n    y"),
        ("  a", "  a"),
        (" \n ", ""),
        ("", ""),
        ("\u3000热", "\u3000热"),
    ],
)
def test_trimming_keeps_the_indentation_of_the_first_line_and_nothing_else_around(text, expected):
    assert trimmed(text) == expected
    assert trimmed(trimmed(text)) == expected


def test_of_a_dialogue_the_assistants_turns_are_learned():
    turns = [("user", "你好"), ("assistant", "hot"), ("user", "cold"), ("assistant", "好")]
    segments = ChatFormat().segments(TOKENIZER, turns)
    assert [learned for _, learned in segments] == [False, True, False, True]
    assert all(ids[-1] == EOT and EOT not in ids[:-1] for ids, _ in segments)
    assert ChatFormat().prompt_ids(TOKENIZER, turns[:3]) == [
        token for ids, _ in segments[:3] for token in ids
    ]


def batch(tokenizer=TOKENIZER):
    asked = InstructFormat()
    records = [("Write the opposite.", "hot", "cold"), ("你好", "", "今天天气很好。")]
    examples = [masked_example(asked.segments(tokenizer, *record)) for record in records]
    return [list(column) for column in zip(*examples)]


def test_no_gradient_comes_from_the_prompt_or_the_padding():
    """Neither the loss nor any gradient depends on what would have been right there."""
    ids, targets = batch()
    idx, targets = pad_right(ids, EOT), pad_right(targets, -100)
    model = GPT(GPTConfig(TOKENIZER.n_vocab, 64, 2, 2, 8), dtype="float64")
    logits, _ = model.forward(idx)
    loss, loss_cache = cross_entropy_forward(logits, targets)
    dlogits = cross_entropy_backward(1.0, loss_cache)
    assert not dlogits[targets == -100].any()
    assert dlogits[targets != -100].all(-1).all()

    # The same sum, taken over the responses' tokens alone, one sequence at a time and without padding.
    n_counted = int((targets != -100).sum())
    total, grads = 0.0, None
    for row, length in enumerate(map(len, ids)):
        part = slice(row, row + 1), slice(0, length)
        part_loss, grads = model.loss_and_grads(idx[part], targets[part], n_counted=n_counted, grads=grads)
        total += float(part_loss)
    expected_loss, expected = model.loss_and_grads(idx, targets)
    assert float(loss) == pytest.approx(total, rel=1e-12)
    assert float(loss) == pytest.approx(float(expected_loss), rel=1e-12)
    for name, grad in expected.items():
        assert relative_error(grads[name], grad) <= 1e-9, name


def test_formats_come_back_as_they_were_saved(tmp_path):
    TOKENIZER.save(tmp_path)
    assert load_format(tmp_path) is None
    own = InstructFormat("问：{instruction} {input} 答：", "问：{instruction} 答：")
    for saved in (own, InstructFormat(), ChatFormat()):
        save_format(tmp_path, saved)
        assert load_format(tmp_path) == saved


def test_transformers_makes_the_same_ids_of_a_dialogue(tmp_path):
    transformers = pytest.importorskip("transformers")
    TOKENIZER.save(tmp_path)
    save_format(tmp_path, ChatFormat())
    theirs = transformers.AutoTokenizer.from_pretrained(tmp_path)
    turns = [("user", "你好 ###"), ("assistant", "hot"), ("user", "cold")]
    messages = [{"role": role, "content": text} for role, text in turns]
    found = theirs.apply_chat_template(messages, tokenize=False)
    assert theirs(found)["input_ids"] == ChatFormat().prompt_ids(TOKENIZER, turns)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("{", "is not valid JSON"),
        ("[]", "must hold a JSON object, not a list"),
        (json.dumps({"format": "instruct"}), "is damaged: 'with_input' is missing"),
        (json.dumps({"format": "poem"}), "the format 'poem' is not known"),
    ],
)
def test_a_damaged_format_is_refused_in_a_sentence(tmp_path, content, sentence):
    (tmp_path / "prompt_format.json").write_text(content, encoding="utf-8")
    with pytest.raises(ValueError, match=sentence):
        load_format(tmp_path)
