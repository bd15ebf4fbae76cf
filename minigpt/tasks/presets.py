"""Settings worth a name: `train.py --preset NAME` takes these where the command line says nothing else."""

from pathlib import Path

DOWNLOADS = Path(__file__).parents[2] / "data" / "downloads"

# nanoGPT's setting for a CPU (Karpathy, 2022, its README), step for step, so that losses can be compared.
SHAKESPEARE_CHAR_CPU = {
    "data": [str(DOWNLOADS / "shakespeare" / "tinyshakespeare.txt")],
    "tokenizer": "char",
    "n_layer": 4,
    "n_head": 4,
    "n_embd": 128,
    "block_size": 64,
    "batch_size": 12,
    "optimizer": "adamw",
    "max_iters": 2000,
    "learning_rate": 1e-3,
    "min_lr": 1e-4,
    "warmup_iters": 100,
    "weight_decay": 0.1,
    "beta1": 0.9,
    "beta2": 0.99,
    "grad_clip": 1.0,
    "dropout": 0.0,
}

PRESETS = {
    "shakespeare-char-cpu": SHAKESPEARE_CHAR_CPU,
    # As many steps as take the same processor time: one with Muon on this narrower model takes 0.81 times as
    # long as one of the above. All numbers were found by search. In so short a time 0.46 million parameters,
    # which see more text, learn more than 0.8 million, and windows of 96 or 128 characters, of which a batch
    # has fewer, no more than those of 80.
    "shakespeare-char-cpu-fast": SHAKESPEARE_CHAR_CPU
    | {"optimizer": "muon", "momentum": 0.85, "learning_rate": 2e-2, "min_lr": 0.0, "beta2": 0.95}
    | {"n_embd": 96, "block_size": 80, "batch_size": 10, "max_iters": 2400, "warmup_iters": 30},
}
