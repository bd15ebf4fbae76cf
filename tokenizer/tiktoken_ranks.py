"""tiktoken's ranks: what its vocabularies are, the file they come in, and the merges that they stand for.

    cl100k_base.tiktoken      IQ== 0              a token in base64, a blank, its rank
                              Ig== 1
                              …

tiktoken has no list of merges: of all neighbours it joins those whose joined bytes have the lowest rank. The
merges are found again by encoding each token with the ranks below its own. That leaves two pieces, and to
join them is the merge that makes the token:

    rank 256  " t"    ->  " " + "t"
    rank 260  " the"  ->  " t" + "he"           where "he" has rank 257
"""

import base64

from tokenizer.bpe_merge import merge
from tokenizer.files import write_atomically


def read_ranks(path):
    """A .tiktoken file -> dict from the bytes of each token to its rank; OSError, ValueError."""
    ranks = {}
    with open(path, "rb") as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            try:
                token, rank = line.split()
                token = base64.b64decode(token, validate=True)
                rank = int(rank)
            except ValueError:
                raise ValueError(
                    f"{path}, line {number}: {line[:80]!r} is not a token in base64, a blank and its rank"
                ) from None
            if token in ranks:
                raise ValueError(f"{path}, line {number}: the token {token!r:.80} has two ranks")
            ranks[token] = rank
    return ranks


def write_ranks(path, ranks):
    """Write a dict of ranks as a .tiktoken file, the lowest rank first."""
    lines = [
        base64.b64encode(token) + b" %d\n" % rank
        for token, rank in sorted(ranks.items(), key=lambda item: item[1])
    ]
    write_atomically(path, b"".join(lines))


def merges_of_ranks(ranks):
    """A dict of ranks -> the list of merges (pairs of bytes) that gives the same ids for every text.

    ValueError if a rank is no whole number from 0 on or that of two tokens, if a byte has none, or if a token
    is not made of two others: such ranks cannot be written as merges.
    """
    token_of = {}
    for token, rank in ranks.items():
        if not isinstance(token, bytes) or not token:
            raise ValueError(f"ranks go from bytes to numbers, but there is the token {token!r}")
        if type(rank) is not int or rank < 0:
            raise ValueError(f"the token {token!r} has the rank {rank!r}, not a whole number from 0 on")
        if rank in token_of:
            raise ValueError(f"the tokens {token_of[rank]!r} and {token!r} have the same rank {rank}")
        token_of[rank] = token
    for byte in range(256):
        if bytes([byte]) not in ranks:
            raise ValueError(f"the ranks have no token for the byte {byte:#04x}")
    merges, pair_ids = [], {}  # pair_ids holds the merges of lower rank than the token that is encoded
    for rank in sorted(token_of):
        token = token_of[rank]
        if len(token) == 1:
            continue
        pieces = merge([ranks[token[i : i + 1]] for i in range(len(token))], pair_ids)
        if len(pieces) != 2:
            raise ValueError(
                f"the token {token!r} of rank {rank} is not made of two tokens of lower rank, but of "
                f"{len(pieces)}: these ranks cannot be written as merges"
            )
        pair_ids[tuple(pieces)] = rank
        merges.append((token_of[pieces[0]], token_of[pieces[1]]))
    return merges
