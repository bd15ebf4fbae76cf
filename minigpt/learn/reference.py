"""A small GPT with every array of three training steps, to compare an implementation in any language with."""

import io
from pathlib import Path

import numpy as np

from minigpt import plain
from minigpt.interchange.files import write_atomically
from minigpt.interchange.safetensors_file import open_header, save_safetensors
from minigpt.model import GPT, GPTConfig

SIZES = GPTConfig(vocab_size=13, block_size=7, n_layer=2, n_head=3, n_embd=12)
B, T = 2, 5
MAX_NORM = 1.0
ADAMW = {"lr": 0.01, "betas": (0.9, 0.95), "eps": 1e-4, "weight_decay": 0.1}
FILES = {"float64": np.float64, "float32": np.float32}
TABLE = "arrays.tsv"


def add_arguments(parser):
    parser.add_argument("--out", required=True, metavar="DIR", help="where the files go")
    parser.add_argument("--checkpoint", metavar="DIR", help="a GPT-2 folder in the place of the small GPT")
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
    for name, param in model.params.items():
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
    write_atomically(folder / "README.md", readme(arrays, config, checkpoint).encode("utf-8"))


def first_bytes(path):
    """Where the numbers of each array begin in a safetensors file: a dict by name."""
    header, data = open_header(path)
    start = path.stat().st_size - len(data)
    return {
        name: start + entry["data_offsets"][0] for name, entry in header.items() if name != "__metadata__"
    }


def readme(arrays, config, checkpoint):
    """What is in the folder, how it was made, and how it is read."""
    source = f"the GPT-2 of `{Path(checkpoint).name}`" if checkpoint else "a small GPT of random weights"
    batch, time = arrays["idx"].shape
    rate, (beta1, beta2) = ADAMW["lr"], ADAMW["betas"]
    return f"""# Every array of a training step

Of {source}: vocabulary V = {config.vocab_size}, context {config.block_size}, layers {config.n_layer}, heads H = {config.n_head},
channels C = {config.n_embd}, eps of LayerNorm {config.layer_norm_epsilon}, head {"tied" if config.tie_weights else "not tied"}. A batch of B = {batch}
sequences, T = {time} tokens each. No dropout.

Made by minigpt's `plain.py` in float64; `float32.*` is `float64.*` rounded, and the weights are exact in both. `.safetensors`
and `.npz` hold the same. Names and shapes stand in `{TABLE}`, in the order of the computation.

| name | what it is |
|---|---|
| `idx`, `targets` (B, T) int64 | ids, and the ids that come next |
| `wte.weight`, `h.0.attn.c_attn.weight`, … | the weights under GPT-2's names. Matrices are (in, out): `y = x @ w + b`; torch's `nn.Linear` keeps them transposed |
| `wte`, `wpe`, `x` | rows of the two tables; their sum |
| `h.0.ln_1`, `.ln_2`, `ln_f`; `.mean .var .sigma .n` of each | LayerNorm; `var` divides by C, `sigma = sqrt(var + eps)`, `n = (x - mean) / sigma` |
| `h.0.attn.qkv` (B, T, 3C), `.q .k .v` (B, H, T, C/H) | what `c_attn` puts out; cut in three, each by heads |
| `h.0.attn.S .S_masked .P` (B, H, T, T) | `q @ k.T / sqrt(C/H)`; -inf where the key comes after the query; its softmax |
| `h.0.attn.y .y_joined .c_proj`, `h.0.x_attn` | `P @ v`; heads side by side; the projection; the stream after it |
| `h.0.mlp.c_fc .gelu.u .gelu.gate .gelu .c_proj`, `h.0.x_mlp` | the feed-forward layer with the tanh form of GELU; the stream after it |
| `logits`, `probs` (B, T, V), `losses` (B, T), `loss` () | scores, their softmax, -log p of each target, the mean |
| `d.` + a name | the gradient of `loss` to that array, in the order of the backward; of a tied `wte.weight` also its terms `.as_table`, `.as_head` |
| `norm`, `clipped.` + a parameter | the norm of all gradients; the gradients shortened to a norm of {MAX_NORM} if it is above |
| `step1.`, `step3.` + a parameter | the weights after one and after three steps on this batch: forward, backward, clip, AdamW |

AdamW: lr {rate}, betas {beta1} and {beta2}, eps {ADAMW["eps"]} (outside of the root), weight decay {ADAMW["weight_decay"]} on matrices and tables only:
`w -= lr * (m_hat / (sqrt(v_hat) + eps) + decay * w)`. The eps is larger than usual on purpose: a gradient that is zero but for
rounding, as that of the keys' bias, must not become a step.

## Compare

    python -m minigpt.learn compare mine.safetensors --with {"DIR" if checkpoint else "reference/"}

`mine` may hold any of the arrays, under these names or those of nanoGPT, Hugging Face or llm.c.

## Read

PyTorch: `safetensors.torch.load_file("float32.safetensors")["h.0.attn.q"]`

NumPy: `np.load("float64.npz")["h.0.attn.q"]`

C: `{TABLE}` says at which byte of the safetensors file an array begins; numbers are little-endian, the last axis runs fastest.

```c
FILE *file = fopen("float32.safetensors", "rb");
fseek(file, FIRST_BYTE, SEEK_SET);
float q[2 * 3 * 5 * 4];
fread(q, sizeof(float), 2 * 3 * 5 * 4, file);
```
"""
