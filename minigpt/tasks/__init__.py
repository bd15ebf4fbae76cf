"""What there is to learn. The loop in train.py is one; a task tells it about what, by these few names:

    task.tokenizer, task.model      what is trained, and saved
    task.objective                  what the batches run through; mostly the model itself
    task.fingerprint                changes when the data or the tokenizer does
    task.describe()                 a line on the data
    task.batch(step)                the arrays of a training step: the same for the same step
    task.validate(runner)           {"val_loss": …} and other measures
    task.measure                    the one of them by which the best model is kept: the lower the better
    task.save(directory)            writes what belongs to the model, and to its adapter, beside the weights
    task.report(runner, directory)  measures the best model, which is in the runner now, on the test split
    task.show(model)                prints some of what it can do

PretrainTask is the one to read first.
"""

from minigpt.tasks.chat import ChatTask
from minigpt.tasks.classify import ClassifyTask
from minigpt.tasks.fill import FillTask
from minigpt.tasks.instruct import InstructTask
from minigpt.tasks.prefer import PreferTask
from minigpt.tasks.pretrain import PretrainTask

TASKS = {
    "pretrain": PretrainTask,
    "fill": FillTask,
    "classify": ClassifyTask,
    "instruct": InstructTask,
    "chat": ChatTask,
    "prefer": PreferTask,
}

__all__ = ["TASKS", "ChatTask", "ClassifyTask", "FillTask", "InstructTask", "PreferTask", "PretrainTask"]
