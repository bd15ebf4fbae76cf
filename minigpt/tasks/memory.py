"""Does a model fit this machine at all? Said before anything starts, and only where it clearly does not.

    parameters · (3 + workers) arrays     the weights, AdamW's two moments, and a gradient for each worker
                                          (less one for a matrix that Muon moves: it has one moment; more
                                          where workers are processes, which share copies)
    one sequence for each worker          its activations and its logits, as the backward pass needs them
    one batch                             ids and targets, 8 bytes each

in float32. What is really needed is more; so a run that passes may still be too large, a run that is refused
could never have been.
"""

import math
import os

from minigpt.bigram import BigramConfig, BigramLM
from minigpt.model import GPT, GPTConfig
from minigpt.muon import is_block_matrix
from minigpt.rnn import RNN, RNNConfig
from minigpt.training.runner import default_workers

BYTES = 4  # of a float32


def memory_of_machine():
    """The bytes that this process can have at most; None where the system does not say."""
    limits = []
    if hasattr(os, "sysconf") and {"SC_PAGE_SIZE", "SC_PHYS_PAGES"} <= os.sysconf_names.keys():
        limits.append(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    try:
        import resource

        soft, _ = resource.getrlimit(resource.RLIMIT_AS)
        limits += [] if soft == resource.RLIM_INFINITY else [soft]
    except ImportError:  # Windows
        pass
    return min((limit for limit in limits if limit > 0), default=None)


def least_memory(shapes, n_layer, n_embd, n_vocab, args):
    """The bytes that training takes at least."""
    n_sequences = args.batch_size * args.grad_accum
    workers = min(args.workers or default_workers(), n_sequences)
    n_params = sum(math.prod(shape) for shape in shapes.values())
    T = args.block_size
    activations = T * (8 * n_embd * n_layer + 2 * n_vocab)
    trains_all = not args.lora_rank and args.trainable == "all"
    floats = n_params * (3 + workers if trains_all else 1) + workers * activations
    if args.optimizer == "muon" and trains_all:
        floats -= sum(math.prod(shape) for name, shape in shapes.items() if is_block_matrix(name))
    return BYTES * floats + 16 * n_sequences * T


def refuse_impossible_sizes(args, n_vocab=1):
    """Raise ValueError for a new model that can never be trained on this machine.

    args: the flags of train.py. n_vocab: as far as it is known.
    """
    if args.init_from or args.eval_only or args.backend == "cupy":
        return
    if args.model == "bigram":
        n_layer, n_embd = 0, 0
        shapes = BigramLM.parameter_shapes(BigramConfig(n_vocab, args.block_size))
    elif args.model == "rnn":
        n_layer, n_embd = 1, args.n_embd
        shapes = RNN.parameter_shapes(RNNConfig(n_vocab, args.block_size, n_embd))
    else:
        n_layer, n_embd = args.n_layer, args.n_embd
        shapes = GPT.parameter_shapes(GPTConfig(n_vocab, args.block_size, n_layer, args.n_head, n_embd))
    least, there = least_memory(shapes, n_layer, n_embd, n_vocab, args), memory_of_machine()
    if there is not None and least > there:
        n_params = sum(math.prod(shape) for shape in shapes.values())
        raise ValueError(
            f"a model of {n_params:,} parameters (--n-layer, --n-embd, --vocab-size, --block-size), in "
            f"batches of {args.batch_size * args.grad_accum:,} (--batch-size, --grad-accum), takes at least "
            f"{gigabytes(least)} to train, but this machine has {gigabytes(there)}: take smaller ones"
        )


def gigabytes(n_bytes):
    return f"{n_bytes / 2**30:,.1f} GiB"
