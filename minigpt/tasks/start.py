"""What training begins with: a tokenizer, a model, and the choice of what of it is trained."""

import dataclasses
from pathlib import Path

from minigpt.bigram import BigramConfig, BigramLM
from minigpt.filling.model import GapFiller
from minigpt.finetuning.classifier import GPTClassifier
from minigpt.finetuning.last_blocks import LastBlocksGPT
from minigpt.finetuning.lora import LoRAGPT
from minigpt.finetuning.peft import ADAPTER_FOLDER
from minigpt.finetuning.peft_reading import is_adapter
from minigpt.loading import load_model, text_folder
from minigpt.model import GPT, GPTConfig
from minigpt.rnn import RNN, RNNConfig
from minigpt.tasks.memory import refuse_impossible_sizes
from tokenizer import BPETokenizer, CharTokenizer, WordTokenizer, load_tokenizer

TOKENIZERS = ("bpe", "char", "word")  # those that can be learned; --tokenizer also takes a folder with one


def starting_tokenizer(args, training_texts, all_texts):
    """The tokenizer that is given, or a new one, which learns from the training texts.

    A new one of characters must know all characters there are.
    """
    return given_tokenizer(args) or new_tokenizer(args, training_texts, all_texts)


def given_tokenizer(args):
    """The tokenizer of the run that is taken up, of --init-from, or in the folder --tokenizer; else None."""
    folder = None if args.tokenizer in TOKENIZERS else args.tokenizer
    source = args.out if args.resume or args.eval_only else args.init_from or folder
    if not source:
        return None
    tokenizer = load_tokenizer(text_folder(source))
    if tokenizer.eot_token is None:
        raise ValueError(
            f"the tokenizer in {source} has no token that ends a text, such as <|endoftext|>, "
            "and without one documents and answers have no end: name one as eos_token in its "
            "tokenizer_config.json"
        )
    return tokenizer


def new_tokenizer(args, training_texts, all_texts):
    """A tokenizer that learns from texts, of the kind --tokenizer."""
    if args.unk:
        return CharTokenizer.train(training_texts, args.vocab_size, unk=True)
    if args.tokenizer == "char":
        return CharTokenizer.train(all_texts)
    tokenizer_class = {"bpe": BPETokenizer, "word": WordTokenizer}[args.tokenizer]
    return tokenizer_class.train(training_texts, args.vocab_size)


def starting_model(args, n_vocab):
    """The model to train, with the choice of what of it is trained: all, the last block, or LoRA's adapters.

    Raises ValueError where that choice is made for another model than a GPT, and for a base that was trained
    to continue texts where gaps are to be filled, or the other way round.
    """
    model = base_model(args, n_vocab)
    if model.continues == (args.task == "fill"):
        found = "a model that continues texts" if model.continues else model.kind
        raise ValueError(f"{args.init_from} holds {found}, which --task {args.task} cannot begin with")
    if not args.lora_rank and args.trainable == "all":
        return model
    if not isinstance(model, GPT):
        raise ValueError(f"--lora-rank and --trainable last are for a gpt, not for {model.kind}")
    if args.lora_rank:
        if args.init_from and is_adapter(args.init_from):
            raise ValueError(
                f"--lora-rank trains adapters of a whole model, but {args.init_from} is an adapter: take the "
                "merged model, which lies in the folder around it where train.py wrote it"
            )
        alpha = 8 * args.lora_rank if args.lora_alpha is None else args.lora_alpha
        base_name = str(Path(args.init_from).resolve()) if args.init_from else None  # from any folder
        return LoRAGPT(model, args.lora_rank, alpha, args.lora_targets, args.seed, base_name)
    return LastBlocksGPT(model, model.config.n_layer - 1)


def starting_gpt(args, n_vocab):
    """As starting_model, for the tasks of fine-tuning. Raises ValueError for a base that is no GPT."""
    model = starting_model(args, n_vocab)
    if not isinstance(model, GPT):
        raise ValueError(f"{args.init_from} holds {model.kind}: take a GPT")
    return model


def base_model(args, n_vocab):
    """Random weights, or a copy of the model in --init-from; of a classifier its GPT."""
    if not args.init_from:
        refuse_impossible_sizes(args, n_vocab)
        if args.model == "bigram":
            return BigramLM(BigramConfig(n_vocab, args.block_size), args.seed)
        if args.model == "rnn":
            return RNN(RNNConfig(n_vocab, args.block_size, args.n_embd), args.seed)
        sizes = (args.block_size, args.n_layer, args.n_head, args.n_embd)
        model_class = GapFiller if args.task == "fill" else GPT
        return model_class(GPTConfig(n_vocab, *sizes, dropout=args.dropout), args.seed)
    model = load_model(args.init_from)
    if isinstance(model, GPTClassifier):
        model = model.gpt
    model.params = {name: param.copy() for name, param in model.params.items()}
    shorten_context(model, args)
    if isinstance(model, (GPT, GapFiller)):
        model.config = dataclasses.replace(model.config, dropout=args.dropout)
    return model


def model_folders(model, directory):
    """The folders of a run that can each be opened by themselves: the model's, and that of its adapter."""
    adapted = isinstance(getattr(model, "gpt", model), LoRAGPT)  # a classifier's GPT may have one
    return [Path(directory), Path(directory) / ADAPTER_FOLDER] if adapted else [Path(directory)]


def shorten_context(model, args):
    """Cut the model's context to --block-size, where that is given: later positions are left out.

    Raises ValueError for a longer one than the model has: there is nothing to know of positions it never saw.
    """
    block_size = args.block_size or model.config.block_size
    if block_size > model.config.block_size:
        raise ValueError(
            f"--block-size is {block_size} but the model in {args.init_from} has a context of "
            f"{model.config.block_size} tokens, which can be cut and not grown: take that or less"
        )
    model.config = dataclasses.replace(model.config, block_size=block_size)
    if isinstance(model, (GPT, GapFiller)):
        model.params["wpe.weight"] = model.params["wpe.weight"][:block_size].copy()
