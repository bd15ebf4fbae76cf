"""The command line: python -m tokenizer train | encode | decode | show."""

import argparse
import os
import sys
import warnings
from pathlib import Path

from tokenizer.bpe import BPETokenizer
from tokenizer.char import CharTokenizer
from tokenizer.loading import load_tokenizer
from tokenizer.patterns import GPT2_PATTERN
from tokenizer.show import show_merges, show_tokens, without_orders, word_to_show
from tokenizer.text_source import text_blocks, whole_characters
from tokenizer.word import WordTokenizer

PROGRAM = "python -m tokenizer"


def main(arguments=None):
    """Run one command; the exit status: 0, or 2 after an error that is told in one sentence on stderr."""
    for name in ("stdin", "stdout", "stderr"):
        if getattr(sys, name) is None:  # closed by the caller, as in `… >&-`
            setattr(sys, name, open(os.devnull, "r" if name == "stdin" else "w", encoding="utf-8"))
    # UTF-8 whatever the code page of a Windows console is, and line ends as they are.
    sys.stdin.reconfigure(encoding="utf-8", newline="")
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", newline="\n")
    options = _parser().parse_args(arguments)
    warnings.showwarning = _show_warning
    try:
        options.run(options)
        sys.stdout.flush()
    except BrokenPipeError:  # `… | head` has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (OSError, ValueError) as error:
        print(f"{PROGRAM}: error: {without_orders(str(_sentence(error)))}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f"{PROGRAM}: interrupted", file=sys.stderr)
        return 130
    return 0


def _parser():
    parser = argparse.ArgumentParser(
        prog=PROGRAM, description="Train tokenizers, use them, and look at them."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    train = commands.add_parser("train", help="learn a vocabulary from text files")
    train.add_argument("files", nargs="+", type=Path, metavar="FILE", help="text in UTF-8")
    train.add_argument("--out", required=True, metavar="DIR", help="where tokenizer.json goes")
    train.add_argument("--type", choices=("bpe", "word", "char"), default="bpe", help="default: bpe")
    train.add_argument(
        "--vocab-size",
        type=int,
        metavar="N",
        help="tokens in all, the 256 bytes (bpe) and <|endoftext|> included; bpe needs it",
    )
    train.add_argument(
        "--pattern",
        default=GPT2_PATTERN,
        metavar="P",
        help="bpe: gpt2 (default), gpt4 or a regular expression",
    )
    train.add_argument(
        "--unk",
        action="store_true",
        help="char: encode a character that the text does not have, or that --vocab-size leaves no room for, "
        "as <|unk|>, not an error",
    )
    train.add_argument(
        "--workers", type=int, default=1, metavar="N", help="bpe: processes that count (default 1)"
    )
    train.set_defaults(run=_train)

    encode = commands.add_parser("encode", help="text to ids")
    encode.add_argument(
        "file", nargs="?", type=Path, metavar="FILE", help="text in UTF-8 (default: standard input)"
    )
    encode.add_argument(
        "--workers", type=int, default=1, metavar="N", help="processes that encode (default 1)"
    )
    encode.add_argument(
        "--allow-special",
        action="store_true",
        help="encode <|endoftext|> in the text as the token, not an error",
    )
    encode.set_defaults(run=_encode)

    decode = commands.add_parser("decode", help="ids to text")
    decode.add_argument(
        "file", nargs="?", type=Path, metavar="FILE", help="ids, with blanks or commas between them"
    )
    decode.set_defaults(run=_decode)

    show = commands.add_parser(
        "show", help="print a text with its tokens set apart, their ids, and how merges built a word"
    )
    show.add_argument("text", metavar="TEXT")
    show.add_argument(
        "--word", metavar="WORD", help="the word whose merges are shown (default: a long one of TEXT)"
    )
    show.add_argument("--color", choices=("auto", "always", "never"), default="auto", help="default: auto")
    show.set_defaults(run=_show)

    for command in (encode, decode, show):
        command.add_argument(
            "--tokenizer", required=True, metavar="DIR", help="directory with tokenizer.json"
        )
    return parser


def _train(options):
    if options.unk and options.type != "char":
        raise ValueError(
            f"--unk is for --type char, not for {options.type}: "
            "word always has <|unk|>, and bpe knows every character"
        )
    if options.type == "bpe":
        if options.vocab_size is None:
            raise ValueError("a BPE tokenizer needs --vocab-size, for example --vocab-size 8192")
        tokenizer = BPETokenizer.train(
            options.files,
            options.vocab_size,
            pattern=options.pattern,
            workers=options.workers,
        )
    elif options.type == "word":
        tokenizer = WordTokenizer.train(options.files, options.vocab_size)
    else:
        tokenizer = CharTokenizer.train(options.files, options.vocab_size, unk=options.unk)
    tokenizer.save(options.out)
    print(f"{tokenizer.n_vocab} tokens, saved in {options.out}")


def _encode(options):
    tokenizer = load_tokenizer(options.tokenizer)
    blocks = text_blocks(options.file if options.file else _standard_input())
    allowed = "all" if options.allow_special else ()
    for ids in tokenizer.encode_batch(blocks, options.workers, allowed_special=allowed):
        print(*ids)


def _decode(options):
    tokenizer = load_tokenizer(options.tokenizer)
    text = "".join(text_blocks(options.file)) if options.file else _standard_input()
    ids = []
    for number in text.replace(",", " ").split():
        try:
            ids.append(int(number))
        except ValueError:
            raise ValueError(
                f"ids are whole numbers with blanks or commas between them, which {number[:40]!r} is not"
            ) from None
    text = tokenizer.decode(ids)
    sys.stdout.write(without_orders(text) if sys.stdout.isatty() else text)


def _show(options):
    tokenizer = load_tokenizer(options.tokenizer)
    options.text = whole_characters(options.text)  # bytes on the command line that are no UTF-8
    color = options.color == "always" or (options.color == "auto" and sys.stdout.isatty())
    print(show_tokens(tokenizer, options.text, color))
    if isinstance(tokenizer, BPETokenizer):
        word = options.word or word_to_show(tokenizer, options.text)
        if word:
            print("\n" + show_merges(tokenizer, word))


def _standard_input():
    try:
        return sys.stdin.read()
    except UnicodeDecodeError as error:
        raise ValueError(f"standard input is not UTF-8 text: {error}") from None


def _sentence(error):
    """What an OSError says, without its number; of other errors their own words."""
    if isinstance(error, IsADirectoryError):
        return f"{error.filename} is a folder: name a file in it"
    if isinstance(error, (FileExistsError, NotADirectoryError)):
        return f"{error.filename} is a file, where a folder is needed"
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    return error


def _show_warning(message, category, filename, lineno, file=None, line=None):
    print(f"{PROGRAM}: warning: {without_orders(str(message))}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
