"""arguments.json, the flags of the run in a folder: each is what its flag takes, whatever the file says."""

import argparse

from minigpt.interchange.json_file import LARGEST_SMALL, read_json
from minigpt.terminal import quoted


def read_saved_flags(parser, path, not_saved):
    """The flags in an arguments.json, a dict by name. Raises OSError, and ValueError naming file and flag.

    not_saved: flags that no file may set; they are refused, and so is a name that is no flag of this version.
    """
    saved = read_json(path, largest=LARGEST_SMALL)
    actions = {action.dest: action for action in parser._actions}
    for name, value in saved.items():
        if name not in actions or name in not_saved:
            raise ValueError(
                f"{path} sets {quoted(name)}, which is not taken from there: delete it in the file, or use "
                "the version of minigpt that wrote it"
            )
        if not fits(actions[name], value):
            flag = "--" + name.replace("_", "-")
            raise ValueError(f"{path} is damaged: {name} is {quoted(value)}, which {flag} does not take")
    return saved


def fits(action, value):
    """Whether a value out of JSON is one that a flag (an action of argparse) can have."""
    if value is None:
        return action.default is None or action.dest == "block_size"  # with --init-from, that of the base
    if action.nargs == 0:
        return isinstance(value, bool)
    if action.nargs == "+":
        return isinstance(value, list) and bool(value) and all(fits_once(action, item) for item in value)
    return fits_once(action, value)


def fits_once(action, value):
    """Whether a value is one that a flag takes, of which it may take several."""
    if action.choices is not None:
        return isinstance(value, str) and value in action.choices
    if action.type is None:
        return isinstance(value, str)
    if not isinstance(value, (str, int, float)) or isinstance(value, bool):
        return False
    try:
        return action.type(value if isinstance(value, str) else repr(value)) == value
    except (ValueError, OverflowError, OSError, argparse.ArgumentTypeError):
        return False
