"""A small GPT with every array of three training steps, to compare an implementation in any language with."""

import io
from pathlib import Path

import numpy as np

import minigpt.plain as plain
from minigpt.interchange.files import write_atomically
from minigpt.interchange.safetensors_file import open_header, save_safetensors
from minigpt.model import GPT, GPTConfig

SIZES = GPTConfig(vocab_size=13, block_size=7, n_layer=2, n_head=3, n_embd=12)
B, T = 2, 5
MAX_NORM = 1.0
ADAMW = {"lr": 0.01, "betas": (0.9, 0.95), "eps": 1e-4, "weight_decay": 0.1}
FILES = {"float64": np.float64, "float32": np.float32}
TABLE = "arrays.tsv"
README = Path(__file__).with_name("reference.md")


def add_arguments(parser):
    parser.add_argument("--out", required=True, metavar="DIR", help="where the files go")
    parser.add_argument(
        "--checkpoint",
        metavar="DIR",
        help="a GPT-2 folder, not the small GPT; memory then holds its weights some 25 times",
    )
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of ids, and of the small GPT")


def run(args):
    model = GPT.from_pretrained(args.checkpoint) if args.checkpoint else small_gpt(args.seed)
    arrays = reference_arrays(model, args.seed)
    write_reference(Path(args.out), arrays, model.config, args.checkpoint)
    print(f"{args.out}: {len(arrays)} arrays in float64 and float32; {args.out}/README.md says what they are")


def small_gpt(seed):
    """A GPT whose weights are large enough that no wrong formula looks right, exact in float32."""
    model = GPT(SIZES, seed=seed, dtype="float32")
    rng = np.random.default_rng([seed, 1])
    for param in model.params.values():
        spread = 0.5 if param.ndim > 1 else 0.2
        param += (spread * rng.standard_normal(param.shape)).astype(np.float32)
    return model


def reference_arrays(model, seed=0):
    """Every array by name, float64, in the order of the computation: a dict.

    idx, targets; the weights; what forward computes; "d." and a name: its gradient, in the order of the
    backward; norm, "clipped." and a parameter; "step1." and "step3." and a parameter: its value after
    one and after three steps of AdamW on the same batch, each with a forward, a backward and a clip.
    """
    config = model.config
    rng = np.random.default_rng([seed, 2])
    windows = rng.integers(config.vocab_size, size=(B, min(T, config.block_size) + 1))
    windows[1, 1] = windows[0, 1]  # an id that is repeated
    idx, targets = windows[:, :-1], windows[:, 1:]
    params = {name: np.asarray(param, dtype=np.float64) for name, param in model.params.items()}
    arrays, m, v = {"idx": idx, "targets": targets} | params, {}, {}
    for step in (1, 2, 3):
        a = plain.forward(params, idx, targets, config.n_head, config.layer_norm_epsilon)
        d = plain.backward(params, a, idx, targets)
        clipped, norm = plain.clip(params, d, MAX_NORM)
        if step == 1:
            arrays |= a | {f"d.{name}": array for name, array in d.items()}
            arrays |= {"norm": np.array(norm)} | {f"clipped.{name}": array for name, array in clipped.items()}
        params, m, v, _, _, _ = plain.adamw(params, clipped, m, v, step, **ADAMW)
        if step != 2:
            arrays |= {f"step{step}.{name}": array for name, array in params.items()}
    return {name: np.asarray(array) for name, array in arrays.items()}


def write_reference(folder, arrays, config, checkpoint=None):
    """float64 and float32, each as safetensors and npz; where each array lies in them; and a README."""
    folder.mkdir(parents=True, exist_ok=True)
    headers = {}
    for name, dtype in FILES.items():
        rounded = {key: a.astype(dtype) if a.dtype.kind == "f" else a for key, a in arrays.items()}
        path = folder / f"{name}.safetensors"
        save_safetensors(path, rounded, {"order": "\n".join(arrays)})
        npz = io.BytesIO()
        np.savez(npz, **rounded)
        write_atomically(folder / f"{name}.npz", npz.getvalue())
        headers[name] = first_bytes(path)
    lines = ["name\tshape\tfirst byte in float64.safetensors\tfirst byte in float32.safetensors"]
    for name, array in arrays.items():
        shape = ",".join(map(str, array.shape))
        lines.append("\t".join([name, shape, *(str(headers[file][name]) for file in FILES)]))
    write_atomically(folder / TABLE, ("\n".join(lines) + "\n").encode("utf-8"))
    text = readme(folder, arrays, config, checkpoint, headers["float32"])
    write_atomically(folder / "README.md", text.encode("utf-8"))


def first_bytes(path):
    """Where the numbers of each array begin in a safetensors file: a dict by name."""
    header, data = open_header(path)
    start = path.stat().st_size - len(data)
    return {
        name: start + entry["data_offsets"][0] for name, entry in header.items() if name != "__metadata__"
    }


def readme(folder, arrays, config, checkpoint, first):
    """What is in the folder, how it was made, and how it is read: reference.md with the figures put in."""
    sizes = {"block_size": config.block_size, "n_layer": config.n_layer} | dict(
        zip("BT", arrays["idx"].shape)
    )
    sizes |= {"V": config.vocab_size, "H": config.n_head, "C": config.n_embd}
    return README.read_text(encoding="utf-8").format(
        source=f"the GPT-2 of `{Path(checkpoint).name}`" if checkpoint else "a small GPT of random weights",
        layer_norm_epsilon=config.layer_norm_epsilon,
        tied="tied" if config.tie_weights else "not tied",
        table=TABLE,
        folder=folder.as_posix(),
        max_norm=MAX_NORM,
        first_byte=first["h.0.attn.q"],
        q_shape="][".join(map(str, arrays["h.0.attn.q"].shape)),
        **sizes,
        **ADAMW,
    )
