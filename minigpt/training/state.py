"""What a training run leaves behind, and how it is taken up again.

The output folder is a model directory with the best model so far (config.json, model.safetensors, the
tokenizer's files), which generate.py opens. Beside it one file holds all that only resuming needs:

    training_state.safetensors     the last weights, the optimiser's moments, and as text in its header: the
                                   step, the best validation loss, the settings, the corpus' fingerprint

One file, because one file can be replaced in one instant: a run killed at any moment, also in the middle
of a save, finds the state of one step and never a mixture of two. No random state is stored: batches
and dropout are drawn from generators keyed by seed and step.
"""

import json
import math
from pathlib import Path

from minigpt.backend import to_device, to_host
from minigpt.interchange.config_file import CONFIG_FILE
from minigpt.interchange.json_file import NULL, TEXT, Kind, check_fields, either, parse_json, whole
from minigpt.interchange.safetensors_file import open_metadata, open_safetensors, save_safetensors
from minigpt.terminal import quoted

STATE_FILE = "training_state.safetensors"
PROGRESS = {
    "step": whole(0),
    "best": Kind("a number", lambda best: type(best) is float and not math.isnan(best)),
    "best_step": either(NULL, whole(0)),
    "data": TEXT,
}


def refuse_to_overwrite(directory):
    """Raise ValueError if the folder holds a model or a training run that a new run would replace."""
    for name in (STATE_FILE, CONFIG_FILE):
        if (Path(directory) / name).exists():
            raise ValueError(
                f"{directory} holds a trained model: continue it with --resume, "
                "choose another folder with --out, or delete it"
            )


def save_training_state(directory, params, optimizer, progress):
    """Write everything that resuming needs. progress: a dict that JSON can hold. Raises OSError."""
    tensors = {}
    for group, arrays in (("params", params), ("m", optimizer.m), ("v", optimizer.v)):
        tensors |= {f"{group}.{name}": to_host(array) for name, array in arrays.items()}
    save_safetensors(Path(directory) / STATE_FILE, tensors, {"progress": json.dumps(progress)})


def load_training_state(directory):
    """The tensors, by "params.", "m." and "v." before their names, and the progress dict.

    Raises FileNotFoundError without the file and ValueError for a damaged one.
    """
    path = Path(directory) / STATE_FILE
    if not path.exists():
        raise FileNotFoundError(f"there is nothing to resume in {directory}: it has no {STATE_FILE}")
    stored = open_safetensors(path)
    progress = parsed_progress(path, open_metadata(path).get("progress"))
    return {name: array.read() for name, array in stored.items()}, progress


def parsed_progress(path, text):
    """The progress of a run, out of a header's metadata, as a dict. Raises ValueError."""
    try:
        if not isinstance(text, str):
            raise ValueError(f"{path} is damaged: 'progress' is missing")
        progress = parse_json(text, path)
        if not isinstance(progress, dict):
            raise ValueError(f"{path} is damaged: the progress is {quoted(progress)}")
        check_fields(path, progress, PROGRESS)
    except ValueError as error:
        raise ValueError(f"{error}: it cannot be resumed") from None
    return progress


def restore_training_state(tensors, params, optimizer):
    """Copy loaded tensors into params and the optimiser's moments, in place.

    Raises ValueError naming the first array that is missing or has another shape, or that is none of theirs:
    another optimiser's moments are no beginning for this one.
    """
    taken = set()
    for group, arrays in (("params", params), ("m", optimizer.m), ("v", optimizer.v)):
        for name, array in arrays.items():
            saved = tensors.get(f"{group}.{name}")
            if saved is None or saved.shape != array.shape or saved.dtype != array.dtype:
                found = "is missing" if saved is None else f"is {saved.dtype} of shape {saved.shape}"
                expected = f"{array.dtype} of shape {array.shape}"
                raise ValueError(f"{group}.{name} {found} in {STATE_FILE} but the model needs {expected}")
            array[...] = to_device(saved)
            taken.add(f"{group}.{name}")
    for name in sorted(tensors.keys() - taken):
        raise ValueError(f"{name} in {STATE_FILE} is no array of this model and its optimiser")
