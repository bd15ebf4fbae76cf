"""The GPT to be learned from: exercises that say which mistake was made, and a reference to compare with.

    python -m minigpt.learn list                       the exercises, done ones ticked
    python -m minigpt.learn start layernorm            writes my/layernorm.py
    python -m minigpt.learn check my/layernorm.py
    python -m minigpt.learn hint layernorm             one more hint each time
    python -m minigpt.learn solution layernorm
    python -m minigpt.learn reference --out reference  a small GPT with every array of three steps
    python -m minigpt.learn compare mine.safetensors --with reference

A command is a module with a name, NAME, a line of help, HELP, and add_arguments(parser) and run(args), which
returns the exit status.
"""

import argparse
import sys

from minigpt.learn import check, compare, hint, listing, reference, solution, start
from minigpt.terminal import Help, prepare_terminal, sentence

PROGRAM = "minigpt.learn"
COMMANDS = (
    listing,
    start,
    check,
    hint,
    solution,
    reference,
    compare,
)


def main(arguments=None):
    prepare_terminal(PROGRAM)
    parser = argparse.ArgumentParser(
        prog=f"python -m {PROGRAM}", description=__doc__.split("\n")[0], formatter_class=Help
    )
    subparsers = parser.add_subparsers(required=True, metavar="COMMAND")
    for command in COMMANDS:
        subparser = subparsers.add_parser(
            command.NAME, help=command.HELP, description=command.HELP, formatter_class=Help
        )
        command.add_arguments(subparser)
        subparser.set_defaults(run=command.run)
    args = parser.parse_args(arguments)
    try:
        return args.run(args)
    except (ValueError, OSError) as error:
        print(f"{PROGRAM}: error: {sentence(error)}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
