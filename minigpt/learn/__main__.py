"""Learn what happens in a GPT: a training step as a page, exercises, and a reference to compare with."""

import argparse
import os
import sys

from minigpt.cores import one_blas_thread
from minigpt.learn import check, compare, hint, list, reference, solution, start, step
from minigpt.terminal import Help, prepare_terminal, sentence

PROGRAM = "python -m minigpt.learn"
# Each is a subcommand: its name is the command, and it has add_arguments(parser) and run(args).
COMMANDS = (step, list, start, check, hint, solution, reference, compare)


def command_parser():
    parser = argparse.ArgumentParser(
        prog=PROGRAM, description=__doc__, formatter_class=Help, allow_abbrev=False
    )
    subparsers = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for module in COMMANDS:
        text = module.__doc__.partition("\n")[0]
        subparser = subparsers.add_parser(
            module.__name__.rpartition(".")[2],
            help=text,
            description=text,
            formatter_class=Help,
            allow_abbrev=False,
        )
        module.add_arguments(subparser)
        subparser.set_defaults(run=module.run)
    return parser


def main(arguments=None):
    prepare_terminal(PROGRAM)
    args = command_parser().parse_args(arguments)
    try:
        with one_blas_thread:
            args.run(args)
    except BrokenPipeError:  # whoever read our output has enough; Python would complain at its exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except (ValueError, OSError) as error:
        print(f"{PROGRAM}: error: {sentence(error)}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        print()
        sys.exit(130)


if __name__ == "__main__":
    main()
