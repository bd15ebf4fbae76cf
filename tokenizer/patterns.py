r"""Pre-tokenisation: the regular expressions that cut a text before any bytes are merged.

BPE never merges across the cuts, so they decide what a token may be: GPT-2's pattern keeps letters,
digits and punctuation apart, and hangs a blank onto the word after it.

    GPT-2:  "I'm here, 42 times"  ->  "I"  "'m"  " here"  ","  " 42"  " times"

Two facts about GPT-2's pattern make counting and encoding several times faster:

- It always cuts before a blank that is followed by something visible, before any run of white space, and
  between a Chinese punctuation mark and a Chinese character. So a text may first be cut there, by a much
  simpler expression, into *chunks* (" here,"), and each distinct chunk cut by the full pattern only once.
- A text may be handed over in blocks: nothing changes if the blocks meet where `seam_before` allows.

What is a letter (\p{L}) is for the `regex` module's Unicode version to say. Two implementations of different
age may cut differently at characters that are only a year or two old; the text survives in either case.
"""

import re

import regex

# Radford et al. (2019), "Language Models are Unsupervised Multitask Learners": the pattern of their encoder.
GPT2_PATTERN = r"""'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"""
# GPT-4's (cl100k_base): contractions in any case, at most three digits together, punctuation takes line ends.
GPT4_PATTERN = (
    r"""(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|"""
    r""" ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"""
)
NAMED_PATTERNS = {"gpt2": GPT2_PATTERN, "gpt4": GPT4_PATTERN}

# A pattern of others may take exponential time. It is given far more than any useful one takes.
LONGEST_PATTERN = 10_000
SECONDS, CHARACTERS_A_SECOND, SECONDS_OF_TRIAL = 5, 50_000, 1
_RUN = 2000
HOSTILE_TEXTS = (
    *(character * _RUN for character in "a 1.\n的"),
    *("a" * _RUN + end for end in "b!\n "),
    "ab" * _RUN,
    "a " * _RUN + "\t\r\n\r\n",
    "It's 12,345 o'clock\u2028每天…\u0300\u0301 🙂🙂\u200d🐈 \u3000\x00\x1b[2J\ufffd'LL naïve_Ω ﬁ İ ſ K\n\n ",
    "".join(map(chr, [*range(0, 0x500), *range(0x3000, 0x3100), *range(0xFF00, 0x10000), 0x1F600, 0x10FFFF])),
)

# Unicode's White_Space, spelled out: `\s` of the module `re` would add the control characters 1C to 1F.
_WHITE = r"\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
_STOPS = "，。！？；：、"
_GPT2_CHUNK = re.compile(
    # A blank, then all that is visible, but no further than a Chinese stop with a Chinese character after it;
    rf" ?(?=[^{_WHITE}])[^{_WHITE}{_STOPS}]*"
    rf"(?:[{_STOPS}]+(?![\u4e00-\u9fa5])[^{_WHITE}{_STOPS}]+)*[{_STOPS}]*"
    # or white space, and as in the pattern itself all but the last of it if something visible follows.
    rf"|[{_WHITE}]+(?![^{_WHITE}])|[{_WHITE}]"
)

# Searched backwards: the last place where a line ends, or a blank stands, between two visible characters, or
# where a Chinese character is followed by a Chinese stop.
_SEAM = regex.compile(rf"(?r)(?<=\S\n)(?=\S)|(?<=\S)(?= \S)|(?<=[\u4e00-\u9fa5])(?=[{_STOPS}])")

# One part of a regular expression, \p{N} or [a-z] or x, and its count if that is possessive.
_ATOM = re.compile(
    r"(?P<atom>\\[pP]\{[^}]*\}|\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|.)(?:(?P<count>\{\d+(?:,\d*)?\})\+)?", re.DOTALL
)


def compile_pattern(pattern):
    """A regular expression (the syntax of the `regex` module) -> compiled; ValueError says what is wrong."""
    if len(pattern) > LONGEST_PATTERN:
        raise ValueError(
            f"the pattern has {len(pattern):,} characters but can have {LONGEST_PATTERN:,} at most: "
            f"it begins with {pattern[:60]!r}"
        )
    try:
        return regex.compile(pattern)
    except (regex.error, ValueError, TypeError, LookupError, OverflowError, RecursionError) as error:
        raise ValueError(
            f"the pattern {pattern[:60]!r} is not a valid regular expression: {error or 'it is too deep'}"
        ) from None


def split_at(special_tokens, text):
    """The parts of a text that lie between the special tokens in it, empty ones included."""
    return regex.split("|".join(map(regex.escape, special_tokens)) or r"(?!)", text)


def pretoken_splitter(pattern):
    """A pattern -> a function from a text to its pre-tokens, which joined give the text again.

    A pattern of one's own may leave characters unmatched: they become pre-tokens too, so that no text is
    ever lost (Hugging Face's Split does the same with behavior "Isolated").
    """
    compiled = compile_pattern(pattern)
    if pattern in NAMED_PATTERNS.values():
        return compiled.findall  # these two match every character and have no groups

    def split(text, seconds=None):
        pretokens, end = [], 0
        seconds = SECONDS + len(text) / CHARACTERS_A_SECOND if seconds is None else seconds
        try:
            for match in compiled.finditer(text, timeout=seconds):
                start, after = match.span()
                if start < end:
                    raise ValueError(
                        f"the pattern {pattern[:60]!r} does not go through a text from its beginning to "
                        "its end (as with the flag (?r)): tokens would be lost"
                    )
                pretokens += (text[end:start], text[start:after])
                end = after
        except (TimeoutError, MemoryError, RecursionError):
            raise ValueError(
                f"the pattern {pattern[:60]!r} takes more than {seconds:.0f} s, or too much memory, for "
                f"a text of {len(text):,} characters that begins with {text[:20]!r}: take a simpler one"
            ) from None
        pretokens.append(text[end:])
        return [pretoken for pretoken in pretokens if pretoken]

    return split


def try_pattern(pattern):
    """Raise ValueError for a pattern that hangs on hostile texts, or loses a part of them.

    For patterns out of a file: those that are known need no trial.
    """
    split = pretoken_splitter(pattern)
    if pattern in NAMED_PATTERNS.values():
        return
    for text in HOSTILE_TEXTS:
        if "".join(split(text, seconds=SECONDS_OF_TRIAL)) != text:
            raise ValueError(f"the pattern {pattern[:60]!r} loses a part of the text {text[:20]!r}")


def atomic_counts(pattern):
    r"""The pattern with \p{N}{1,3}+ written as (?>\p{N}{1,3}); ValueError where it follows a group.

    To the `regex` module and to tiktoken, {1,3}+ is a count that gives nothing back; to Hugging Face it is
    the count repeated, which takes all digits of a long number. All three read the other form alike.
    """

    def rewrite(match):
        if match["count"] is None:
            return match[0]
        if match["atom"] == ")":
            raise ValueError(
                f"the pattern {pattern!r} has {match['count']}+ behind a group, which Hugging Face reads "
                "otherwise: write (?>(?:…){1,3}), with the count inside, in the place of (?:…){1,3}+"
            )
        return f"(?>{match['atom']}{match['count']})"

    return _ATOM.sub(rewrite, pattern)


def chunk_splitter(pattern):
    """A pattern -> a fast function from a text to chunks of whole pre-tokens; None if none is known."""
    return _GPT2_CHUNK.findall if pattern == GPT2_PATTERN else None


def seam_before(text):
    """The last position where `text` may be cut in two without changing its pre-tokens, or 0.

    Exact for GPT-2's and GPT-4's patterns; a pattern of one's own that matches across a line end or across
    a single blank may see a pre-token cut there.
    """
    match = _SEAM.search(text)
    return match.start() if match else 0
