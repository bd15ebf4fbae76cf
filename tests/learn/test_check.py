"""What `check` says of a learner's file: how it fails to run, and what is wrong with what it returns."""

import os
import re
import sys

import numpy as np
import pytest
from scripts import run_main, run_script

from minigpt.learn import __main__
from minigpt.learn.examine import examine
from minigpt.learn.exercise import Exercise
from minigpt.learn.language import system_language
from minigpt.learn.process import examine_apart, limit_memory

RIGHT = """    dbias = dy.sum((0, 1))
    dweight = (x.swapaxes(1, 2) @ dy).sum(0)
    return dy @ weight.T, dweight, dbias"""


def with_dx(code):
    return RIGHT.replace("dy @ weight.T", code)


def with_dbias(code):
    return RIGHT.replace("dy.sum((0, 1))", code)


def learner(folder, name, body):
    """A learner's file: the start of the exercise with a body in its function; and the body's first line."""
    source = Exercise(name).start("en")
    path = folder / f"{name}.py"
    path.write_text(source.replace("    ...  # yours\n", body + "\n"), encoding="utf-8", newline="\n")
    return path, source[: source.index("    ...  # yours\n")].count("\n") + 1


def said(folder, name, body, lang="en"):
    """What is said of this body, "LINE" in the place of its file and first line, "LINE+1" of the next."""
    path, first = learner(folder, name, body)
    with np.errstate(all="ignore"):
        right, text = examine(Exercise(name), path, lang)
    text = re.sub(
        re.escape(str(path)) + r":(\d+)",
        lambda match: "LINE" + (f"+{int(match[1]) - first}" if int(match[1]) > first else ""),
        text,
    )
    return right, text.replace(str(path), "FILE")


CONDUCT = [
    (
        "    return dy @ weight.T + missing",
        "LINE: raises NameError: name 'missing' is not defined (with B = ",
    ),
    ("    y = 1\n    return y / 0", "LINE+1: raises ZeroDivisionError: division by zero"),
    ("    return dy", "LINE: returns 1 thing in the place of 3: dx, dweight, dbias"),
    ("    return dy, x", "LINE: returns 2 things in the place of 3: dx, dweight, dbias"),
    ("    y = x\n    return None", "FILE: linear_backward returns nothing yet"),
    (
        RIGHT.replace("sum(0)", "sum((0, 2))"),
        "LINE+2: the shape of dweight is (5,), but must be (5, 7); dx and dbias are right\n",
    ),
    (RIGHT.replace("dweight =", "dweight = 0 *"), "dweight  OFF  relative error 1.0e+00"),
    (RIGHT.replace("(0, 1))", "(0, 1)).tolist()"), "LINE+2: dbias is a list, but an array of shape ("),
    (
        RIGHT.replace("weight.T,", "weight.T.astype('f'),").replace("dy @", "dy.astype('f') @"),
        "LINE+2: dx is float32",
    ),
    (with_dx("'no'"), "LINE+2: dx is a str, but an array of shape ("),
    (with_dx("x"), "LINE+2: dx is a view of the input x, or x itself"),
    ("    x -= 0.5\n" + RIGHT, "LINE: x is changed in place: it belongs to the caller"),
    ("    y = 1\n    weight[0] = 7\n" + RIGHT, "LINE+1: weight is changed in place"),
    ("    import sys\n    sys.exit()", "LINE+1: raises SystemExit"),
    ("    def f(n):\n        return f(n + 1)\n    f(0)", "LINE+1: raises RecursionError"),
]


@pytest.mark.parametrize("body, sentence", CONDUCT, ids=[sentence for _, sentence in CONDUCT])
def test_how_a_file_fails_is_said_with_its_line(body, sentence, tmp_path):
    right, text = said(tmp_path, "linear", body)
    assert not right and sentence in text
    assert re.search("[\u4e00-\u9fff]", said(tmp_path, "linear", body, "zh")[1])


def test_a_file_without_the_function_or_that_python_cannot_read(tmp_path):
    path = tmp_path / "linear.py"
    exercise = Exercise("linear")
    for source, sentence in [
        ("def other():\n    pass\n", f"{path}: there is no function linear_backward (found: other)"),
        ("def linear_backward(:\n", f"{path}:1: Python cannot read this line: "),
        ("x = 1\nraise ValueError('no')\n", f"{path}:2: raises ValueError: no (when the file is run)"),
        ("linear_backward = 3\n", f"{path}: linear_backward is 3, and no function"),
    ]:
        path.write_text(source, encoding="utf-8", newline="\n")
        right, text = examine(exercise, path)
        assert not right and text.startswith(sentence)
    path.write_bytes(b"\xff\xfe")
    assert examine(exercise, path) == (False, f"{path} is not UTF-8: save it as UTF-8")


GENERAL = [
    ("linear", RIGHT.replace("return dy @", "return -dy @"), "Your dx is minus the right result."),
    ("linear", with_dbias("dy.shape[1] * dy.sum((0, 1))"), "= T): a sum in the place of a mean?"),
    (
        "linear",
        RIGHT.replace("dbias = dy", "dbias = 1 / (dy.shape[0] * dy.shape[2]) * dy"),
        "= B·O): a mean in the place of a sum?",
    ),
    ("linear", with_dbias("dy.shape[2] ** 0.5 * dy.sum((0, 1))"), "is √O missing, or one too many?"),
    ("linear", RIGHT.replace("dbias = dy", "dbias = 3 * dy"), "Your dbias is 3 times the right result."),
    ("linear", with_dx("(dy @ weight.T).transpose(1, 0, 2)"), "transposed to (1, 0, 2)"),
    ("linear", with_dx("(dy @ weight.T).sum(1)"), "the sum of the right result over axis 1"),
    (
        "linear",
        with_dx("dy @ weight.T + x"),
        "Your dx: it is the right result plus x.",
    ),
    (
        "linear",
        with_dx("dy @ weight.T - x.mean(-1, keepdims=True)"),
        "the same all along axis 2",
    ),
    (
        "causal_mask",
        "    T = S.shape[-1]\n    out = np.where(np.tril(np.ones((T, T))) > 0, S, -math.inf)\n"
        "    out[..., -1, -1] = 0\n    return out",
        "No mistake I know gives this. Off (#)",
    ),
    (
        "position_embedding",
        "    d = np.zeros((block_size, dout.shape[2]))\n    d[: dout.shape[1]] = dout.sum(0)\n"
        "    d[dout.shape[1] - 1] = 0\n    return dout.copy(), d",
        "it is right except at index",
    ),
    ("gelu_forward", "    return np.roll(Y(x), 1, axis=1)\n\n\n" + "def Y(x):\n    u = math.sqrt(2 / math.pi)"
     " * (x + A * x**3)\n    return x * (1 + np.tanh(u)) / 2", "moved by one place further on along axis 1"),
    (
        "tied_head",
        "    dx = network_backward(dlogits @ table)\n    d = np.zeros(table.shape)\n    d[idx] += dx\n"
        "    return np.einsum('btv,btc->vc', dlogits, hidden) + d * 1.0 + 0 * d if False else "
        "np.einsum('btv,btc->vc', dlogits, hidden) + d",
        "exactly what comes out when of equal ids only the last counts.",
    ),
    (
        "rnn",
        "    da = dh * (1 - h**2)\n    return da @ Wx, da @ Wh.T, x.T @ da, h_before.T @ da, da.sum(0)",
        "matmul",
    ),
    ("linear", with_dx("weight @ dy.swapaxes(1, 2)"),
     "transposed to (0, 2, 1)"),
]  # fmt: skip


@pytest.mark.parametrize("name, body, sentence", GENERAL, ids=[sentence for *_, sentence in GENERAL])
def test_the_mistakes_of_any_formula_are_said(name, body, sentence, tmp_path):
    right, text = said(tmp_path, name, body)
    assert not right and sentence in text, text
    right, text = said(tmp_path, name, body, "zh")
    assert not right and re.search("[\u4e00-\u9fff]", text)


def test_what_is_right_for_square_shapes_alone_is_said(tmp_path):
    body = RIGHT.replace("(0, 1)", "(0, 1)").replace("dy @ weight.T", "np.einsum('bto,io->bti', dy, weight)")
    body = "    import numpy as np\n" + body.replace(
        "dweight = (x.swapaxes(1, 2) @ dy).sum(0)",
        "dweight = np.zeros((dy.shape[-1], dy.shape[-1])) + (x.swapaxes(1, 2) @ dy).sum(0)",
    )
    _, text = said(tmp_path, "linear", body)
    assert "Where all sizes are equal your result is right: two axes are exchanged." in text
    _, text = said(tmp_path, "linear", body, "zh")
    assert "当所有尺寸相等时你的结果是对的" in text


def test_of_many_mistakes_each_array_is_explained_by_itself(tmp_path):
    body = """    dv = P @ dy
    dP = dy @ v.swapaxes(1, 2)
    dS = P * dP
    return dS @ k, dS @ q, dv"""
    _, text = said(tmp_path, "attention", body)
    assert "Your dv is exactly what comes out when dv is made with P that is not transposed." in text
    delta = "the term Σ P dP of the softmax is left out"
    assert f"Your dq is exactly what comes out when dq lacks 1/√D, and {delta}." in text
    assert f"dk lacks 1/√D, and dk is made with dS that is not transposed, and {delta}." in text
    assert "同时犯这三个错误" in said(tmp_path, "attention", body, "zh")[1]


def test_of_a_list_the_first_place_is_said_that_is_off(tmp_path):
    _, text = said(tmp_path, "bpe_merge", "    return [*ids[:3], 77, *ids[4:-1]]")
    assert "First off at place " in text and "; length " in text


def test_the_line_of_the_issue(tmp_path):
    body = """    dn = dy * weight
    dx = (dn - dn.mean(-1, keepdims=True)) / sigma
    return dx, (dy * n).sum((0, 1)), dy.sum((0, 1))"""
    _, text = said(tmp_path, "layernorm", body)
    first, second, third = text.split("\n")
    assert re.fullmatch(
        r"dx       OFF  relative error \d\.\de-\d\d; \d+ of \d+ entries; dweight and dbias are right", first
    )
    assert second == "         Your dx is exactly what comes out when the term n · mean(dn ⊙ n) is left out."
    assert third.startswith("         → hint 2: n depends on x through sigma too")
    _, text = said(tmp_path, "layernorm", body, "zh")
    assert "你的 dx 与这个错误的结果完全相同：漏掉 n · mean(dn ⊙ n) 一项。" in text and "→ 提示 2：" in text


def test_nearly_right_is_not_right(tmp_path):
    for error, right in [("1e-8", False), ("1e-12", True)]:
        assert said(tmp_path, "linear", with_dx(f"dy @ weight.T * (1 + {error})"))[0] == right


def test_what_is_right_at_some_sizes_only_is_not_right(tmp_path):
    body = RIGHT.replace("    return", "    if len(dy) % 2:\n        dbias = dbias * 3\n    return")
    right, text = said(tmp_path, "linear", body)
    assert not right and "times the right result" not in text


def test_a_relation_that_holds_at_some_sizes_only_is_not_said(tmp_path):
    other = "    dbias = -dbias if len(dy) % 2 else np.roll(dbias, 1)\n    return"
    right, text = said(tmp_path, "linear", RIGHT.replace("    return", other))
    assert not right and "minus" not in text and "moved by" not in text and "No mistake I know" in text


def test_a_factor_is_named_by_a_size_only_where_it_is_that_size_each_time(tmp_path):
    first = Exercise("linear").draws()[0][1]
    _, text = said(tmp_path, "linear", with_dbias(f"{first['B']} * dy.sum((0, 1))"))
    assert f"Your dbias is {first['B']} times the right result." in text


def test_of_two_mistakes_that_give_the_same_none_is_named(tmp_path, monkeypatch):
    exercise = Exercise("linear")
    mistake = exercise.mistakes[0]
    twin = mistake._replace(english="another name of it", wrong=mistake.wrong + " + 0")
    monkeypatch.setattr(exercise, "mistakes", [*exercise.mistakes, twin])
    path, _ = learner(tmp_path, "linear", RIGHT.replace(mistake.right, mistake.wrong))
    _, text = examine(exercise, path, "en")
    assert "exactly what comes out" not in text and "mean in the place of a sum?" in text


def test_an_endless_loop_ends_and_its_line_is_said(tmp_path):
    path, first = learner(tmp_path, "linear", "    while True:\n        x = x + 0")
    right, text = examine_apart("linear", path, "en", seconds=2)
    assert not right
    assert re.fullmatch(
        re.escape(str(path))
        + rf":({first}|{first + 1}): still running after 2 seconds: does this loop ever end\?",
        text,
    )


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux holds a process to setrlimit")
def test_too_much_memory_ends_and_its_line_is_said(tmp_path):
    path, first = learner(tmp_path, "softmax", "    return np.zeros((1 << 20, 1 << 20))")
    right, text = examine_apart("softmax", path, "zh")
    assert not right and text.startswith(f"{path}:{first}: 申请的内存超过了检查的上限")


def test_a_file_that_ends_its_process_is_no_success(tmp_path):
    path, _ = learner(tmp_path, "linear", "    import os\n    os._exit(0)")
    right, text = examine_apart("linear", path, "en")
    assert not right and "the process ended with status 0 before the check was done" in text


def test_the_memory_limit_is_no_error_where_the_system_has_none(monkeypatch):
    monkeypatch.setitem(sys.modules, "resource", None)
    limit_memory()


def test_from_the_list_to_a_ticked_exercise(tmp_path):
    """start, hint, hint, a wrong check, the solution's body, a right check, list: as a learner types it."""
    folder = ["--folder", str(tmp_path / "my"), "--lang", "en"]
    path = tmp_path / "my" / "softmax.py"
    out, _ = run_main(__main__.main, "list", *folder)
    assert "  7  softmax " in out and "0 of 34 done" in out and "✓" not in out
    run_main(__main__.main, "start", "softmax", *folder)
    assert "Softmax: any scores become probabilities" in path.read_text(encoding="utf-8")
    _, error = run_main(__main__.main, "start", "softmax", *folder, status=2)
    assert "is there already, and not written over" in error
    assert run_main(__main__.main, "hint", "softmax", *folder)[0].count("\n") == 1
    assert run_main(__main__.main, "hint", "softmax", *folder)[0].count("\n") == 2
    out, _ = run_main(__main__.main, "hint", "softmax", "--folder", str(tmp_path / "my"), "--lang", "zh")
    assert "3/3" in out and "这是最后一条提示" in out
    out, _ = run_main(__main__.main, "check", path, "--lang", "en", status=1)
    assert "softmax returns nothing yet: it should return p" in out
    path.write_text(Exercise("softmax").solution, encoding="utf-8")
    out, _ = run_script(["-m", "minigpt.learn"], "check", path, environment={"LC_ALL": "zh_CN.UTF-8"})
    assert "softmax：正确" in out and "下一题：python -m minigpt.learn start cross_entropy" in out
    out, _ = run_main(__main__.main, "list", *folder)
    assert "✓  7  softmax" in out and "1 of 34 done" in out
    assert "def softmax(z):" in run_main(__main__.main, "solution", "softmax")[0]


def test_wrong_arguments_are_sentences(tmp_path):
    for arguments, sentence in [
        (["start", "layernrom"], "there is no exercise 'layernrom': `list` shows their names"),
        (["start", "norm"], "did you mean layernorm_forward or layernorm_parts or layernorm?"),
        (["check", tmp_path / "linear.py"], "which `start linear` writes"),
        (["check", tmp_path / "mine.py"], "there is no exercise 'mine'"),
    ]:
        _, error = run_main(__main__.main, *arguments, status=2)
        assert sentence in error and "Traceback" not in error
    (tmp_path / ".progress.json").write_text('{"done": 3}', encoding="utf-8")
    _, error = run_main(__main__.main, "list", "--folder", tmp_path, status=2)
    assert "is damaged: delete it" in error


@pytest.mark.parametrize(
    "variables, lang",
    [
        ({"LC_ALL": "zh_CN.UTF-8", "LANG": "en_US.UTF-8"}, "zh"),
        ({"LANG": "zh_TW"}, "zh"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
        ({"LC_ALL": "C", "LANG": "zh_CN.UTF-8"}, "en"),
    ],
)
def test_the_language_is_that_of_the_system(variables, lang, monkeypatch):
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert system_language() == lang


def test_windows_which_has_no_such_variables_is_asked_for_its_locale(monkeypatch):
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("locale.getlocale", lambda: ("Chinese (Simplified)_China", "936"))
    assert system_language() == "zh"
    monkeypatch.setattr("locale.getlocale", lambda: (None, None))
    assert system_language() == "en"
    assert os.environ.get("LANG") is None
