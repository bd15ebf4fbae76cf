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

The files, in the order to read them:

    pretrain.py         the task to read first; samples.py, the beginnings it shows continuations of
    start.py            the tokenizer and the model that training begins with; memory.py, whether it fits here
    fill.py             gaps in place of the next token
    common.py           what the tasks of fine-tuning share: classify.py, instruct.py, chat.py, prefer.py
    arguments.py        the flags of train.py: defaults.py, presets.py, flag_types.py, saved_flags.py;
                        contradictions.py, which of them do not go together
    generate_flags.py   the flags of generate.py
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
