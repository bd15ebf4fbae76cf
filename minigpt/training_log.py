"""metrics.jsonl: one line of JSON for every step, to be plotted, parsed and taken up again.

    {"step": 250, "val_loss": 3.41, "loss": 3.39, "lr": 0.00199, "grad_norm": 0.52, "tokens_per_s": 61022}

val_loss stands in the lines of the steps before which it was measured.
"""

import json
from pathlib import Path


class TrainingLog:
    """Appends to a metrics.jsonl and keeps the losses for the curve."""

    def __init__(self, path, first_step):
        """Open path; lines of first_step and later, written by a run that is being repeated, are dropped."""
        self.path = Path(path)
        kept = []
        if first_step > 0 and self.path.exists():
            kept = [line for line in read_lines(self.path) if line["step"] < first_step]
        self.losses = [(line["step"], line["loss"]) for line in kept if "loss" in line]
        self.validation_losses = [(line["step"], line["val_loss"]) for line in kept if "val_loss" in line]
        self.file = open(self.path, "w", encoding="utf-8", newline="\n")  # noqa: SIM115
        for line in kept:
            self._write(line)
        self.file.flush()

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.file.close()

    def add(self, line):
        """Append one line, a dict with "step" and whatever was measured."""
        if "loss" in line:
            self.losses.append((line["step"], line["loss"]))
        if "val_loss" in line:
            self.validation_losses.append((line["step"], line["val_loss"]))
        self._write(line)

    def flush(self):
        """Hand what was written to the system: before every save, so that no logged step is lost with it."""
        self.file.flush()

    def _write(self, line):
        self.file.write(json.dumps(line) + "\n")


def read_lines(path):
    """The lines of a metrics.jsonl as dicts; a last line that a killed run left half-written is ignored."""
    lines = []
    for text in path.read_text(encoding="utf-8").splitlines():
        try:
            lines.append(json.loads(text))
        except ValueError:
            break
    return lines
