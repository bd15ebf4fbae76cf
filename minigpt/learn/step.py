"""One step, seen: forward, backward and update of a model on your sentence, as a page for the browser."""

import argparse
import webbrowser
from pathlib import Path

from minigpt.interchange.files import write_atomically
from minigpt.learn import tiny
from minigpt.learn.mistakes import OF_BACKWARD, find_mistake
from minigpt.learn.page import page
from minigpt.learn.record import LEARNING_RATE, Step, choose_layers, record
from minigpt.learn.sentence import read_sentence, whole_characters
from minigpt.loading import load_model
from minigpt.model import GPT
from minigpt.terminal import pad
from tokenizer import load_tokenizer

SENTENCE = "the cat sat on the mat"
DEFAULT_CHECKPOINT = "out"


def add_arguments(parser):
    parser.add_argument("sentence", nargs="?", default=SENTENCE, help="the text to take a step on")
    parser.add_argument(
        "--checkpoint",
        metavar="DIR",
        help="folder of a GPT (default: out, or without it a tiny model that is trained on the spot)",
    )
    parser.add_argument("--out", default="one-step.html", metavar="FILE", help="the page to write")
    parser.add_argument("--open", action="store_true", help="open the page in the browser")
    parser.add_argument("--lang", choices=["en", "zh"], help="language it opens in (default: the sentence's)")
    parser.add_argument(
        "--layers", type=layer_numbers, metavar="N,N", help="blocks to show of a model that no page can hold"
    )
    parser.add_argument("--bug", metavar="NAME", help="show what a mistake of the backward does")
    parser.add_argument("--list-bugs", action="store_true", help="name the mistakes that --bug knows")


def layer_numbers(text):
    try:
        return [int(part) for part in text.split(",")]
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} are no layers: give numbers from 0, such as 0,11"
        ) from None


def run(args):
    if args.list_bugs:
        width = 2 + max(len(mistake.name) for mistake in OF_BACKWARD)
        for mistake in OF_BACKWARD:
            print(pad(mistake.name, width) + mistake.zh)
        return
    mistake = find_mistake(args.bug) if args.bug else None
    html, content = make_page(args.sentence, args.checkpoint, args.layers, mistake, args.lang)
    write_atomically(args.out, html.encode("utf-8"))
    print(describe(args, content, html))
    if args.open and not webbrowser.open(Path(args.out).resolve().as_uri()):
        print(f"no browser could be started: open {args.out} yourself")


def make_page(text, checkpoint=None, layers=None, mistake=None, language=None):
    """The page of a step on a text: its HTML, and the record it was made from. Raises ValueError, OSError.

    checkpoint None: the folder out if it holds a model, else a tiny model trained on the spot.
    """
    if text == "":
        raise ValueError("the sentence is empty: give at least one character to take a step on")
    if checkpoint is None and (Path(DEFAULT_CHECKPOINT) / "config.json").is_file():
        checkpoint = DEFAULT_CHECKPOINT
    if checkpoint is None:
        return tiny_page(text, layers, mistake, language)
    model = load_model(checkpoint)
    if not isinstance(model, GPT):
        raise ValueError(
            f"{checkpoint} holds a {type(model).__name__}, but the page shows the step of a GPT: give the "
            "folder of one with --checkpoint"
        )
    moments = (model.params, {}, {}, 1, LEARNING_RATE)
    return page_of(text, model, load_tokenizer(checkpoint), moments, layers, mistake, language)


def tiny_page(text, layers=None, mistake=None, language=None):
    """make_page for the tiny model, whatever lies in the folder."""
    readable = whole_characters(text)
    model, tokenizer = tiny.tiny_model(readable)
    params, m, v, _ = tiny.train(readable, model, tokenizer)
    moments = (params, m, v, tiny.STEPS + 1, tiny.LEARNING_RATE)
    return page_of(text, model, tokenizer, moments, layers, mistake, language, trained=True)


def page_of(text, model, tokenizer, moments, layers, mistake, language, trained=False):
    """The page and its record: moments are params, m, v, t and the learning rate of the step."""
    sentence = read_sentence(text, tokenizer, model.config.block_size)
    layers, whole = choose_layers(model, layers)
    content = record(Step(model, sentence, *moments), tokenizer, layers, whole, mistake)
    content["trained"] = trained
    language = language or ("zh" if tiny.is_chinese(text) else "en")
    return page(content, language), content


def describe(args, content, html):
    """What was written, in a line, and what the page leaves out."""
    config, lines = content["config"], []
    lines += [note for note, _ in content["sentence"]["notes"]]
    if not content["whole"]:
        shown = ", ".join(map(str, content["layers"]))
        lines.append(
            f"Of the model's {config['L']} layers ({config['size']:,} parameters) the page shows {shown}; "
            "--layers chooses others."
        )
    kind = "a tiny model trained on the spot" if content["trained"] else "the model"
    tokens = f"{config['T']} token" + ("s" if config["T"] > 1 else "")
    lines.append(
        f"{args.out}: one step of {kind} on {tokens}, loss {content['update']['loss']:.4f}; "
        f"{len(html.encode('utf-8')) / 1e6:.1f} MB, opens in any browser"
    )
    return "\n".join(lines)
