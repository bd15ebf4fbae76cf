"""What train.py's flags are where nobody gives them: for each task, for each model, and for adapters.

What is not named here is as for pretraining a gpt, and stands beside the flag (arguments.py).
"""

from pathlib import Path

DATA = Path(__file__).parents[2] / "data"
BUNDLED = [str(DATA / "tales_en.txt"), str(DATA / "dialogues_zh.txt")]

# What the flags are by default for a task of fine-tuning, where it is not as for pretraining.
FINE_TUNING = {
    "optimizer": "adamw",
    "vocab_size": 4096,
    "batch_size": 16,
    "max_iters": 1500,
    "eval_interval": 250,
    "learning_rate": 2e-3,
    "dropout": 0.1,
}
TASK_DEFAULTS = {
    "pretrain": {},
    # One token in seven teaches something, so that batches are large; windows are short, as sentences are.
    "fill": {
        "data": ["stories_en.txt", "dialogues_zh.txt"],
        "optimizer": "adamw",
        "vocab_size": 4096,
        "block_size": 32,
        "batch_size": 128,
        "max_iters": 1500,
        "eval_interval": 250,
        "n_layer": 2,
        "learning_rate": 2e-3,
        "warmup_iters": 100,
    },
    "classify": {
        "data": ["messages_en.tsv", "messages_zh.tsv"],
        "optimizer": "adamw",
        "batch_size": 32,
        "max_iters": 1000,
        "eval_interval": 100,
        "learning_rate": 3e-3,
        "min_lr": 5e-5,
        # What there is to learn from is little: a small model, held back from learning it by heart.
        "n_layer": 1,
        "n_embd": 64,
        "vocab_size": 1536,
        "dropout": 0.3,
        "augment": 0.25,
    },
    "instruct": FINE_TUNING
    | {
        "data": ["instructions_en.jsonl", "instructions_zh.jsonl"],
        "optimizer": "muon",
        "max_iters": 3500,
        "eval_interval": 500,
        "learning_rate": 3e-3,
        "dropout": 0.0,  # in so few steps over so many records it slows learning more than it helps
    },
    "chat": FINE_TUNING
    | {
        "data": ["chat_en.txt", "chat_zh.txt"],
        "optimizer": "muon",
        "max_iters": 700,
        "eval_interval": 140,
        "learning_rate": 5e-3,  # Muon's; adapters, moved by AdamW, learn less at 2e-3 and at 1e-2
        "dropout": 0.0,  # as for instructions
    },
    "prefer": FINE_TUNING
    | {
        "data": ["preferences_en.jsonl", "preferences_zh.jsonl"],
        "max_iters": 300,
        "eval_interval": 50,
        "learning_rate": 2e-4,
        "min_lr": 2e-5,
        "dropout": 0.0,
    },
}
for _task, _defaults in TASK_DEFAULTS.items():
    if _task != "pretrain":
        _defaults |= {"data": [str(DATA / name) for name in _defaults["data"]], "out": f"out-{_task}"}

# A table of all pairs of tokens: characters, so that it is small, and rates at which it learns in seconds.
BIGRAM_DEFAULTS = {
    "tokenizer": "char",
    "out": "out-bigram",
    "optimizer": "adamw",
    "block_size": 64,
    "batch_size": 32,
    "max_iters": 500,
    "eval_interval": 100,
    "learning_rate": 0.1,
    "min_lr": 0.01,
    "warmup_iters": 0,
    "weight_decay": 0.0,
}

# Of characters too, so that the two can be compared: in half a minute it spells, and answers a question.
RNN_DEFAULTS = {
    "tokenizer": "char",
    "out": "out-rnn",
    "optimizer": "adamw",
    "n_embd": 256,
    "block_size": 64,
    "batch_size": 16,
    "max_iters": 1200,
    "eval_interval": 200,
    "learning_rate": 6e-3,
    "min_lr": 1e-4,
}

# What --model takes beside a gpt, with its defaults.
MODEL_DEFAULTS = {"gpt": {}, "bigram": BIGRAM_DEFAULTS, "rnn": RNN_DEFAULTS}

# Rows of the token table's adapter have a gradient now and then only: a longer memory of its square.
LORA_DEFAULTS = {"optimizer": "adamw", "beta2": 0.999}
