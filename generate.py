"""Continue a text with a trained model.

python generate.py                                          something new, from the model in out/
python generate.py --prompt "Once upon a time" --temperature 0.8 --top-k 50 --num-samples 3 --seed 1
"""

import argparse
import sys

from minigpt import generate, load_model, use_backend
from minigpt.sampling import Sampling
from tokenizer import load_tokenizer

DEFAULT_PROMPT = "\n\n"  # a blank line: where a new story or dialogue begins


def parse_arguments(arguments=None):
    parser = argparse.ArgumentParser(
        description="Continue a text with a model that train.py wrote.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
        allow_abbrev=False,
    )
    group = parser.add_argument_group("model and text")
    group.add_argument("--checkpoint", default="out", metavar="DIR", help="folder that train.py wrote")
    group.add_argument("--prompt", default=DEFAULT_PROMPT, metavar="TEXT", help="text to continue")
    group.add_argument(
        "--max-new-tokens", type=int, default=200, metavar="N", help="length of the continuation"
    )
    group.add_argument("--num-samples", type=int, default=1, metavar="N", help="how many continuations")
    group.add_argument("--backend", choices=["numpy", "cupy"], help="array library (default: numpy)")

    group = parser.add_argument_group("sampling")
    group.add_argument(
        "--temperature", type=float, default=0.8, metavar="T", help="0: always the likeliest token"
    )
    group.add_argument("--top-k", type=int, metavar="K", help="only the K likeliest tokens")
    group.add_argument(
        "--top-p", type=float, metavar="P", help="only the likeliest tokens of joint probability P"
    )
    group.add_argument("--seed", type=int, metavar="N", help="the same seed gives the same text")
    args = parser.parse_args(arguments)
    if args.num_samples < 1:
        parser.error(f"--num-samples is {args.num_samples} but must be at least 1")
    if args.prompt == "":
        parser.error("--prompt is empty: give at least one character, or leave it out")
    return args


def main():
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="replace")  # Windows' code page cannot say everything
    try:
        print_samples(parse_arguments())
    except (ValueError, OSError) as error:
        print(f"generate.py: error: {error}", file=sys.stderr)
        sys.exit(2)


def print_samples(args):
    Sampling(args.temperature, args.top_k, args.top_p)  # refuses what is out of range
    if args.backend:
        use_backend(args.backend)
    model = load_model(args.checkpoint)
    tokenizer = load_tokenizer(args.checkpoint)
    prompt = tokenizer.encode_ordinary(args.prompt)
    sampling = {"temperature": args.temperature, "top_k": args.top_k, "top_p": args.top_p, "seed": args.seed}
    rows = generate(
        model, [prompt] * args.num_samples, args.max_new_tokens, stop_token=tokenizer.eot_token, **sampling
    )
    for i, ids in enumerate(rows.tolist()):
        if args.num_samples > 1:
            print(f"--- sample {i + 1}")
        end = (
            ids.index(tokenizer.eot_token, len(prompt))
            if tokenizer.eot_token in ids[len(prompt) :]
            else len(ids)
        )
        # Where the length limit cuts a character in two, its first bytes are not printed.
        print(tokenizer.decode(ids[:end]).rstrip("\ufffd").strip("\n"))


if __name__ == "__main__":
    main()
