"""What the report on instructions measures, of all answers and of each kind."""

import pytest

from minigpt.tasks.instruct import described, measures


@pytest.mark.parametrize("outputs", [["red"], ["in the barn", "red"], ["红色", "丢了伞"]])
def test_bleu_is_left_out_where_no_output_has_the_four_words_that_it_counts(outputs):
    metrics = measures(outputs, outputs)
    assert metrics == {"exact_match": 1, "rouge1": 1, "rougeL": 1}
    assert described(metrics) == "100.00 % exact match, ROUGE-1 1.000, ROUGE-L 1.000"


@pytest.mark.parametrize("outputs", [["red", "under the old tree"], ["我喜欢茶", "茶"]])
def test_one_output_of_four_words_is_enough_for_bleu(outputs):
    metrics = measures(outputs, outputs)
    assert metrics["bleu"] == pytest.approx(100)
    assert described(metrics) == "100.00 % exact match, BLEU 100.0, ROUGE-1 1.000, ROUGE-L 1.000"
    assert measures(["blue"] * len(outputs), outputs)["bleu"] == 0
