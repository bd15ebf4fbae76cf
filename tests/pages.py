"""Pages of the tiny model for the tests, with everything that they were made from."""

import dataclasses
from types import SimpleNamespace
from unittest.mock import patch

from minigpt.learn import tiny
from minigpt.learn.mistakes import find_mistake
from minigpt.learn.page import page
from minigpt.learn.record import Step, choose_layers, record
from minigpt.learn.sentence import read_sentence
from minigpt.model import GPT


def tiny_step(text, bug=None, layers=None, trained=True):
    """A page of the tiny model on a text, with everything that it was made from."""
    model, tokenizer = tiny.tiny_model(text)
    params, m, v, _ = tiny.train(text, model, tokenizer, steps=60 if trained else 0)
    sentence = read_sentence(text, tokenizer, model.config.block_size)
    layers, whole = choose_layers(model, layers)
    step = Step(model, sentence, params, m, v, 61 if trained else 1, tiny.LEARNING_RATE)
    with patch("minigpt.learn.record.CURVE_STEPS", 40):
        content = record(step, tokenizer, layers, whole, bug and find_mistake(bug))
    content["trained"] = True
    return SimpleNamespace(
        model=model,
        tokenizer=tokenizer,
        step=step,
        sentence=sentence,
        record=content,
        html=page(content, "en"),
    )


def untied_step(text):
    """The page of an untrained model whose head is a table of its own."""
    tied = tiny_step(text, trained=False)
    model = GPT(dataclasses.replace(tied.model.config, tie_weights=False), dtype="float64")
    step = Step(model, tied.sentence, model.params, {}, {}, 1, 1e-3)
    content = record(step, tied.tokenizer, [0, 1], True) | {"trained": False}
    return SimpleNamespace(step=step, record=content, html=page(content, "en"))
