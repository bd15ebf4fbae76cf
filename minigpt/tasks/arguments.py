"""The flags of train.py: what they mean, and in which order defaults, presets and an earlier run set them.

What they are by default stands beside them, and for tasks and models in defaults.py; which values make no
sense together, in contradictions.py.
"""

import sys
from pathlib import Path

from minigpt.finetuning.peft import TARGETS
from minigpt.interchange.config_file import MOST_LAYERS
from minigpt.interchange.files import write_json
from minigpt.tasks.contradictions import check_arguments
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
from minigpt.tasks.presets import PRESETS
from minigpt.tasks.saved_flags import read_saved_flags
from minigpt.terminal import Help, Parser
from minigpt.training.documents import FILE

VALIDATION_SHARE = 0.1
MOST_WORKERS = 1024
ARGUMENTS_FILE = "arguments.json"  # in the output folder: the flags of the run there
NOT_SAVED = ("resume", "eval_only", "out", "distributed")  # what is said anew each time


def train_arguments(arguments=None):
    """Parse train.py's command line; what does not fit ends in a sentence and exit status 2."""
    parser = train_parser()
    given = sys.argv[1:] if arguments is None else arguments
    args, _ = parser.parse_known_args([each for each in given if each not in ("-h", "--help")])
    parser.set_defaults(**TASK_DEFAULTS[args.task])
    parser.set_defaults(**MODEL_DEFAULTS[args.model])
    if args.lora_rank:
        parser.set_defaults(**LORA_DEFAULTS)
    if args.preset:
        parser.set_defaults(**PRESETS[args.preset])
    args = parser.parse_args(arguments)
    if args.init_from:
        parser.set_defaults(block_size=None)  # that of the base, which may be cut
    saved = {}
    if args.resume or args.eval_only:
        saved = saved_arguments(parser, Path(args.out) / ARGUMENTS_FILE)
        parser.set_defaults(**saved)
    args = parser.parse_args(arguments)
    check_arguments(parser, args, saved)
    args.planned_iters = max(args.max_iters, saved.get("max_iters", 0))  # fewer now are not fewer for ever
    return args


def train_parser():
    parser = Parser(
        prog="train.py",
        description="Train a GPT (or a bigram model, or an RNN) on text, on NumPy alone. Without flags it "
        "trains on the bundled English tales and Chinese dialogues for about three minutes. The defaults "
        "below are those of what is chosen beside --help, as of --task classify.",
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
        help="processes, or threads in short runs (default: one for each processor)",
    )
    add(
        "--micro-batch",
        type=one_or_more,
        metavar="N",
        help="sequences a worker takes at once (default: by size)",
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
