"""What a run keeps in its folder while it trains: the log, the state for resuming, and the best model."""

import math
import sys
from pathlib import Path

from tqdm import tqdm

from minigpt.terminal import sentence
from minigpt.training.log import TrainingLog
from minigpt.training.state import load_training_state, restore_training_state, save_training_state

LOG_FILE = "metrics.jsonl"


class Run:
    """The folder of a run, and how far the run has come.

    step: the step that comes next. best, best_step: the lowest measure so far, and where it was; best_step
    is None as long as no model is on the disk.
    """

    def __init__(self, directory, resume=False):
        """A new run, or with resume the one that the folder holds. Raises FileNotFoundError or ValueError."""
        self.directory = Path(directory)
        self.tensors, progress = load_training_state(directory) if resume else ({}, {})
        self.step = progress.get("step", 0)
        self.best = progress.get("best", math.inf)
        self.best_step = progress.get("best_step")
        self.data = progress.get("data")  # the fingerprint of what it learns from

    def begin(self, model, optimizer, data):
        """Take up what is trained: as it is, or in a resumed run as it was. Starts the log.

        data: the fingerprint of what it learns from. Raises ValueError where it is not that of the run that
        is resumed, or the model's arrays are not.
        """
        self.model = model
        if self.tensors:
            if data != self.data:
                raise ValueError(
                    f"--data is not what the run in {self.directory} is about: resume it with the same files"
                )
            restore_training_state(self.tensors, model.params, optimizer)
            optimizer.n_steps = self.step
            self.tensors = {}
        self.data = data
        self.log = TrainingLog(self.directory / LOG_FILE, first_step=self.step)

    def keep(self, step, optimizer, measured=None):
        """Save the log, the state of a step, and the model if it is the best so far.

        optimizer: that of the run, with all moments. measured: what is to be low, where the model may count
        as the best. "As good" is better: a resumed run repeats its last evaluation. A full disk does not end
        the run; it is told, and nothing was saved.
        """
        is_best = measured is not None and measured <= self.best
        best, best_step = (measured, step) if is_best else (self.best, self.best_step)
        progress = {"step": step, "best": best, "best_step": best_step, "data": self.data}
        try:
            self.log.flush()
            save_training_state(self.directory, self.model.params, optimizer, progress)
            if is_best or self.best_step is None:
                self.model.save_pretrained(self.directory)
        except OSError as error:
            tqdm.write(
                f"step {step} could not be saved, training goes on: {sentence(error)}", file=sys.stderr
            )
        else:
            self.best, self.best_step = best, best_step  # what is not on the disk is no best
