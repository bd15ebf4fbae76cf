"""Which kind of model lies in this folder? One function opens them all.

An adapter is a model too: its base, which it names, with the adapter merged.
"""

from pathlib import Path

from minigpt.bigram import MODEL_TYPE, BigramLM
from minigpt.filling.model import MODEL_TYPE as FILL_TYPE
from minigpt.filling.model import GapFiller
from minigpt.finetuning.classifier import GPTClassifier, is_classifier
from minigpt.finetuning.lora import load_adapter
from minigpt.finetuning.peft_reading import (
    accept_adapter_settings,
    base_folder,
    is_adapter,
    is_classifiers_adapter,
)
from minigpt.interchange.config_file import read_config
from minigpt.interchange.huggingface import WEIGHTS_FILE, accept_model_settings
from minigpt.model import GPT
from minigpt.rnn import MODEL_TYPE as RNN_TYPE
from minigpt.rnn import RNN
from tokenizer.loading import holds_tokenizer


def load_model(directory):
    """Open a folder: GPT, GPTClassifier, BigramLM, RNN, GapFiller. Raises FileNotFoundError or ValueError."""
    if is_adapter(directory):
        return load_adapted(directory)
    json_config = read_config(directory)
    if json_config.get("model_type") == MODEL_TYPE:
        return BigramLM.from_pretrained(directory)
    if json_config.get("model_type") == RNN_TYPE:
        return RNN.from_pretrained(directory)
    if json_config.get("model_type") == FILL_TYPE:
        return GapFiller.from_pretrained(directory)
    if is_classifier(json_config):
        return GPTClassifier.from_pretrained(directory)
    return GPT.from_pretrained(directory)


def load_adapted(directory):
    """The base of an adapter with the adapter merged: a GPT or a GPTClassifier.

    Raises as merge_adapter does, and ValueError for a folder that holds a whole model as well.
    """
    if (Path(directory) / WEIGHTS_FILE).is_file():
        raise ValueError(
            f"{directory} holds an adapter and a whole model, and does not say whether the one is in the "
            f"other already: move adapter_config.json or {WEIGHTS_FILE} into a folder of its own"
        )
    folder = base_folder(directory)
    if is_adapter(folder):
        raise ValueError(f"{directory} is an adapter of {folder}, another adapter: merge that first")
    base = load_model(folder)
    if not isinstance(base, (GPT, GPTClassifier)):
        raise ValueError(f"{directory} is an adapter of {folder}, but that holds {base.kind}, not a GPT")
    if is_classifiers_adapter(directory):
        return GPTClassifier.with_adapter(base, directory)
    return load_adapter(base.gpt if isinstance(base, GPTClassifier) else base, directory)


def text_folder(directory):
    """Where a model's tokenizer and prompt format lie: an adapter may leave them to its base."""
    return base_folder(directory) if is_adapter(directory) and not holds_tokenizer(directory) else directory


def accept_settings(directory):
    """Take over what a config.json, or an adapter's files, say after they were changed on purpose.

    Without this the model is refused as damaged (interchange/settings.py). Raises OSError or ValueError.
    """
    accept_adapter_settings(directory) if is_adapter(directory) else accept_model_settings(directory)
