"""A reference agrees with PyTorch, under anybody's names, and the first line of compare is the fault."""

import re
import shutil
import subprocess
import types

import numpy as np
import pytest
from models import order_one_gpt
from scripts import run_main

from minigpt import GPT, GPTConfig, plain
from minigpt.interchange.safetensors_file import save_safetensors
from minigpt.learn import __main__
from minigpt.learn import reference as reference_module
from minigpt.learn.compare import compare, read_arrays, read_reference
from minigpt.learn.mistakes import MISTAKES
from minigpt.learn.reference import ADAMW, MAX_NORM, reference_arrays, small_gpt, write_reference

try:
    import torch
    from torch import nn
except ImportError:
    torch, nn = None, types.SimpleNamespace(Module=object)
needs_torch = pytest.mark.skipif(torch is None, reason="PyTorch is the oracle here")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    directory = tmp_path_factory.mktemp("reference")
    model = small_gpt(0)
    write_reference(directory, reference_arrays(model), model.config)
    return directory


@pytest.fixture(scope="module")
def reference(folder):
    return read_reference(folder)


def first_line(arrays, reference):
    """The name in the first line of the table, or "" where all is right."""
    lines, n_off = compare(arrays, reference)
    return lines[0][0].split()[0] if n_off else ""


# --- PyTorch and nanoGPT: a GPT of nn.Linear, under nanoGPT's names


class Attention(nn.Module):
    def __init__(self, C, H):
        super().__init__()
        self.c_attn, self.c_proj, self.H = nn.Linear(C, 3 * C), nn.Linear(C, C), H

    def forward(self, x):
        B, T, C = x.shape
        q, k, v = (part.view(B, T, self.H, -1).transpose(1, 2) for part in self.c_attn(x).split(C, dim=2))
        y = nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True)
        return self.c_proj(y.transpose(1, 2).reshape(B, T, C))


class MLP(nn.Module):
    def __init__(self, C):
        super().__init__()
        self.c_fc, self.gelu, self.c_proj = nn.Linear(C, 4 * C), nn.GELU("tanh"), nn.Linear(4 * C, C)

    def forward(self, x):
        return self.c_proj(self.gelu(self.c_fc(x)))


class Block(nn.Module):
    def __init__(self, C, H):
        super().__init__()
        self.ln_1, self.attn, self.ln_2, self.mlp = nn.LayerNorm(C), Attention(C, H), nn.LayerNorm(C), MLP(C)

    def forward(self, x):
        x = x + self.attn(self.ln_1(x))
        return x + self.mlp(self.ln_2(x))


class NanoGPT(nn.Module):
    def __init__(self, V, block_size, n_layer, H, C):
        super().__init__()
        self.transformer = nn.ModuleDict(
            {
                "wte": nn.Embedding(V, C),
                "wpe": nn.Embedding(block_size, C),
                "drop": nn.Dropout(0.0),
                "h": nn.ModuleList([Block(C, H) for _ in range(n_layer)]),
                "ln_f": nn.LayerNorm(C),
            }
        )
        self.lm_head = nn.Linear(C, V, bias=False)
        self.lm_head.weight = self.transformer["wte"].weight

    def forward(self, idx):
        t = self.transformer
        x = t["drop"](t["wte"](idx) + t["wpe"](torch.arange(idx.shape[1])))
        for block in t["h"]:
            x = block(x)
        return self.lm_head(t["ln_f"](x))


def nano_arrays(arrays, config, dtype):
    """Three steps of a NanoGPT that has the reference's weights: its arrays, as its modules call them."""
    model = NanoGPT(config.vocab_size, config.block_size, config.n_layer, config.n_head, config.n_embd).to(
        dtype
    )
    linear = {f"{name}.weight" for name, module in model.named_modules() if isinstance(module, nn.Linear)}
    linear.discard("lm_head.weight")
    with torch.no_grad():
        for name, param in model.named_parameters():
            weight = torch.tensor(arrays[name.removeprefix("transformer.")])
            param.copy_(weight.T if name in linear else weight)
    mine = {name: param.detach().numpy().copy() for name, param in model.state_dict().items()}
    mine.pop("lm_head.weight")  # it is wte.weight
    outputs = {}
    handles = [
        module.register_forward_hook(lambda _, given, out, name=name: outputs.setdefault(name, out))
        for name, module in model.named_modules()
        if name and not isinstance(module, (nn.ModuleDict, nn.ModuleList))
    ]
    matrices = [p for p in model.parameters() if p.ndim > 1]
    others = [p for p in model.parameters() if p.ndim == 1]
    groups = [
        {"params": matrices, "weight_decay": ADAMW["weight_decay"]},
        {"params": others, "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(groups, lr=ADAMW["lr"], betas=ADAMW["betas"], eps=ADAMW["eps"])
    idx, targets = torch.tensor(arrays["idx"]), torch.tensor(arrays["targets"])
    for step in (1, 2, 3):
        optimizer.zero_grad()
        logits = model(idx)
        if step == 1:
            for out in outputs.values():
                out.retain_grad()
        loss = nn.functional.cross_entropy(logits.flatten(0, 1), targets.flatten())
        loss.backward()
        grads = {name: p.grad.numpy().copy() for name, p in model.named_parameters()}
        norm = nn.utils.clip_grad_norm_(model.parameters(), MAX_NORM)
        if step == 1:
            mine |= {f"{name}.grad": g for name, g in grads.items()}
            mine |= {name: out.detach().numpy().copy() for name, out in outputs.items()}
            mine |= {f"{name}.grad": out.grad.numpy().copy() for name, out in outputs.items()}
            mine |= {"loss": loss.detach().numpy(), "norm": norm.numpy()}
            mine |= {f"clipped.{name}": p.grad.numpy().copy() for name, p in model.named_parameters()}
            for handle in handles:
                handle.remove()
        optimizer.step()
        if step != 2:
            mine |= {f"step{step}.{name}": p.detach().numpy().copy() for name, p in model.named_parameters()}
    return mine


@needs_torch
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_pytorch_gpt_under_nanogpts_names_agrees(dtype, folder, reference, tmp_path):
    arrays = read_arrays(folder / f"{dtype}.safetensors")
    mine = nano_arrays(arrays, reference_module.SIZES, getattr(torch, dtype))
    assert len(mine) > 150
    np.savez(tmp_path / "mine.npz", **mine)
    out, _ = run_main(__main__.main, "compare", tmp_path / "mine.npz", "--with", folder, "--lang", "en")
    assert re.match(r"all \d+ arrays are right", out) and "not compared" not in out, out


@needs_torch
def test_a_nanogpt_with_the_exact_gelu_is_off_where_gelu_is(folder, reference, monkeypatch):
    monkeypatch.setattr(nn, "GELU", lambda form, gelu=nn.GELU: gelu())
    mine = nano_arrays(read_arrays(folder / "float64.npz"), reference_module.SIZES, torch.float64)
    assert first_line(mine, reference) == "h.0.mlp.gelu"


@needs_torch
def test_torch_reads_the_safetensors(folder, reference):
    from safetensors.torch import load_file

    for name, array in load_file(folder / "float64.safetensors").items():
        assert np.array_equal(array.numpy(), reference[name])


# --- faults


FIRST = {  # a planted bug of plain.py -> the first array that is off
    "scores without 1/√D": "h.0.attn.S",
    "mask lets the next token be seen": "h.0.attn.S_masked",
    "eps outside of the root": "h.0.ln_1.sigma",
    "dprobs without 1/p": "d.probs",
    "dσ of the wrong sign": "d.ln_f.sigma",
    "dvar without the 2": "d.ln_f.var",
    "dmean without 1/σ": "d.ln_f.mean",
    "LayerNorm's gradient without mean(dn)": "d.h.1.x_mlp",
    "LayerNorm's gradient without mean(dn ⊙ n)": "d.h.1.x_mlp",
    "dW is a mean over the batch": "d.h.1.mlp.c_proj.weight",
    "du with tanh′ = 1 − tanh": "d.h.1.mlp.gelu.u",
    "u′ without the 3": "d.h.1.mlp.c_fc",
    "residual gradient around feed-forward lost": "d.h.1.x_attn",
    "residual gradient around attention lost": "d.h.0.x_mlp",
    "dv with P not transposed": "d.h.1.attn.v",
    "softmax gradient without δ": "d.h.1.attn.S_masked",
    "dq without 1/√D": "d.h.1.attn.q",
    "dk transposed": "d.h.1.attn.k",
    "dq and dk swapped": "d.h.1.attn.qkv",
    "dwpe is a mean over the batch": "d.wpe",
    "equal ids: only the last counts": "d.wte.weight.as_table",
    "tied wte: gradient of the head dropped": "d.wte.weight",
    "tied wte: gradient of the table dropped": "d.wte.weight",
    "norm without the root": "norm",
    "v of |g| instead of g²": "step1.wte.weight",
    "m not corrected": "step1.wte.weight",
    "v corrected with β₁": "step1.wte.weight",
    "biases decayed too": "step1.h.0.ln_1.weight",
}
BUGS = {mistake.name: (mistake.original, mistake.planted) for mistake in MISTAKES}


def wrong_arrays(what, monkeypatch):
    """The arrays that the reference would have if plain.py had this bug."""
    source = (reference_module.README.parents[1] / "plain.py").read_text(encoding="utf-8")
    wrong = types.ModuleType("wrong")
    original, planted = BUGS[what]
    assert source.count(original) == 1
    exec(compile(source.replace(original, planted), "wrong", "exec"), wrong.__dict__)
    monkeypatch.setattr(reference_module, "plain", wrong)
    return reference_arrays(small_gpt(0))


@pytest.mark.parametrize("what", FIRST)
def test_the_first_line_of_the_table_is_the_fault(what, reference, monkeypatch):
    mine = wrong_arrays(what, monkeypatch)
    assert first_line(mine, reference) == FIRST[what]
    lines, _ = compare({FIRST[what]: mine[FIRST[what]]}, reference)
    assert "OFF" in lines[0][0] and "OFF" in lines[0][1]


def test_the_diagnosis_stands_below_the_line(reference):
    for change, sentence in [
        (lambda a: a["d.h.0.attn.c_proj.weight"].T, "Your d.h.0.attn.c_proj.weight is exactly what"),
        (lambda a: -a["d.h.0.attn.c_proj.weight"], "it is −1 · the reference"),
        (lambda a: a["d.h.0.attn.c_proj.weight"] / 11, "it is 1/11 · the reference"),
        (
            lambda a: a["d.h.0.attn.c_proj.weight"] * (np.arange(12) < 11),
            "it is right except at index 11, the last,",
        ),
        (lambda a: a["d.h.0.attn.c_proj.weight"].sum(0), "it is the sum of the reference over axis 0"),
    ]:
        lines, n_off = compare({"d.h.0.attn.c_proj.weight": change(reference)}, reference)
        assert n_off == 1 and lines[1][0].strip().startswith(sentence), lines
        assert re.search("[\u4e00-\u9fff]", lines[1][1])


NAMED = {  # a planted bug -> what compare says below its first line
    "dk transposed": "exactly what comes out when dk is made with dS that is not transposed.",
    "dσ of the wrong sign": "exactly what comes out when dsigma has the wrong sign",
    "u′ without the 3": "exactly what comes out when ∂u/∂x lacks the 3.",
    "equal ids: only the last counts": "exactly what comes out when of equal ids only the last counts.",
    "mask lets the next token be seen": "exactly what comes out when the next token is seen too.",
    "dW is a mean over the batch": "exactly what comes out when dW is a mean over the batch.",
    "m not corrected": "exactly what comes out when m̂ is not corrected.",
    "biases decayed too": "exactly what comes out when biases are decayed too.",
    "norm without the root": "exactly what comes out when the norm is taken without the root.",
    "residual gradient around feed-forward lost": "it is the reference minus d.h.1.x_mlp",
    "scores without 1/√D": "it is 2 · the reference",
    "LayerNorm's gradient without mean(dn)": "is the same all along axis 2",
}


@pytest.mark.parametrize("what", NAMED)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_what_the_exercises_know_is_said_of_a_whole_model_too(what, dtype, reference, monkeypatch):
    if dtype == "float32" and not NAMED[what].startswith("exactly"):
        pytest.skip("relations are held to 1e-6")
    mine = wrong_arrays(what, monkeypatch)
    mine = {name: array.astype(dtype) if array.dtype.kind == "f" else array for name, array in mine.items()}
    lines, _ = compare(mine, reference)
    assert NAMED[what] in lines[1][0], lines[:3]


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_nan_is_off_wherever_it_stands(value, reference):
    mine = reference["h.0.ln_1"].copy()
    mine[0, 0, 0] = value
    lines, n_off = compare({"h.0.ln_1": mine}, reference)
    assert n_off == 1 and "nan or inf at 1 of" in lines[1][0]


# --- names


def llm_c(reference):
    """The reference's arrays as llm.c keeps them: layers stacked, matrices (out, in), 1/sigma."""
    from minigpt.learn.names import LINEAR, STACKED

    mine = {}
    for before, prefix in [("", ""), ("d.", "grads.")]:
        for short, name in STACKED.items():
            name, flip = re.sub("rstd$", "sigma", name), name.endswith("rstd")
            layers = [reference[f"{before}h.{i}.{name}"] for i in range(2)]
            if flip and before:
                continue
            layers = [layer.T if LINEAR.search(name) else 1 / layer if flip else layer for layer in layers]
            if short.endswith(("_mean", "_rstd")):
                layers = [layer[..., 0] for layer in layers]
            mine[prefix + short] = np.stack(layers)
        mine[prefix + "wte"], mine[prefix + "wpe"] = (
            reference[f"{before}{n}.weight"] for n in ("wte", "wpe")
        )
        mine[prefix + "lnfw"], mine[prefix + "lnfb"] = (
            reference[f"{before}ln_f.{n}"] for n in ("weight", "bias")
        )
        mine[prefix + "encoded"], mine[prefix + "logits"] = (
            reference[before + "x"],
            reference[before + "logits"],
        )
    mine["preatt"] = np.where(np.isneginf(mine["preatt"]), -1e10, mine["preatt"])
    return mine | {"inputs": reference["idx"].astype(np.int32), "losses": reference["losses"]}


def test_arrays_under_llm_cs_names_are_understood(reference, tmp_path, folder):
    mine = llm_c(reference)
    lines, n_off = compare(mine, reference)
    assert n_off == 0 and len(lines) == 2, lines
    mine["fch_gelu"][1] *= 1.1
    assert first_line(mine, reference) == "h.1.mlp.gelu"
    mine = llm_c(reference) | {"grads.qkvw": llm_c(reference)["grads.qkvw"] * [[[2.0]], [[1.0]]]}
    assert first_line(mine, reference) == "d.h.0.attn.c_attn.weight"


def test_arrays_under_hugging_faces_names_are_understood(reference):
    mine = {
        f"transformer.{name}": reference[name]
        for name in reference
        if name.startswith(("wte.w", "h.", "ln_f."))
    }
    mine = {name: array for name, array in mine.items() if name.endswith(("weight", "bias"))}
    mine |= {"lm_head.weight": mine.pop("transformer.wte.weight"), "transformer.h.1": reference["h.1.x_mlp"]}
    mine["input_ids"] = reference["idx"]
    lines, n_off = compare(mine, reference)
    assert n_off == 0 and not any("not compared" in english for english, _ in lines)


def test_other_names_are_listed_and_two_of_one_name_refused(reference):
    lines, n_off = compare({"loss": reference["loss"], "nothing": np.ones(3)}, reference)
    assert n_off == 0 and lines[-1][0] == "not compared, the reference has no such: nothing"
    with pytest.raises(ValueError, match="none of the names is known, such as 'nothing'"):
        compare({"nothing": np.ones(3)}, reference)
    with pytest.raises(ValueError, match=r"are both wte\.weight and they differ: keep one"):
        compare({"wte.weight": np.ones(3), "transformer.wte.weight": np.zeros(3)}, reference)


def test_a_square_matrix_is_turned_round_only_where_another_shows_that_all_are(reference):
    names = ("h.0.attn.c_proj.weight", "h.0.mlp.c_fc.weight")
    assert first_line({name: reference[name].T for name in names}, reference) == ""
    assert first_line({names[0]: reference[names[0]].T}, reference) == names[0]
    mixed = {names[0]: reference[names[0]], names[1]: reference[names[1]].T}
    assert first_line(mixed, reference) == names[0]


# --- files


def test_what_is_written_is_read_in_c(folder, reference, tmp_path):
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.skip("no C compiler")
    lines = (folder / "README.md").read_text(encoding="utf-8").partition("```c\n")[2].partition("```")[0]
    program = tmp_path / "read.c"
    program.write_text(
        "#include <stdio.h>\nint main(void) {\n" + lines + "float *p = (float *)q;\n"
        'for (unsigned i = 0; i < sizeof q / 4; i++) printf("%.9g\\n", p[i]);\n}\n',
        encoding="utf-8",
    )
    subprocess.run([compiler, str(program), "-o", str(tmp_path / "read")], check=True)
    out = subprocess.run(
        [str(tmp_path / "read")], cwd=folder, check=True, capture_output=True, text=True
    ).stdout
    expected = reference["h.0.attn.q"].astype(np.float32).ravel()
    assert np.array_equal(np.array(out.split(), dtype=np.float32), expected)


def test_the_table_says_where_every_array_begins(folder, reference):
    rows = (folder / "arrays.tsv").read_text(encoding="utf-8").splitlines()[1:]
    assert [row.split("\t")[0] for row in rows] == list(reference)
    for dtype, column in [("float64", 2), ("float32", 3)]:
        content = (folder / f"{dtype}.safetensors").read_bytes()
        for row in rows:
            cells = row.split("\t")
            array = reference[cells[0]]
            kind = np.dtype(dtype if array.dtype.kind == "f" else array.dtype)
            read = np.frombuffer(content, kind, array.size, int(cells[column])).reshape(array.shape)
            assert np.array_equal(read, array.astype(kind)) and cells[1] == ",".join(map(str, array.shape))


def test_npz_and_safetensors_hold_the_same_and_the_weights_are_exact_in_both_dtypes(folder, reference):
    for dtype in ("float64", "float32"):
        npz, safe = (read_arrays(folder / f"{dtype}{ending}") for ending in (".npz", ".safetensors"))
        assert npz.keys() == safe.keys() == reference.keys()
        assert all(np.array_equal(npz[name], safe[name]) for name in npz)
    assert all(np.array_equal(npz[name], reference[name]) for name in small_gpt(0).params)


def test_no_array_is_zero_and_clipping_clips(reference):
    for name, array in reference.items():
        assert np.abs(array[np.isfinite(array)]).max() > 0, name
    assert reference["norm"] > MAX_NORM


def test_a_checkpoint_can_be_the_reference(tmp_path):
    model = GPT(GPTConfig(11, 6, n_layer=1, n_head=2, n_embd=8, tie_weights=False), seed=3)
    model.save_pretrained(tmp_path / "model")
    out = tmp_path / "reference"
    run_main(__main__.main, "reference", "--out", out, "--checkpoint", tmp_path / "model")
    reference = read_reference(out)
    assert np.array_equal(reference["lm_head.weight"], model.params["lm_head.weight"])
    assert "the GPT-2 of `model`" in (out / "README.md").read_text(encoding="utf-8")
    a = plain.forward(model.params, reference["idx"], reference["targets"], 2)
    _, n_off = compare(a, reference)
    assert n_off == 0 and "float32" == a["logits"].dtype


def test_the_fast_model_agrees_with_its_reference():
    model = order_one_gpt(reference_module.SIZES, scale=0.4)
    reference = reference_arrays(model)
    loss, grads = model.loss_and_grads(reference["idx"], reference["targets"])
    mine = {"loss": loss} | {f"d.{name}": grad for name, grad in grads.items()}
    assert first_line(mine, {name: np.asarray(array) for name, array in reference.items()}) == ""


def test_what_cannot_be_compared_is_a_sentence(folder, tmp_path):
    (tmp_path / "bad.npz").write_bytes(b"no zip")
    np.savez(tmp_path / "pickle.npz", loss=np.array([None], dtype=object))
    save_safetensors(tmp_path / "fine.safetensors", {"loss": np.ones(1)})
    for arguments, sentence in [
        (["compare", tmp_path / "bad.npz", "--with", folder], "is no .npz file of arrays"),
        (["compare", tmp_path / "pickle.npz", "--with", folder], "is no .npz file of arrays"),
        (["compare", tmp_path / "none.npz", "--with", folder], "cannot be read or written: no such file"),
        (["compare", tmp_path / "fine.safetensors", "--with", tmp_path], "reference --out"),
        (["reference", "--out", tmp_path / "x", "--checkpoint", tmp_path], "there is no config.json in"),
    ]:
        _, error = run_main(__main__.main, *arguments, status=2)
        assert sentence in error and "Traceback" not in error
