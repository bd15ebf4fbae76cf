import numpy as np

from minigpt.finetuning.padding import BucketedBatches, batches_in_order, pad_right

LENGTHS = np.random.default_rng(0).integers(1, 60, size=203)


def test_sequences_are_filled_up_on_the_right_to_the_longest():
    np.testing.assert_array_equal(
        pad_right([[1, 2, 3], [4], [5, 6]], -1), [[1, 2, 3], [4, -1, -1], [5, 6, -1]]
    )
    assert pad_right([[1]], 0).dtype == np.int64


def test_every_epoch_meets_every_sequence_once():
    batches = BucketedBatches(LENGTHS, 8, seed=1)
    assert batches.per_epoch == 26
    for epoch in range(3):
        met = np.concatenate([batches.of_step(26 * epoch + i) for i in range(26)])
        assert sorted(met) == list(range(203))


def test_epochs_and_seeds_differ_and_a_step_is_the_same_whenever_it_is_asked_for():
    batches, again = BucketedBatches(LENGTHS, 8, seed=1), BucketedBatches(LENGTHS, 8, seed=1)
    in_order = [batches.of_step(step) for step in range(60)]
    for step in (59, 3, 30):
        np.testing.assert_array_equal(again.of_step(step), in_order[step])
    assert not np.array_equal(np.concatenate(in_order[:26]), np.concatenate(in_order[26:52]))
    assert not np.array_equal(BucketedBatches(LENGTHS, 8, seed=2).of_step(0), in_order[0])


def test_bucketing_by_length_leaves_little_padding():
    def padding(batches):
        return sum(LENGTHS[batch].max() * len(batch) for batch in batches) / LENGTHS.sum() - 1

    bucketed = BucketedBatches(LENGTHS, 8, seed=1)
    shuffled = np.array_split(np.random.default_rng(1).permutation(203), 26)
    assert padding([bucketed.of_step(i) for i in range(26)]) < 0.2 < padding(shuffled)
    assert padding(batches_in_order(LENGTHS, 8)) < 0.1


def test_evaluation_meets_every_sequence_once():
    batches = batches_in_order(LENGTHS, 8)
    assert sorted(np.concatenate(batches)) == list(range(203))
    assert max(map(len, batches)) == 8


def test_every_epoch_puts_other_sequences_together_and_begins_with_no_length_in_particular():
    batches = BucketedBatches(LENGTHS, 8, seed=1)
    together = [{frozenset(batches.of_step(26 * epoch + i)) for i in range(26)} for epoch in range(2)]
    assert len(together[0] & together[1]) < 3
    first_lengths = [LENGTHS[batches.of_step(26 * epoch)].mean() for epoch in range(20)]
    assert min(first_lengths) < 15 and max(first_lengths) > 45
