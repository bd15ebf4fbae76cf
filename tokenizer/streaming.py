"""Decoding one token at a time, as a model produces them.

A token of a byte-level tokenizer may end inside a character: 每 is the three bytes E6 AF 8F, and they can
lie in two tokens. Decoding each token by itself would print "�" twice. The stream decoder keeps the first
bytes back until the character is complete:

    feed(id of E6 AF) -> ""        feed(id of 8F) -> "每"
"""

import codecs


class StreamDecoder:
    """Turns ids into text as they come; all that feed and flush return, joined, is decode of all the ids."""

    def __init__(self, tokenizer):
        self._bytes_of_next = tokenizer.bytes_of_next()
        self._utf8 = codecs.getincrementaldecoder("utf-8")(errors="replace")

    def feed(self, token_id):
        """The text that is complete with this token: possibly "", never part of a character."""
        return self._utf8.decode(self._bytes_of_next(token_id))

    def flush(self):
        """At the end of the stream: "�" if it ended inside a character, otherwise ""."""
        return self._utf8.decode(b"", final=True)
