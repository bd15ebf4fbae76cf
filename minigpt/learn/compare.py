"""Where does a GPT of your own first go wrong? Compare its arrays with a reference."""

import sys
import zipfile
from pathlib import Path

import numpy as np

from minigpt.gradcheck.diagnosis import find_relation, forms, is_whole
from minigpt.interchange.safetensors_file import open_metadata, open_safetensors
from minigpt.learn.diagnose import describe_mistakes
from minigpt.learn.language import add_language, choose
from minigpt.learn.names import renamed
from minigpt.learn.reference import ADAMW
from minigpt.learn.sites import named_at

TOLERANCES = {"float64": 1e-9, "float32": 2e-5, "float16": 2e-2}  # of the largest number of an array
CLIPPED = 1e-6  # torch's clip_grad_norm_ divides by norm + 1e-6, and what comes after a clip inherits that
HIDDEN = -1e4  # what others put in the place of a score of −∞ is at most this
REFERENCE = ("the reference", "参考值")


def add_arguments(parser):
    parser.add_argument("file", type=Path, help="your arrays: .safetensors or .npz")
    parser.add_argument(
        "--with", dest="reference", type=Path, required=True, metavar="DIR", help="what `reference` wrote"
    )
    add_language(parser)


def run(args):
    reference = read_reference(args.reference)
    lines, n_off = compare(read_arrays(args.file), reference)
    print("\n".join(choose(line, args.lang) for line in lines))
    if n_off:
        sys.exit(1)


def read_reference(folder):
    """The float64 arrays of a reference in the order of the computation. Raises ValueError, OSError."""
    path = folder / "float64.safetensors"
    if not path.is_file():
        raise ValueError(f"there is no {path}: `python -m minigpt.learn reference --out {folder}` writes it")
    arrays = read_arrays(path)
    order = open_metadata(path).get("order", "").split("\n")
    if sorted(order) != sorted(arrays):
        raise ValueError(f"{path} is no reference: its metadata does not say in which order its arrays come")
    return {name: arrays[name] for name in order}


def read_arrays(path):
    """A dict by name from a .safetensors or .npz file. Raises ValueError for what is neither, OSError."""
    if path.suffix == ".npz":
        try:
            with np.load(path, allow_pickle=False) as file:
                return {name: file[name] for name in file.files}
        except (zipfile.BadZipFile, ValueError, EOFError) as error:
            raise ValueError(f"{path} is no .npz file of arrays: {error}") from None
    arrays = {}
    for name, stored in open_safetensors(path).items():
        whole = {"I64": "<i8", "I32": "<i4", "U32": "<u4", "I16": "<i2", "U16": "<u2"}.get(stored.dtype)
        arrays[name] = stored.content.view(whole).reshape(stored.shape) if whole else stored.read()
    return arrays


def compare(arrays, reference):
    """-> the lines of the table, texts, and how many arrays are off: they come first, in their order."""
    found, unknown = renamed(arrays, reference)
    if not found:
        raise ValueError(
            f"none of the names is known, such as {next(iter(arrays), 'none at all')!r}: the reference's "
            "README lists them"
        )
    order = [name for name in reference if name in found]
    errors = {name: relative_error(found[name], reference[name]) for name in order}
    off = [name for name in order if not errors[name] <= tolerance(name, found[name])]
    width = max(map(len, off), default=0)
    lines = []
    for name in off:
        lines.append(off_line(name, found[name], reference[name], errors[name], width))
        if name == off[0]:  # what comes after it was computed from it
            exercise, mistakes = named_at(name, found[name], reference, ADAMW, tolerance(name, found[name]))
            if mistakes:
                lines += describe_mistakes(exercise, mistakes, [name])
                continue
        earlier = list(reference)[: list(reference).index(name)]
        relation = describe(found[name], reference[name], {key: reference[key] for key in earlier})
        if relation:
            lines.append(tuple(" " * 9 + text for text in relation))
    right = [name for name in order if name not in off]
    worst = max((errors[name] for name in right), default=0.0)
    if off:
        before = order[: order.index(off[0])]
        last = (
            (f"; the last of them is {before[-1]}", f"；其中最后一个是 {before[-1]}") if before else ("", "")
        )
        lines.append(
            (
                f"{len(off)} of {len(order)} arrays are off, the first is {off[0]}. "
                f"Right before it: {len(before)}{last[0]}.",
                f"{len(order)} 个数组中有 {len(off)} 个不对，第一个是 {off[0]}。"
                f"在它之前正确的有 {len(before)} 个{last[1]}。",
            )
        )
    else:
        lines.append(
            (
                f"all {len(order)} arrays are right, the largest relative error is {worst:.1e}",
                f"{len(order)} 个数组全部正确，最大相对误差 {worst:.1e}",
            )
        )
    missing = len(reference) - len(order)
    if missing:
        lines.append(
            (f"{missing} arrays of the reference were not given", f"参考中还有 {missing} 个数组没有给出")
        )
    if unknown:
        names = ", ".join(unknown[:6]) + (", …" if len(unknown) > 6 else "")
        lines.append((f"not compared, the reference has no such: {names}", f"未比较（参考中没有）：{names}"))
    return lines, len(off)


def tolerance(name, array):
    """How far an array of its dtype may be from exact numbers, after a whole model and three steps."""
    least = CLIPPED if name.startswith(("clipped.", "step")) else 0.0
    return max(least, TOLERANCES.get(array.dtype.name, TOLERANCES["float64"]))


def relative_error(actual, right):
    """max |actual − right| / max |right|; inf where the shapes differ, or where only one is finite."""
    if actual.shape != right.shape:
        return np.inf
    actual = hidden_to_infinity(actual.astype(np.float64), right)
    finite = np.isfinite(right)
    if not np.array_equal(actual[~finite], right[~finite]) or not np.isfinite(actual[finite]).all():
        return np.inf
    size = np.abs(right[finite]).max(initial=0.0)
    return float(np.abs(actual[finite] - right[finite]).max(initial=0.0) / (size or 1.0))


def hidden_to_infinity(actual, right):
    """−∞ wherever the reference has it and somebody else has a large negative number."""
    return np.where(np.isneginf(right) & (actual <= HIDDEN), -np.inf, actual)


def off_line(name, actual, right, error, width):
    """ "h.0.attn.q   OFF  relative error 3.1e-01; 120 of 120 entries"."""
    if actual.shape != right.shape:
        return (
            f"{name:<{width}} OFF  its shape is {actual.shape}, but must be {right.shape}",
            f"{name:<{width}} OFF  形状是 {actual.shape}，应为 {right.shape}",
        )
    size = np.abs(right[np.isfinite(right)]).max(initial=0.0) or 1.0
    with np.errstate(invalid="ignore"):
        near = tolerance(name, actual) * size
        actual = hidden_to_infinity(actual.astype(np.float64), right)
        n_off = (~((np.abs(actual - right) <= near) | (actual == right))).sum()
    return (
        f"{name:<{width}} OFF  relative error {error:.1e}; {n_off} of {right.size} entries",
        f"{name:<{width}} OFF  相对误差 {error:.1e}；{right.size} 个数中有 {n_off} 个不对",
    )


def describe(actual, right, known):
    """What a wrong array is to the right one, a text, or None: too few numbers prove nothing.

    known: the arrays before it by name, one of which may have been added or left out.
    """
    if right.size < 4 or right.dtype.kind != "f":
        return None
    relation = find_relation([(actual.astype(np.float64), right)], REFERENCE, [known])
    if relation is None or relation.key == ("some",):  # how many places are wrong the line above says
        return None
    if relation.factor is None:
        return relation.text
    english, chinese = relation.text
    factor = factor_text(relation.factor)
    if not factor:
        return f"it is {english}", f"它是{chinese}"
    return f"it is {factor} · {english}", f"它是{chinese}的 {factor} 倍"


def factor_text(factor):
    """A factor in the fewest signs: nothing for 1, "−1", "12", "1/√3"."""
    if abs(factor) == 1:
        return "−1" if factor < 0 else ""
    for sign, number, form in forms(factor):
        if is_whole(number):
            return f"{sign}{form.format(round(number))}"
    return f"{factor:.6g}"
