"""The settings that weights were saved with, kept beside them: config.json may not say another thing.

A flipped digit of layer_norm_epsilon makes another model of the same arrays, and no checksum of an array
would notice. So what decides what is computed is written once more into the metadata of the safetensors file,
as a JSON object under "settings", where a checksum covers it; and is compared by meaning, key by key. A
config.json may be formatted anew, or get a key that computes nothing. Files of others, and ours before 0.2,
say nothing about it.

Whoever changes config.json on purpose takes over what it says now, with accept_settings.
"""

import json

from minigpt.interchange.json_file import parse_json
from minigpt.interchange.safetensors_file import open_metadata, open_safetensors, save_safetensors
from minigpt.terminal import quoted

SETTINGS = "settings"  # in the metadata


def as_metadata(settings):
    """Settings, a dict by key, as save_safetensors takes metadata."""
    return {SETTINGS: json.dumps(settings)}


def saved_settings(weights):
    """The settings with which a safetensors file was saved; None where it says nothing.

    Raises ValueError for a damaged file.
    """
    text = open_metadata(weights).get(SETTINGS)
    settings = None if text is None else parse_json(text, weights)
    if not isinstance(settings, dict | None):
        raise ValueError(f"{weights} is damaged: its settings cannot be read")
    return settings


def refuse_changed_settings(config_path, settings, weights):
    """Raise ValueError, naming the key, where a config file says another thing than the weights beside it.

    settings: what the file at config_path says, filled up with defaults. weights: the safetensors file.
    """
    for name, saved in (saved_settings(weights) or {}).items():
        if settings.get(name) != saved:
            raise ValueError(
                f"{config_path}: {name} is {quoted(settings.get(name))} but was {quoted(saved)} when "
                f"{weights.name} was saved: the file is damaged, or was changed by hand. If on purpose, take "
                'it over with python -c "from minigpt import accept_settings; '
                f'accept_settings({str(weights.parent)!r})"'
            )


def keep_settings(weights, settings):
    """Write a safetensors file of ours anew, with other settings; the arrays stay.

    Raises OSError, and ValueError for a damaged file.
    """
    metadata = open_metadata(weights)
    if SETTINGS in metadata:
        arrays = {name: array.read() for name, array in open_safetensors(weights).items()}
        save_safetensors(weights, arrays, metadata | as_metadata(settings))
