"""metrics.jsonl: one line of JSON for every step, to be plotted, parsed and taken up again.

    {"step": 250, "val_loss": 3.41, "loss": 3.39, "lr": 0.00199, "grad_norm": 0.52, "tokens_per_s": 61022.1}

val_loss was measured before the step. A run that is resumed drops the lines that it is about to repeat.
"""

import json
import os
from contextlib import suppress
from pathlib import Path

from minigpt.interchange.files import write_atomically
from minigpt.interchange.json_file import Kind, check_fields, parse_json, whole
from minigpt.terminal import quoted

LARGEST_LOG = 1 << 30  # bytes; a step takes about 150
MEASURED = Kind("a number", lambda value: type(value) is float or whole(0).holds(value))


class TrainingLog:
    """Collects lines and appends them to a file when told to; the lines stay readable as `lines`."""

    def __init__(self, path, first_step):
        """Start the file at path anew, keeping the lines of steps before first_step. Raises OSError."""
        self.path = Path(path)
        kept = read_lines(self.path) if first_step > 0 and self.path.exists() else []
        self.lines = [line for line in kept if line["step"] < first_step and "loss" in line]
        self.n_written = len(self.lines)
        text = self._text(self.lines)
        write_atomically(self.path, text)
        self.n_bytes = len(text)

    def add(self, line):
        """Note one line, a dict with "step" and whatever was measured."""
        self.lines.append(line)

    def flush(self):
        """Append what is not in the file yet. Raises OSError; the lines then wait for the next flush."""
        if not self.path.exists() or self.path.stat().st_size < self.n_bytes:  # somebody has cut it
            self.n_written = self.n_bytes = 0
        text = self._text(self.lines[self.n_written :])
        try:
            with open(self.path, "ab") as file:
                file.truncate(self.n_bytes)  # what an earlier flush left behind
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
        except OSError:
            with suppress(OSError):
                os.truncate(self.path, self.n_bytes)  # no half of a line stays behind
            raise
        self.n_written = len(self.lines)
        self.n_bytes += len(text)

    @staticmethod
    def _text(lines):
        return "".join(json.dumps(line) + "\n" for line in lines).encode("utf-8")

    def series(self, name):
        """The pairs (step, value) of all lines that have `name`."""
        return [(line["step"], line[name]) for line in self.lines if name in line]


def read_lines(path):
    """The lines of a metrics.jsonl as dicts; a last line that a killed run left half-written is ignored.

    Raises OSError, and ValueError naming file and line for any other that is not as it was written.
    """
    with open(path, "rb") as file:
        content = file.read(LARGEST_LOG + 1)
    if len(content) > LARGEST_LOG:
        raise ValueError(f"{path} has more than {LARGEST_LOG:,} bytes: move it away, and a new one is begun")
    *lines, _ = content.split(b"\n")  # the last one has no line end, and is empty mostly
    return [parsed_line(f"{path}:{number}", text) for number, text in enumerate(lines, 1)]


def parsed_line(place, text):
    """A line of the log, bytes -> dict from names to numbers, which has "step". Raises ValueError."""
    try:
        line = parse_json(text.decode("utf-8"), place)
        if not isinstance(line, dict):
            raise ValueError(f"{place} is {quoted(line)} but must be a JSON object")
        check_fields(place, line, {name: MEASURED for name in line} | {"step": whole(0)}, ("step",))
    except ValueError as error:
        raise ValueError(f"{error}: move the log away, and a new one is begun") from None
    return line
