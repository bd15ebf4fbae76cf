"""Which kind of model lies in this folder? One function opens them all."""

from minigpt.bigram import MODEL_TYPE, BigramLM
from minigpt.finetuning.classifier import GPTClassifier, is_classifier
from minigpt.interchange.huggingface import read_config
from minigpt.model import GPT


def load_model(directory):
    """Open a model directory: GPT, GPTClassifier or BigramLM. Raises FileNotFoundError or ValueError."""
    json_config = read_config(directory)
    if json_config.get("model_type") == MODEL_TYPE:
        return BigramLM.from_pretrained(directory)
    if is_classifier(json_config):
        return GPTClassifier.from_pretrained(directory)
    return GPT.from_pretrained(directory)
