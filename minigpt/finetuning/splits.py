"""Which records train, validate and test, and as many records of every label as of the rarest."""

import random
from collections import Counter

SHARES = (0.7, 0.1, 0.2)  # of records for training, validation and test


def same_text_key(text):
    """What two texts have in common that differ in case and spaces alone."""
    return " ".join(text.casefold().split())


def stratified_split(records, key, label, seed, shares=SHARES):
    """Split records for training, validation and test: three lists, each label in its due share of each.

    key(record): records of an equal key, duplicates, go into one split together. label(record): what is
    to be spread evenly; duplicates with several labels go by their first. Splits keep the file's order.
    Raises ValueError, with file and line, for a label of too few different records to be in every split.
    """
    groups = {}  # key -> records, in the file's order
    for record in records:
        groups.setdefault(key(record), []).append(record)
    by_label = {}
    for group in groups.values():
        by_label.setdefault(label(group[0]), []).append(group)
    rng = random.Random(seed)
    splits = [[], [], []]
    for name, label_groups in sorted(by_label.items()):
        if len(label_groups) < 3:
            first = label_groups[0][0]
            raise ValueError(
                f"{first.where}: {name!r} has {len(label_groups)} different records but needs at least 3, "
                "one each for training, validation and test"
            )
        rng.shuffle(label_groups)
        n_records = sum(map(len, label_groups))
        # Groups go to the test split, then to validation, until each has its share; the rest is for training.
        for split, share, left_over in ((2, shares[2], 2), (1, shares[1], 1)):
            taken = 0
            while taken < max(1, round(share * n_records)) and len(label_groups) > left_over:
                group = label_groups.pop()
                taken += len(group)
                splits[split] += group
        splits[0] += [record for group in label_groups for record in group]
    order = {id(record): i for i, record in enumerate(records)}
    return [sorted(split, key=lambda record: order[id(record)]) for split in splits]


def drop_to_equal_counts(records, label, seed):
    """As many records of every label as the rarest has, chosen at random; the file's order is kept."""
    counts = Counter(map(label, records))
    keep = min(counts.values())
    rng = random.Random(seed)
    kept = set()
    for name in sorted(counts):
        of_label = [i for i, record in enumerate(records) if label(record) == name]
        kept.update(rng.sample(of_label, keep))
    return [record for i, record in enumerate(records) if i in kept]
