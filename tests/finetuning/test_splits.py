"""Splitting records for training, validation and test; balancing them."""

from collections import Counter

import pytest

from minigpt.finetuning.records import Record
from minigpt.finetuning.splits import drop_to_equal_counts, same_text_key, stratified_split


def records_of(pairs):
    return [
        Record({"label": label, "text": text}, "x.tsv", line) for line, (label, text) in enumerate(pairs, 1)
    ]


def label_of(record):
    return record.fields["label"]


def key_of(record):
    return same_text_key(record.fields["text"])


MANY = records_of(
    [("ham", f"message {i % 90}") for i in range(100)]
    + [("spam", f"{'WIN' if i % 2 else 'win'}  {i // 2}") for i in range(50)]
)


def test_every_split_has_its_share_of_every_label_and_no_record_is_lost():
    splits = stratified_split(MANY, key_of, label_of, seed=1)
    assert sorted(record.line for split in splits for record in split) == list(range(1, 151))
    for split, share in zip(splits, (0.7, 0.1, 0.2)):
        counts = Counter(map(label_of, split))
        assert counts["ham"] == pytest.approx(100 * share, abs=2)
        assert counts["spam"] == pytest.approx(50 * share, abs=2)


def test_texts_that_differ_in_case_and_spaces_alone_never_come_into_two_splits():
    for seed in range(10):
        keys = [
            {key_of(record) for record in split} for split in stratified_split(MANY, key_of, label_of, seed)
        ]
        assert not keys[0] & keys[1] and not keys[0] & keys[2] and not keys[1] & keys[2]


def test_one_text_with_two_labels_stays_in_one_split():
    pairs = [(label, f"text {i}") for i in range(20) for label in ("ham", "spam")]
    splits = stratified_split(
        records_of(pairs + [("spam", f"more {i}") for i in range(9)]), key_of, label_of, 0
    )
    keys = [{key_of(record) for record in split} for split in splits]
    assert not keys[0] & keys[1] and not keys[0] & keys[2] and not keys[1] & keys[2]


def test_a_seed_gives_one_split_and_another_seed_another():
    def lines(seed):
        return [[record.line for record in split] for split in stratified_split(MANY, key_of, label_of, seed)]

    assert lines(3) == lines(3) != lines(4)
    assert all(split == sorted(split) for split in lines(3))


def test_three_different_texts_of_a_label_are_enough_and_two_are_not():
    enough = records_of([("a", str(i)) for i in range(3)] + [("b", str(i)) for i in range(5, 9)])
    assert [
        Counter(map(label_of, split))["a"] for split in stratified_split(enough, key_of, label_of, 0)
    ] == [1, 1, 1]
    with pytest.raises(ValueError, match=r"x\.tsv:5: 'a' has 2 different records but needs at least 3"):
        pairs = [("b", str(i)) for i in range(4)] + [("a", "x"), ("a", "X"), ("a", "y")]
        stratified_split(records_of(pairs), key_of, label_of, 0)


def test_balancing_keeps_as_many_of_every_label_as_the_rarest_has():
    kept = drop_to_equal_counts(MANY, label_of, seed=0)
    assert Counter(map(label_of, kept)) == {"ham": 50, "spam": 50}
    assert [record.line for record in kept] == sorted({record.line for record in kept})
    assert (
        kept == drop_to_equal_counts(MANY, label_of, seed=0) != drop_to_equal_counts(MANY, label_of, seed=1)
    )


def test_case_and_spaces_are_no_difference_and_letters_are():
    assert same_text_key(" Win\n now\t!") == same_text_key("win NOW !") == "win now !"
    assert same_text_key("Straße") == same_text_key("STRASSE") and same_text_key("win now") != "winnow"


def test_many_copies_of_one_text_leave_something_for_every_split():
    records = records_of([("a", "x")] * 8 + [("a", "y"), ("a", "z"), *[("b", str(i)) for i in range(10)]])
    for seed in range(20):
        for split in stratified_split(records, key_of, label_of, seed):
            assert {label_of(record) for record in split} == {"a", "b"}
