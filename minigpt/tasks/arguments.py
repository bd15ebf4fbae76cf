"""The flags of train.py: what they mean, and which values make sense together.

What they are by default stands beside them, and for tasks and models in defaults.py.
"""

from pathlib import Path

from minigpt.finetuning.peft import TARGETS
from minigpt.interchange.files import write_json
from minigpt.interchange.huggingface import MOST_LAYERS
from minigpt.tasks.defaults import BUNDLED, LORA_DEFAULTS, MODEL_DEFAULTS, TASK_DEFAULTS
from minigpt.tasks.flag_types import (
    amount,
    parting,
    place,
    proper_share,
    share,
    tokenizer_choice,
    whole_number,
)
from minigpt.tasks.memory import refuse_impossible_sizes
from minigpt.tasks.presets import PRESETS
from minigpt.tasks.saved_flags import read_saved_flags
from minigpt.tasks.start import TOKENIZERS
from minigpt.terminal import Help, Parser
from minigpt.training.documents import FILE
from minigpt.training.text_files import is_pipe

VALIDATION_SHARE = 0.1
MOST_WORKERS = 1024
ARGUMENTS_FILE = "arguments.json"  # in the output folder: the flags of the run there
NOT_SAVED = ("resume", "eval_only", "out", "distributed")  # what is said anew each time
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


def train_arguments(arguments=None):
    """Parse train.py's command line; what does not fit ends in a sentence and exit status 2."""
    parser = train_parser()
    args = parser.parse_args(arguments)
    parser.set_defaults(**TASK_DEFAULTS[args.task])
    parser.set_defaults(**MODEL_DEFAULTS[args.model])
    if args.lora_rank:
        parser.set_defaults(**LORA_DEFAULTS)
    args = parser.parse_args(arguments)
    if args.preset:
        parser.set_defaults(**PRESETS[args.preset])
    if args.init_from:
        parser.set_defaults(block_size=None)  # that of the base, which may be cut
    saved = {}
    if args.resume or args.eval_only:
        saved = saved_arguments(parser, Path(args.out) / ARGUMENTS_FILE)
        parser.set_defaults(**saved)
    args = parser.parse_args(arguments)
    check_arguments(parser, args, saved)
    return args


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
    args.planned_iters = max(args.max_iters, saved.get("max_iters", 0))  # fewer now are not fewer for ever


def train_parser():
    parser = Parser(
        prog="train.py",
        description="Train a GPT (or a bigram model, or an RNN) on text, on NumPy alone. Without flags it "
        "trains on the bundled English tales and Chinese dialogues for about three minutes.",
        formatter_class=Help,
        allow_abbrev=False,
    )
    one_or_more, zero_or_more = whole_number(1), whole_number(0)

    add = parser.add_argument_group("data and output").add_argument
    add(
        "--data",
        nargs="+",
        type=place,
        default=BUNDLED,
        metavar="PATH",
        help="UTF-8 text files, or folders of .txt files; also pipes, such as /dev/stdin; tasks of "
        "fine-tuning read files of records",
    )
    add(
        "--documents",
        type=parting,
        default=FILE,
        metavar="WHAT",
        help="pretrain: what a document is: file, lines (each of them), blank-lines (what is between them), "
        "or the text of a mark between documents (\\n is a line end). Unless it is file, whole documents are "
        "held back, drawn by --seed, windows begin at documents, and generate.py begins and ends one",
    )
    add(
        "--val-share",
        type=proper_share,
        default=VALIDATION_SHARE,
        metavar="P",
        help="pretrain, fill: share held back for validation: the end of each file, or so many documents",
    )
    add(
        "--val-data",
        nargs="+",
        type=place,
        metavar="PATH",
        help="pretrain, fill: validate on these files, and train on all of --data",
    )
    add(
        "--out",
        type=place,
        default="out",
        metavar="DIR",
        help="folder for the model, its tokenizer and the log",
    )
    add(
        "--tokenizer",
        type=tokenizer_choice,
        default="bpe",
        metavar="{bpe,char,word,DIR}",
        help="how text becomes token ids: learned from the text, or the tokenizer in a folder",
    )
    add(
        "--vocab-size", type=one_or_more, default=4096, metavar="N", help="tokens that bpe and word may learn"
    )
    add(
        "--unk",
        action="store_true",
        help="char: at most --vocab-size tokens, the commonest characters of the training text; any other "
        "character, in a prompt too, becomes <|unk|> instead of an error",
    )
    add("--init-from", type=place, metavar="DIR", help="start from the model in DIR, with its tokenizer")
    add("--preset", choices=PRESETS, help="named settings, which other flags may change")
    add("--resume", action="store_true", help="continue the run in --out from its last save")
    add(
        "--eval-only",
        action="store_true",
        help="only measure the model in --out: on the validation text, or on the test split of its records",
    )

    add = parser.add_argument_group("task").add_argument
    add("--task", default="pretrain", choices=TASK_DEFAULTS, help="what to learn; each has its bundled data")
    add(
        "--trainable",
        default="all",
        choices=["all", "last"],
        help="all weights, or the last block and the head",
    )
    add("--lora-rank", type=zero_or_more, default=0, metavar="R", help="train adapters of this rank; 0: none")
    add("--lora-alpha", type=amount, metavar="A", help="adapters count A/R times; 8 R where none is given")
    add("--lora-targets", nargs="+", default=list(TARGETS), choices=TARGETS, help="matrices with an adapter")
    add(
        "--balance",
        choices=["drop", "weights"],
        help="classify: drop rows of frequent labels, or weigh the loss",
    )
    add(
        "--augment",
        type=share,
        default=0.0,
        metavar="P",
        help="classify: share of words left out of a text, and share cut in two, anew at each step",
    )
    add("--label-column", metavar="NAME", help="classify: the column of labels, by name or number from 1")
    add("--text-column", metavar="NAME", help="classify: the column of texts, by name or number from 1")
    add(
        "--strict", action="store_true", help="a record that cannot be used ends the run; else it is left out"
    )
    add("--dpo-beta", type=amount, default=0.1, metavar="B", help="prefer: how closely to hold to the base")

    add = parser.add_argument_group("model").add_argument
    add("--model", default="gpt", choices=MODEL_DEFAULTS, help="kind of model")
    add("--n-layer", type=whole_number(1, MOST_LAYERS), default=4, metavar="N", help="blocks")
    add("--n-head", type=one_or_more, default=4, metavar="N", help="attention heads; must divide --n-embd")
    add("--n-embd", type=one_or_more, default=128, metavar="N", help="features of a token, or an rnn's state")
    add("--block-size", type=one_or_more, default=128, metavar="N", help="context length in tokens")
    add("--dropout", type=share, default=0.0, metavar="P", help="share of features switched off in training")

    add = parser.add_argument_group("optimisation").add_argument
    add("--batch-size", type=one_or_more, default=4, metavar="N", help="sequences in a batch")
    add(
        "--grad-accum", type=one_or_more, default=1, metavar="N", help="batches whose gradients make one step"
    )
    add(
        "--optimizer",
        default="muon",
        choices=["adamw", "muon"],
        help="what moves the matrices of a gpt's blocks; AdamW moves all the rest",
    )
    add("--max-iters", type=one_or_more, default=3000, metavar="N", help="steps")
    add("--learning-rate", type=amount, default=8e-3, metavar="LR", help="the highest learning rate")
    add("--min-lr", type=amount, default=1e-4, metavar="LR", help="the learning rate at the end")
    add(
        "--warmup-iters",
        type=zero_or_more,
        default=50,
        metavar="N",
        help="steps of linear rise at the beginning",
    )
    add("--weight-decay", type=amount, default=0.1, metavar="L", help="decay of matrices")
    add("--momentum", type=share, default=0.95, metavar="M", help="Muon's memory of the gradient")
    add("--beta1", type=share, default=0.9, metavar="B", help="AdamW's memory of the gradient")
    add(
        "--beta2",
        type=share,
        default=0.99,
        metavar="B",
        help="AdamW's memory of its square; for adapters 0.999",
    )
    add(
        "--grad-clip", type=amount, default=1.0, metavar="N", help="largest norm of the gradient; 0: no limit"
    )

    add = parser.add_argument_group("evaluation and machine").add_argument
    add(
        "--eval-interval",
        type=zero_or_more,
        default=500,
        metavar="N",
        help="steps between saves; 0: at the end",
    )
    add("--eval-iters", type=one_or_more, default=20, metavar="N", help="validation batches before each save")
    add(
        "--seed",
        type=whole_number(0, 2**63 - 1),
        default=1337,
        metavar="N",
        help="decides weights, batches and dropout, and which documents or records are held back",
    )
    add(
        "--workers",
        type=whole_number(1, MOST_WORKERS),
        metavar="N",
        help="threads (default: one for each processor)",
    )
    add(
        "--micro-batch",
        type=one_or_more,
        metavar="N",
        help="sequences a thread takes at once (default: by size)",
    )
    add("--backend", choices=["numpy", "cupy"], help="array library (default: numpy)")
    add(
        "--distributed",
        action="store_true",
        help="share the batches with the other processes that mpiexec has started; needs minigpt[mpi]",
    )
    return parser


def save_arguments(args):
    """Write the flags of a run into its output folder, from which --resume takes them. Raises OSError."""
    settings = {name: value for name, value in vars(args).items() if name not in NOT_SAVED}
    settings["max_iters"] = settings.pop("planned_iters")
    write_json(Path(args.out) / ARGUMENTS_FILE, settings)


def saved_arguments(parser, path):
    """The flags with which the run in the output folder was started.

    The folder may be of others. The paths among them are read from; what is written goes where --out says,
    on the command line.
    """
    if not path.exists():
        parser.error(f"there is no run in {path.parent}: it has no {path.name}")
    try:
        return read_saved_flags(parser, path, NOT_SAVED)
    except ValueError as error:
        parser.error(str(error))


def flag(name):
    """The flag that sets args.name."""
    return "--" + name.replace("_", "-")
