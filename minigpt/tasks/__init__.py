"""What there is to learn. The loop in train.py is one; a task tells it about what, by these few names:

task.tokenizer, task.model      what is trained, and saved
task.objective                  what the batches run through; mostly the model itself
task.fingerprint                changes when the data or the tokenizer does
task.describe()                 a line on the data
task.batch(step)                the arrays of a training step: the same for the same step
task.validate(runner)           {"val_loss": …} and other measures
task.save(directory)            what belongs to the model beside its weights
task.report(runner, directory)  what came of it, with the best model in the runner: measured, printed, written
task.show(model)                some of what the best model can do now, printed
"""

from minigpt.tasks.chat import ChatTask
from minigpt.tasks.classify import ClassifyTask
from minigpt.tasks.instruct import InstructTask
from minigpt.tasks.prefer import PreferTask
from minigpt.tasks.pretrain import PretrainTask

TASKS = {
    "pretrain": PretrainTask,
    "classify": ClassifyTask,
    "instruct": InstructTask,
    "chat": ChatTask,
    "prefer": PreferTask,
}

__all__ = ["TASKS", "ChatTask", "ClassifyTask", "InstructTask", "PreferTask", "PretrainTask"]
