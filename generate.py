"""Continue a text with a trained model, talk with it, or measure how well it predicts a text.

    python generate.py                                          something new, from the model in out/
    python generate.py --prompt "Once upon a time" --temperature 0.8 --top-k 50 --num-samples 3 --seed 1
    python generate.py --prompt "Jo" --hide-prompt              the continuation alone
    python generate.py --prompt "The cat" --show-probabilities  each token, its probability, the runners-up
    python generate.py --prompt "The cat sat" --show-attention  who looks at whom, a table for each block
    python generate.py --chat                                   a conversation, line by line
    python generate.py --score my.txt                           loss, perplexity and bits per byte of a file
    python generate.py --checkpoint out-classify --prompt "You won a prize!"       labels, their probabilities
    python generate.py --checkpoint out-fill --fill "The [MASK] was cold."     what stands in the gap
    python generate.py --checkpoint out-instruct --prompt "Write the plural." --input fox   a tuned model

The folder may hold any GPT-2 model in Hugging Face's format.
"""

import importlib.util
import locale
import os
import sys
import warnings
from itertools import chain, count
from pathlib import Path

from minigpt import GPT, load_model, use_backend
from minigpt.cores import one_blas_thread
from minigpt.filling.gaps import describe_gaps, ids_to_fill, ids_with_gaps
from minigpt.filling.model import GapFiller
from minigpt.finetuning.classifier import GPTClassifier, describe_probabilities, text_ids
from minigpt.finetuning.prompt_format import InstructFormat, load_format
from minigpt.generation.attention_table import attention_tables
from minigpt.generation.beginning import WHOLE_FILES, load_beginning
from minigpt.generation.chat import LineFormat
from minigpt.generation.probability_line import probability_line
from minigpt.generation.text_stream import continuations, without_outer_line_ends
from minigpt.loading import text_folder
from minigpt.tasks.generate_flags import FILE_PREFIX, STDIN, parse_arguments
from minigpt.terminal import prepare_terminal, sentence
from minigpt.training.corpus import count_bytes
from minigpt.training.documents import documents_in
from minigpt.training.evaluation import bits_per_byte, perplexity, score, score_documents
from minigpt.training.runner import BatchRunner, keep_freed_memory
from minigpt.training.text_files import decoded_chunks, read_chunks, read_text
from tokenizer import load_tokenizer


def main():
    prepare_terminal("generate.py")
    args = parse_arguments()
    try:
        with one_blas_thread:
            run(args)
    except BrokenPipeError:  # whoever read our output has enough; Python would complain at its exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except (ValueError, OSError, MemoryError) as error:
        print(f"generate.py: error: {sentence(error)}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        print()
        sys.exit(130)


def run(args):
    prompts = [read_prompt(prompt) for prompt in args.prompt] if args.prompt else [None]
    inputs = [read_prompt(input) if input else "" for input in args.input or [""]]
    if args.input and not isinstance(load_format(text_folder(args.checkpoint)), InstructFormat):
        raise ValueError(f"--input is for a model tuned on instructions, which {args.checkpoint} is not")
    inputs = inputs * len(prompts) if len(inputs) == 1 else inputs
    prompts = [prompt for prompt in prompts for _ in range(args.num_samples)]
    args.inputs = [input for input in inputs for _ in range(args.num_samples)]  # one for each prompt
    if args.backend:
        use_backend(args.backend)
    keep_freed_memory()
    model = load_model(args.checkpoint)
    args.checkpoint = text_folder(args.checkpoint)
    tokenizer = load_tokenizer(args.checkpoint)
    if isinstance(model, GapFiller) and not args.fill and not args.show_attention:
        raise ValueError(
            f"{args.checkpoint} holds {model.kind}, which continues no text: give --fill a text with [MASK]"
        )
    if args.fill and not isinstance(model, GapFiller):
        raise ValueError(f"{args.checkpoint} holds no model that fills gaps: train.py --task fill makes one")
    if args.fill:
        print_fillings(model, tokenizer, args)
    elif isinstance(model, GPTClassifier):
        print_labels(model, tokenizer, prompts, args)
    elif args.score is not None:
        print_score(model, tokenizer, args)
    elif args.chat:
        chat(model, tokenizer, args)
    elif args.show_attention:
        print_attention(model, tokenizer, prompts, args)
    elif args.show_probabilities:
        print_probabilities(model, tokenizer, prompts, args)
    else:
        print_samples(model, tokenizer, prompts, args)


def read_prompt(prompt):
    """The text that a --prompt stands for."""
    if prompt == STDIN:
        text = read_stdin()
    elif prompt.startswith(FILE_PREFIX):
        text = read_text(prompt.removeprefix(FILE_PREFIX))
    else:
        return checked_prompt(prompt)
    return checked_prompt(text.removesuffix("\n").removesuffix("\r"))


def checked_prompt(text):
    if text == "":
        raise ValueError("--prompt is empty: give at least one character, or leave it out")
    return text


def read_stdin():
    """All of standard input, read as a file is; a notebook's has no bytes to read."""
    bytes_in = getattr(sys.stdin, "buffer", None)
    return sys.stdin.read() if bytes_in is None else "".join(decoded_chunks(bytes_in, "standard input"))


def print_labels(model, tokenizer, prompts, args):
    """The labels of every prompt with their probabilities, a prompt a line."""
    if not args.prompt or args.continuing:
        also = f", not {' and '.join(args.continuing)}" if args.continuing else ""
        raise ValueError(f"{args.checkpoint} holds a classifier: give it a text with --prompt{also}")
    for prompt in prompts:
        if model.text_end:  # trained here, where texts come without the blanks around them
            prompt = prompt.strip()
        ids, is_cut = text_ids(tokenizer, [prompt], model.config.block_size, model.text_end)
        if is_cut:
            warnings.warn(f"the text is cut to the context of {len(ids)} tokens", stacklevel=2)
        print(describe_probabilities(model, ids))


def print_fillings(model, tokenizer, args):
    """Every text of --fill with its gaps filled, and a line for each gap."""
    for text in args.fill:
        print(*describe_gaps(model, tokenizer, ids_with_gaps(tokenizer, read_prompt(text))), sep="\n")


def texts_of(model, tokenizer, prompts, args):
    """The continuations of all prompts, computed as one batch."""
    ids = prompts_ids(tokenizer, prompts, args)
    return continuations(model, tokenizer, ids, args.sampling, args.max_new_tokens, args.seed, args.stop)


def prompts_ids(tokenizer, prompts, args):
    """The ids that the model is given for each prompt, as it was trained to see them."""
    prompt_format = tuned_format(args)
    if prompt_format:
        return [
            asked_ids(prompt_format, tokenizer, prompt, input) for prompt, input in zip(prompts, args.inputs)
        ]
    beginning = load_beginning(args.checkpoint, tokenizer)
    return [beginning.ids(tokenizer, prompt) for prompt in prompts]


def asked_ids(prompt_format, tokenizer, prompt, input):
    """The ids that the answer to a prompt continues; input: an instruction's, "" where there is none."""
    turns = [("user", prompt)]
    if isinstance(prompt_format, InstructFormat):
        return prompt_format.prompt_ids(tokenizer, turns, input)
    return prompt_format.prompt_ids(tokenizer, turns)


def tuned_format(args):
    """The format in which --prompt is put to a model that was tuned to answer; None for any other."""
    return load_format(args.checkpoint) if args.prompt else None


def print_samples(model, tokenizer, prompts, args):
    """All texts, one below the other when they are done; with --stream the only one, as it grows.

    A model that was tuned to answer prints the answer alone.
    """
    pieces = texts_of(model, tokenizer, prompts, args)
    prompts = [shown_prompt(prompt, tokenizer, args) for prompt in prompts]
    if args.stream:
        for piece in without_outer_line_ends(chain(prompts, (piece for _, piece, _ in pieces))):
            print(piece, end="", flush=True)
        print()
        return
    texts = list(prompts)
    for i, piece, _ in pieces:
        texts[i] += piece
    for i, text in enumerate(texts):
        if len(texts) > 1:
            print(f"--- sample {i + 1}")
        print(text.strip("\n"))


def shown_prompt(prompt, tokenizer, args):
    """What is printed before a continuation: the prompt, but not the mark by which it begins a document."""
    if args.hide_prompt or tuned_format(args):
        return ""
    if prompt is None:
        prompt = load_beginning(args.checkpoint, tokenizer).text
    mark = "" if tokenizer.eot_token is None else tokenizer.decode([tokenizer.eot_token])
    return prompt.removeprefix(mark)


def print_probabilities(model, tokenizer, prompts, args):
    """Every token on a line of its own, with its probability and the runners-up."""
    lines = [[] for _ in prompts]
    for i, _, picked in texts_of(model, tokenizer, prompts, args):
        if picked is None:
            continue
        line = probability_line(tokenizer, *picked, args.sampling)
        if len(prompts) == 1:
            print(line, flush=True)
        lines[i].append(line)
    if len(prompts) > 1:
        for i, rows in enumerate(lines):
            print(f"--- sample {i + 1}", *rows, sep="\n")


def print_attention(model, tokenizer, prompts, args):
    """Who looks at whom in every prompt, the tables of a prompt below one another."""
    if not isinstance(model, (GPT, GapFiller)):
        raise ValueError(f"{args.checkpoint} holds {model.kind}: no token in it looks at another")
    if isinstance(model, GapFiller):
        ids = [ids_to_fill(tokenizer, prompt) for prompt in prompts]
    else:
        ids = prompts_ids(tokenizer, prompts, args)
    for i, of_prompt in enumerate(ids):
        if len(ids) > 1:
            print(f"--- prompt {i + 1}")
        print("\n\n".join(attention_tables(model, tokenizer, of_prompt, args.show_attention)))


def print_score(model, tokenizer, args):
    """The figures of --score, on one line."""
    beginning = load_beginning(args.checkpoint, tokenizer)
    with BatchRunner(model) as runner:
        if beginning.documents == WHOLE_FILES:
            text = read_text(args.score)
            n_bytes, ids = count_bytes(tokenizer, text), beginning.ids(tokenizer, text)
            loss, n_predicted = score(runner, ids, args.stride)
            found = f"{len(ids):,} tokens"
        else:
            marks = tuple(tokenizer.special_tokens)
            chunks = read_chunks(args.score, marks)
            texts = list(documents_in(chunks, beginning.documents, marks))
            n_bytes = sum(count_bytes(tokenizer, text) for text in texts)
            documents = [[*beginning.ids(tokenizer, text), tokenizer.eot_token] for text in texts]
            loss, n_predicted = score_documents(runner, documents, args.stride)
            found = f"{len(documents):,} documents, {n_predicted:,} tokens"
    print(
        f"{Path(args.score).name}: {found}, loss {loss:.4f}, perplexity {perplexity(loss):.2f}, "
        f"{bits_per_byte(loss, n_predicted, n_bytes):.3f} bits per byte"
    )


def chat(model, tokenizer, args):
    """Lines in, answers out, until the input ends."""
    prompt_format = load_format(args.checkpoint) or LineFormat(load_beginning(args.checkpoint, tokenizer))
    stops = (*args.stop, *prompt_format.stops)
    edit_whole_characters()
    interactive = sys.stdin.isatty()
    turns = []
    for turn in count():
        line = read_line("> " if interactive else "")
        if line is None:
            return
        if not line.strip():
            turns = []
            print("(a new conversation)" if interactive else "")
            continue
        turns.append(("user", line.strip()))
        seed = args.seed if args.seed is None else args.seed + turn
        ids = [prompt_format.prompt_ids(tokenizer, turns)]
        said = ""
        for _, piece, _ in continuations(
            model, tokenizer, ids, args.sampling, args.max_new_tokens, seed, stops
        ):
            print(piece, end="", flush=True)
            said += piece
        print()
        turns.append(("assistant", said))


def edit_whole_characters():
    """Let input() delete characters instead of bytes, and remember lines, in a terminal that speaks UTF-8.

    In another one (LC_ALL=C) readline would take the bytes of Chinese for commands. Windows needs none.
    """
    utf8 = hasattr(locale, "nl_langinfo") and locale.nl_langinfo(locale.CODESET) == "UTF-8"
    if utf8 and importlib.util.find_spec("readline"):
        importlib.import_module("readline")


def read_line(question):
    """A line from the terminal or a pipe; None at the end of the input (Ctrl-D; Ctrl-Z on Windows)."""
    try:
        return input(question)
    except EOFError:
        return None


if __name__ == "__main__":
    main()
