"""From a model to text. Read `loop`, then `sampling`, `decoder`, `text_stream`, `chat`."""
