"""Flags of train.py that make no sense together, or not in a task: each is refused in a sentence."""

from minigpt.tasks.memory import refuse_impossible_sizes
from minigpt.tasks.start import TOKENIZERS
from minigpt.training.documents import FILE
from minigpt.training.text_files import is_pipe

SPLIT_FLAGS = ("documents", "val_share", "val_data")  # of raw text: what is a document, what is held back
TOKENIZER_FLAGS = ("tokenizer", "vocab_size", "unk")
MODEL_FLAGS = ("model", "n_layer", "n_head", "n_embd", "block_size")
TASK_FLAGS = (
    "task",
    "trainable",
    "lora_rank",
    "lora_alpha",
    "lora_targets",
    "balance",
    "augment",
    "dpo_beta",
    "label_column",
    "text_column",
)
RAW_TEXT_TASKS = ("pretrain", "fill")
FINE_TUNING_TASKS = ("classify", "instruct", "chat", "prefer")
FLAGS_OF_TASKS = {  # flags that mean something in these tasks only
    "documents": ("pretrain",),
    "strict": FINE_TUNING_TASKS,
    "label_column": ("classify",),
    "text_column": ("classify",),
    "balance": ("classify",),
    "augment": ("classify",),
    "dpo_beta": ("prefer",),
}


def check_arguments(parser, args, saved):
    """Refuse flags that contradict each other, or the run that is taken up, whose flags are `saved`."""
    for name in ("init_from", "optimizer", *SPLIT_FLAGS, *TOKENIZER_FLAGS, *MODEL_FLAGS, *TASK_FLAGS):
        value, default = getattr(args, name), parser.get_default(name)
        if saved and value != saved.get(name, default):
            parser.error(f"{flag(name)} is {value} but the run in {args.out} has {saved.get(name, default)}")
        if name in SPLIT_FLAGS and args.task not in RAW_TEXT_TASKS and value != default:
            parser.error(f"{flag(name)} is for raw text: --task {args.task} splits its records by itself")
        its_own = args.init_from and name in TOKENIZER_FLAGS + MODEL_FLAGS and name != "block_size"
        if its_own and value != default:
            parser.error(f"{flag(name)} contradicts --init-from: the model in {args.init_from} has its own")
    draws_what_is_held_back = args.task not in RAW_TEXT_TASKS or args.documents != FILE
    if saved and draws_what_is_held_back and args.seed != saved["seed"]:
        what = "documents" if args.task == "pretrain" else "records"
        parser.error(
            f"--seed is {args.seed} but the run in {args.out} has {saved['seed']}: it decides which "
            f"{what} are held back"
        )
    for names, counts, why in (
        (("lora_alpha", "lora_targets"), args.lora_rank, "for adapters: give --lora-rank too"),
        (("n_embd",), args.model != "bigram", "for a gpt or an rnn: a bigram model is one table"),
        (("n_layer", "n_head", "dropout"), args.model != "bigram", "for a gpt: a bigram model is one table"),
        (("n_layer", "n_head", "dropout"), args.model != "rnn", "for a gpt: an rnn is one recurrent layer"),
        (("dropout",), args.task != "prefer", "not for --task prefer: the reference has none either"),
        (("lora_rank", "trainable"), args.task != "fill", "not for --task fill, which trains all weights"),
        (("momentum",), args.optimizer == "muon", "for --optimizer muon: AdamW's memory is --beta1"),
        (("preset",), not args.init_from, "for a model from its beginning: --init-from has its own sizes"),
    ):
        for name in names:
            if not counts and getattr(args, name) != parser.get_default(name):
                parser.error(f"{flag(name)} is {why}")
    if args.tokenizer not in TOKENIZERS and args.vocab_size != parser.get_default("vocab_size"):
        parser.error(f"--vocab-size is for a new tokenizer: the one in {args.tokenizer} has its own size")
    if args.unk and args.tokenizer != "char":
        parser.error("--unk is for --tokenizer char: word always has <|unk|>, and bpe knows every character")
    if args.val_data and args.val_share != parser.get_default("val_share"):
        parser.error("--val-data is what is held back: leave --val-share out")
    for path in (*args.data, *(args.val_data or ())) if saved else ():
        if is_pipe(path):  # of which train.py keeps a copy; in a folder of others it may be anything
            parser.error(f"{path} is no file that can be read again: name the text with --data")
    if args.min_lr > args.learning_rate:
        parser.error(
            f"--min-lr is {args.min_lr}, above --learning-rate {args.learning_rate}, from which it falls"
        )
    if args.distributed and args.eval_only:
        parser.error("--eval-only is done by one process: leave --distributed out")
    if args.task != "pretrain" and args.model != "gpt":
        parser.error(f"--task {args.task} takes a gpt, not --model {args.model}")
    for name, tasks in FLAGS_OF_TASKS.items():
        if args.task not in tasks and getattr(args, name) != parser.get_default(name):
            parser.error(f"{flag(name)} is for --task {' or '.join(tasks)}, not for --task {args.task}")
    if args.optimizer == "muon" and (args.model != "gpt" or args.lora_rank):
        of_model = {"bigram": "a bigram model's table", "rnn": "an rnn"}
        what = of_model.get(args.model, "adapters, whose products alone count")
        parser.error(f"--optimizer muon is for the matrices of a gpt's blocks, not for {what}: take adamw")
    if args.lora_rank and args.trainable == "last":
        parser.error(
            f"--lora-rank {args.lora_rank} trains adapters and --trainable last trains the last block: "
            "choose one of the two"
        )
    try:
        refuse_impossible_sizes(args)
    except ValueError as error:
        parser.error(str(error))
    if parser.get_default("warmup_iters") != args.warmup_iters > args.max_iters:
        parser.error(f"--warmup-iters is {args.warmup_iters}, more than the {args.max_iters} of --max-iters")


def flag(name):
    """The flag that sets args.name."""
    return "--" + name.replace("_", "-")
