"""Texts to train small tokenizers on, and strings that tokenizers stumble over."""

import unicodedata

from hypothesis import strategies as st

ENGLISH = (
    "The rain came down in the evening, and the children who had been playing in the garden ran inside.\n"
    '"Did you close the window?" asked their mother. "I\'m sure we did," they said, but they weren\'t.\n\n'
    "In 1999 the river rose 3.5 metres; in 2024 it rose 12, which nobody had expected at all...\n"
)
CHINESE = (
    "每一次努力都让你感动，未来的精彩由此慢慢绽放。\n"
    "今天下雨了，我们在家里看书；明天如果天晴，我们就去爬山！\n\n"
)
EMOJI = "👩‍👩‍👧 🇨🇭 👍🏽 ☺️ 🙂🙂🙂"
TEXT = (ENGLISH + CHINESE) * 3 + EMOJI

# Characters younger than Python's own Unicode tables may be letters to one implementation and not to another.
_assigned = st.characters(exclude_categories=["Cs", "Cn"]).filter(lambda c: unicodedata.category(c) != "Cn")

_fragments = st.sampled_from(
    [
        *" \n\t\r\x0b\x0c\x1c\x1f\x00\x7f\x85\xa0\u2003\u2028\u3000\ufeff\u200b\u200d'’\"",
        *["  ", "   ", "\n\n", "\r\n", " \n ", "\t\t", "\n \n"],
        *["'s", "'S", "'ll", "'t", "''", " 's", "don't", "DON'T", "'re-", "I'm"],
        *["0", "12", "123", "1234", "½", "٣٤", "²", "Ⅷ", "3.14"],
        *["e\u0301", "\u0301", "क्षि", "ก็", "עִבְרִית", "العربية", "ﬁ", "İ", "ß", "ǅ"],
        *["中", "每一次", "，", "。", "！？", "、", "「引」", "カタカナ", "ひらがな", "한국어", "㐀", "𠀀"],
        *["👍🏽", "👩‍👩‍👧", "🇨🇭", "☺️", "🙂", "\U0001f3fd", "\ufe0f"],
        *["...", "!?", "--", "—", "_", "a_b", "#", "$", "<|", "|>", "endoftext"],
        *["a", "b", "the", " the", "Hello", "aaaa", "zzz"],
    ]
)

hostile_text = st.lists(_fragments | st.text(_assigned, max_size=4), max_size=25).map("".join)
