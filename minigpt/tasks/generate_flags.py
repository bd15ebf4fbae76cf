"""The flags of generate.py: what they mean, and which of them do not go together.

A flag that would have no effect beside another is refused by name, so that nobody waits for what it was
given for.
"""

import argparse
import sys

from minigpt.generation.attention_table import ALL_BLOCKS
from minigpt.generation.sampling import Sampling
from minigpt.tasks.flag_types import LARGEST, block_and_head, place, whole_number
from minigpt.terminal import Help, Parser

STDIN, FILE_PREFIX = "-", "FILE:"
SAMPLING = ("temperature", "top_k", "top_p", "min_p", "repetition_penalty")
CONTINUING = (
    *("input", "hide_prompt", "stream", "num_samples", "max_new_tokens", "stop", "seed"),
    *SAMPLING,
)
# What each way to run has no use for.
UNUSED = {
    "chat": ("prompt", "hide_prompt", "stream", "num_samples"),
    "show_probabilities": ("hide_prompt", "stream"),
    "score": ("prompt", *CONTINUING),
    "fill": ("prompt", *CONTINUING),
    "show_attention": tuple(name for name in CONTINUING if name != "input"),
}
WHAT_IT_DOES = {
    "chat": "takes its lines from standard input and prints answers as they grow",
    "show_probabilities": "prints a line a token",
    "score": "measures a file and continues nothing",
    "fill": "takes the texts and continues nothing",
    "show_attention": "looks at the prompt and continues nothing",
}
integer = whole_number(-LARGEST)


def parse_arguments(arguments=None):
    parser = generate_parser()
    args = parser.parse_args(arguments)
    check_arguments(parser, args)
    return args


def generate_parser():
    parser = Parser(
        prog="generate.py",
        description="Continue a text with a model of train.py, or any GPT-2 in Hugging Face's format.",
        formatter_class=Help,
        allow_abbrev=False,
    )
    group = parser.add_argument_group("model and text")
    group.add_argument(
        "--checkpoint",
        type=place,
        default="out",
        metavar="DIR",
        help="folder that train.py wrote, or that holds any GPT-2 in Hugging Face's format, or an adapter",
    )
    group.add_argument(
        "--prompt",
        "--instruction",
        nargs="+",
        metavar="TEXT",
        help="text to continue; - reads it from standard input, FILE:PATH from a file, without its last line "
        "end; several are continued together; <|endoftext|> is the token between documents (default: a new "
        "document, or else what the model's texts have between them, mostly an empty line)",
    )
    group.add_argument(
        "--hide-prompt", action="store_true", help="print the continuation alone, without the prompt"
    )
    group.add_argument(
        "--input",
        nargs="+",
        metavar="TEXT",
        help="for a model tuned on instructions: the input of the instruction; one, or one for each prompt",
    )
    group.add_argument(
        "--max-new-tokens", type=integer, default=200, metavar="N", help="length of the continuation"
    )
    group.add_argument(
        "--num-samples", type=integer, default=1, metavar="N", help="continuations of each prompt"
    )
    group.add_argument(
        "--stop",
        nargs="+",
        default=[],
        metavar="TEXT",
        help="end where this text, or special token, is produced; \\n is a line end",
    )
    group.add_argument("--backend", choices=["numpy", "cupy"], help="array library (default: numpy)")

    group = parser.add_argument_group("sampling")
    group.add_argument(
        "--temperature", type=float, default=0.8, metavar="T", help="0: always the likeliest token"
    )
    group.add_argument("--top-k", type=integer, metavar="K", help="only the K likeliest tokens")
    group.add_argument(
        "--top-p", type=float, metavar="P", help="only the likeliest tokens of joint probability P"
    )
    group.add_argument(
        "--min-p", type=float, metavar="P", help="only tokens P times as likely as the likeliest, or more"
    )
    group.add_argument(
        "--repetition-penalty",
        type=float,
        default=1.0,
        metavar="R",
        help="above 1: tokens of the text so far become less likely",
    )
    group.add_argument(
        "--seed",
        type=whole_number(-LARGEST, 2**63 - 1),
        metavar="N",
        help="the same seed gives the same text",
    )

    group = parser.add_argument_group("other ways to run")
    group.add_argument(
        "--stream",
        action=argparse.BooleanOptionalAction,
        help="print the text as it grows (default: in a terminal, for a single text)",
    )
    group.add_argument("--chat", action="store_true", help="a conversation; an empty line begins a new one")
    group.add_argument(
        "--show-probabilities", action="store_true", help="each token with its probability and the runners-up"
    )
    group.add_argument(
        "--show-attention",
        type=block_and_head,
        nargs="?",
        const=ALL_BLOCKS,
        metavar="BLOCK[.HEAD]",
        help="who looks at whom in --prompt, in percent: for each block the mean of its heads; 1 shows "
        "each head of block 1, and 1.0 its first head",
    )
    group.add_argument(
        "--score", type=place, metavar="FILE", help="measure how well the model predicts a UTF-8 text"
    )
    group.add_argument(
        "--fill",
        nargs="+",
        metavar="TEXT",
        help="for a model of --task fill: each [MASK] of the text, a token, with its likeliest fillings",
    )
    group.add_argument(
        "--stride",
        type=integer,
        metavar="N",
        help="tokens that --score's window moves by (default: half the context)",
    )
    return parser


def check_arguments(parser, args):
    """Refuse values out of range, and flags that contradict each other, before anything is loaded."""
    if args.num_samples < 1:
        parser.error(f"--num-samples is {args.num_samples} but must be at least 1")
    if args.max_new_tokens < 0:
        parser.error(f"--max-new-tokens is {args.max_new_tokens} but cannot be negative")
    if args.seed is not None and args.seed < 0:
        parser.error(f"--seed is {args.seed} but must be at least 0")
    if "" in args.stop:
        parser.error("--stop is empty: give the text at which to end")
    if args.stride is not None and args.score is None:
        parser.error("--stride is for --score: give a text to measure")
    modes = [name for name in UNUSED if getattr(args, name)]
    if len(modes) > 1:
        flags = " and ".join(map(flag, modes))
        parser.error(f"{flags} are different ways to run: choose one")
    for mode in modes:
        unused = given(parser, args, UNUSED[mode])
        if unused:
            parser.error(f"{flag(mode)} {WHAT_IT_DOES[mode]}: leave {' and '.join(unused)} out")
    n_texts = len(args.prompt or [""]) * args.num_samples
    if args.stream and n_texts > 1:
        parser.error(f"--stream prints one text as it grows, but {n_texts} are asked for: leave it out")
    if [*(args.prompt or []), *(args.input or [])].count(STDIN) > 1:
        parser.error("--prompt or --input is - more than once: standard input can be read once")
    if args.show_attention and not args.prompt:
        parser.error("--show-attention looks at a text: give it with --prompt")
    if args.input and not args.prompt:
        parser.error("--input is what an instruction is applied to: give the instruction with --prompt")
    if args.input and len(args.input) not in (1, len(args.prompt)):
        parser.error(
            f"--input gives {len(args.input)} texts for {len(args.prompt)} prompts: give one, or one for each"
        )
    try:
        args.sampling = Sampling(**{name: getattr(args, name) for name in SAMPLING})
    except ValueError as error:  # top_k is 0 but …
        name, rest = str(error).split(" ", 1)
        parser.error(f"--{name.replace('_', '-')} {rest}")
    # A classifier continues nothing; whether the folder holds one is known when it is opened.
    args.continuing = given(parser, args, (*UNUSED, *CONTINUING))
    args.stop = [text.replace("\\n", "\n") for text in args.stop]
    if args.stream is None:
        args.stream = sys.stdout.isatty() and n_texts == 1


def flag(name):
    """A flag as it is typed: top_k -> --top-k."""
    return "--" + name.replace("_", "-")


def given(parser, args, names):
    """Those of the flags that were given another value than their default, as they are typed."""
    return [flag(name) for name in names if getattr(args, name) != parser.get_default(name)]
