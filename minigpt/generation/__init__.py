"""From a model to text. Read `loop`, then `sampling`, `decoder` with `reading`, and `text_stream`.

Then what a text begins with (`beginning`), a conversation (`chat`), and what else might have come
(`probability_line`).
"""
