import random

import numpy as np
import pytest

from minigpt.finetuning.metrics import (
    bleu,
    bleu_and_rouge,
    confusion_matrix,
    describe_labels,
    exact_match,
    label_scores,
    rouge_1,
    rouge_l,
)


def test_the_confusion_matrix_counts_true_labels_by_rows():
    counts = confusion_matrix([0, 0, 0, 1, 1, 2], [0, 0, 1, 1, 0, 1], 3)
    np.testing.assert_array_equal(counts, [[2, 1, 0], [1, 1, 0], [0, 1, 0]])


def test_scores_are_the_textbooks():
    scores = label_scores(np.array([[8, 2], [1, 9]]))
    assert scores["accuracy"] == pytest.approx(0.85)
    assert scores["precision"] == pytest.approx([8 / 9, 9 / 11])
    assert scores["recall"] == pytest.approx([0.8, 0.9])
    assert scores["f1"] == pytest.approx([2 * 8 / 19, 2 * 9 / 21])
    assert scores["count"] == [10, 10]


def test_a_label_that_is_never_given_has_scores_of_zero_and_divides_by_nothing():
    with np.errstate(all="raise"):
        scores = label_scores(np.array([[4, 0, 0], [2, 0, 0], [0, 0, 0]]))
    assert scores["precision"][1:] == scores["recall"][1:] == scores["f1"][1:] == [0, 0]


def test_the_table_aligns_chinese_labels_too():
    table = describe_labels(["垃圾短信", "ham"], np.array([[8, 2], [1, 9]]))
    assert "accuracy 85.00 %" in table
    assert "垃圾短信  88.89 %    80.00 %    84.21 %    10" in table
    assert "ham       81.82 %    90.00 %    85.71 %    10" in table


def test_an_answer_matches_exactly_but_for_blanks_behind_it_and_line_ends():
    assert exact_match(["cold ", "Cold", "热", ""], ["cold", "cold", "热", "x"]) == 0.5
    assert exact_match(["\na\nb"], ["a\r\nb\n"]) == 1


def test_the_indentation_of_an_answer_counts():
    assert exact_match(["    return x", "return x"], ["    return x", "    return x"]) == 0.5


@pytest.mark.parametrize(
    "text", [["the cat sat on the mat today", "a b c d e"], ["今天下午有雨，记得带伞。", "晚安"]]
)
def test_perfect_answers_have_perfect_scores_and_wrong_ones_do_not(text):
    perfect = bleu_and_rouge(text, text)
    assert perfect["bleu"] == pytest.approx(100)
    assert perfect["rouge1"] == perfect["rougeL"] == pytest.approx(1)
    wrong = bleu_and_rouge(["something else", "另外一句"], text)
    assert wrong["bleu"] < 20 and wrong["rougeL"] < 0.2


WORDS = (
    'the cat, sat. on 3.14 mat! don\'t well-known 5-6 (a) b? 1,000 re/ad "x" A&B $5 a:b '
    "今天 天气 很好。 你，好！ “是” 下雨".split()
)


def drawn_texts(rng, words):
    """A few references, and answers that are these with gaps, or something else."""
    references = [" ".join(rng.choices(words, k=rng.randint(1, 12))) for _ in range(rng.randint(1, 4))]
    answers = [
        " ".join(word for word in reference.split() if rng.random() < 0.8)
        if rng.random() < 0.7
        else " ".join(rng.choices(words, k=rng.randint(1, 9)))
        for reference in references
    ]
    return answers, references


@pytest.mark.parametrize(("words", "rules"), [(WORDS[:15], "13a"), (WORDS, "zh")], ids=["English", "both"])
def test_bleu_is_that_of_sacrebleu(words, rules):
    sacrebleu = pytest.importorskip("sacrebleu")
    rng = random.Random(1)
    for _ in range(300):
        answers, references = drawn_texts(rng, words)
        expected = sacrebleu.corpus_bleu(answers, [references], tokenize=rules).score
        assert bleu(answers, references) == pytest.approx(expected, abs=1e-9), (answers, references)


def test_rouge_is_that_of_rouge_score():
    """Its tokenizer drops whatever is not a-z or 0-9: for Chinese it is given another one."""
    rouge_scorer = pytest.importorskip("rouge_score.rouge_scorer")

    class Characters:
        def tokenize(self, text):
            return [character for character in text if "\u4e00" <= character <= "\u9fff"]

    rng = random.Random(2)
    for words, tokenizer in (
        (WORDS[:15], None),
        ([word for word in WORDS if not word.isascii()], Characters()),
    ):
        scorer = rouge_scorer.RougeScorer(["rouge1", "rougeL"], tokenizer=tokenizer)
        for _ in range(200):
            for answer, reference in zip(*drawn_texts(rng, words)):
                expected = scorer.score(reference, answer)
                assert rouge_1(answer, reference) == pytest.approx(expected["rouge1"].fmeasure, abs=1e-12)
                assert rouge_l(answer, reference) == pytest.approx(expected["rougeL"].fmeasure, abs=1e-12)


def test_bleu_and_rouge_by_hand():
    """Right of "the cat sat down": 3 of 4 words, 2 of 3 pairs, 1 of 2 triples, and no four: half of one."""
    expected = 100 * (3 / 4 * 2 / 3 * 1 / 2 * 0.5 / 1) ** 0.25
    assert bleu(["the cat sat down"], ["the cat sat up"]) == pytest.approx(expected)
    assert rouge_l("the cat sat down", "sat the cat") == pytest.approx(2 * 2 / (4 + 3))
    assert rouge_l("明天有雨", "明天没有雨") == pytest.approx(2 * 4 / (4 + 5))
    assert bleu(["a"], ["a"]) == 0 and rouge_l("", "a") == rouge_1("", "") == 0


def test_with_labels_of_unequal_counts_accuracy_is_of_texts_not_of_labels():
    scores = label_scores(np.array([[6, 2], [0, 1]]))
    assert scores["accuracy"] == pytest.approx(7 / 9)
    assert scores["recall"] == pytest.approx([6 / 8, 1]) and scores["precision"] == pytest.approx([1, 1 / 3])
    assert scores["count"] == [8, 1]


def test_rouge_l_sees_the_order_and_rouge_1_does_not():
    scores = bleu_and_rouge(["b a"], ["a b"])
    assert (scores["rouge1"], scores["rougeL"]) == (1, 0.5)
