"""Examining a learner's file: does it run, does it return what it should, are the numbers right, if not, why.

Each finding is a text: a pair, English and Chinese.
"""

import ast
import copy
import sys
import traceback
import types
from pathlib import Path

import numpy as np

from minigpt.gradcheck.differences import numerical_gradient
from minigpt.learn.diagnose import Outcomes, describe_wrong
from minigpt.learn.exercise import chosen, load, named_results
from minigpt.learn.language import choose
from minigpt.learn.numbers import (
    TOLERANCE,
    all_equal,
    arrays_in,
    is_real,
    plain,
    unchanged,
)

SQUARE = 1000  # shapes from here on are of draws in which all sizes are equal


class Stop(Exception):
    """A finding after which nothing more can be examined."""

    def __init__(self, english, chinese):
        super().__init__(english)
        self.text = (english, chinese)


def examine(exercise, path, lang=None):
    """-> (whether the file is right, the lines of the report as one string).

    exercise: an Exercise; path: the learner's file, which is run here, in this process.
    """
    try:
        function = load_learner(exercise, Path(path))
        runs = Runs(exercise, function, str(path))
        outcomes = Outcomes(exercise, runs.draws)
        lines = runs.faults or describe_wrong(
            outcomes, runs.results, runs.expected, runs.right_if_square, runs.line_of_draw
        )
        if not lines:
            return True, "\n".join(choose(text, lang) for text in describe_right(exercise, runs))
    except Stop as stop:
        lines = [stop.text]
    return False, "\n".join(choose(text, lang) for text in lines)


def load_learner(exercise, path):
    """The function that the learner wrote."""
    name = exercise.function
    try:
        source = path.read_text(encoding="utf-8-sig")
        function = load(source, str(path), name)
    except UnicodeDecodeError:
        raise Stop(
            f"{path} is not UTF-8: save it as UTF-8", f"{path} 不是 UTF-8 编码：请存成 UTF-8"
        ) from None
    except SyntaxError as error:
        raise Stop(
            f"{path}:{error.lineno}: Python cannot read this line: {error.msg}",
            f"{path}:{error.lineno}: Python 读不懂这一行：{error.msg}",
        ) from None
    except KeyError:
        there = [node.name for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)]
        there = ", ".join(there) or ("none", "没有")[0]
        raise Stop(
            f"{path}: there is no function {name} (found: {there})",
            f"{path}: 没有名为 {name} 的函数（找到的有：{there}）",
        ) from None
    except BaseException as error:  # whatever a learner's file does when it is run
        raise raised(error, path, ("when the file is run", "运行文件时")) from None
    if not isinstance(function, types.FunctionType):
        raise Stop(
            f"{path}: {name} is {function!r}, and no function", f"{path}: {name} 是 {function!r}，不是函数"
        )
    return function


def raised(error, path, when):
    """A Stop for an exception, with the line of the learner's file that raised it."""
    lines = [
        frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)
    ]
    where = f"{path}:{lines[-1]}" if lines else str(path)
    if isinstance(error, MemoryError):
        return Stop(
            f"{where}: asks for more memory than a check may use; how large is the array made here?",
            f"{where}: 申请的内存超过了检查的上限；这里造的数组有多大？",
        )
    said = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    return Stop(f"{where}: raises {said} ({when[0]})", f"{where}: 抛出 {said}（{when[1]}）")


class Runs:
    """The learner's function and the solution on all draws: draws, results, expected; faults of conduct."""

    def __init__(self, exercise, function, path):
        self.exercise, self.function, self.path = exercise, function, path
        self.solution = exercise.variant()
        self.draws = exercise.draws()
        self.results, self.expected, self.faults = [], [], []
        for values, sizes in self.draws:
            returned, faults = self.run(values, sizes)
            self.results.append(returned)
            self.expected.append(self.expect(values))
            if faults:
                self.faults = faults
                return

    def expect(self, values):
        return named_results(
            self.exercise.outputs, self.solution(**chosen(self.solution, copy.deepcopy(values)))
        )

    def run(self, values, sizes):
        """One call of the learner's function -> its results by name, and what is wrong with its conduct."""
        given = chosen(self.solution, copy.deepcopy(values))
        try:
            returned = self.function(**given)
        except BaseException as error:  # whatever a learner's function does
            raise self.explain_exception(error, values, sizes) from None
        results, faults = self.named(returned, given, values), []
        expected = self.expect(values)
        for name, before in chosen(self.solution, values).items():
            if not unchanged(given[name], before):
                where = self.line_that_changes(name, values)
                faults.append(
                    (
                        f"{where}: {name} is changed in place: it belongs to the caller, so make a new array",
                        f"{where}: {name} 被原地修改了：它属于调用者，请新建一个数组",
                    )
                )
        for name in expected:
            fault = fault_of(name, results[name], expected[name])
            if fault is None and not getattr(self.exercise.data, "VIEWS", False):
                fault = view_of(name, results[name], given)
            if fault:
                where = self.line_of_return(values)
                faults.append((f"{where}: {fault[0]}", f"{where}: {fault[1]}"))
        return results, faults

    def named(self, returned, given, values):
        """What was returned by its names. Raises Stop where there is nothing, or another number of things."""
        outputs = self.exercise.outputs
        names = ", ".join(outputs)
        if returned is None:
            raise Stop(
                f"{self.path}: {self.exercise.function} returns nothing yet: it should return {names}",
                f"{self.path}: {self.exercise.function} 还没有返回任何东西：它应该返回 {names}",
            )
        results = named_results(outputs, returned)
        if results is None:
            found = len(returned) if isinstance(returned, (tuple, list)) else 1
            where = self.line_of_return(values)
            raise Stop(
                f"{where}: returns {found} thing{'s' * (found != 1)} in the place of {len(outputs)}: {names}",
                f"{where}: 返回了 {found} 个结果，但要求 {len(outputs)} 个：{names}",
            )
        expected = self.expect(values)
        if results.keys() != expected.keys():
            where = self.line_of_return(values)
            raise Stop(
                f"{where}: returns {', '.join(results)}, but should return {', '.join(expected)}",
                f"{where}: 返回的是 {', '.join(results)}，应为 {', '.join(expected)}",
            )
        return results

    def explain_exception(self, error, values, sizes):
        """A Stop that names the line, and the shapes that met there."""
        shapes = ", ".join(f"{name} = {size}" for name, size in sizes.items())
        stop = raised(error, self.path, (f"with {shapes}", f"当 {shapes}") if shapes else ("", ""))
        if self.right_if_square():
            stop.text = (
                stop.text[0] + "\nWhere all sizes are equal your result is right: two axes are exchanged.",
                stop.text[1] + "\n当所有尺寸相等时你的结果是对的：有两个轴弄反了。",
            )
        return stop

    def right_if_square(self):
        """Whether the function is right on draws in which all sizes are the same number."""
        for number in range(3):
            values, _ = self.exercise.draw(SQUARE, number, square=True)
            try:
                returned = self.function(**chosen(self.solution, copy.deepcopy(values)))
            except BaseException:  # it is wrong there too
                return False
            results = named_results(self.exercise.outputs, returned)
            if results is None or not all_equal(results, self.expect(values)):
                return False
        return True

    def line_of_return(self, values):
        """ "file:line" of the return of the learner's function."""
        lines = []

        def trace(frame, event, _):
            if frame.f_code is self.function.__code__ and event == "return":
                lines.append(frame.f_lineno)
            return trace

        self.traced(trace, values)
        return f"{self.path}:{lines[-1]}" if lines else self.path

    def line_of_draw(self, k):
        return self.line_of_return(self.draws[k][0])

    def line_that_changes(self, name, values):
        """ "file:line" of the first line in the learner's file after which an argument is another."""
        found, last = [], [None]
        given = chosen(self.solution, copy.deepcopy(values))

        def trace(frame, event, _):
            if frame.f_code.co_filename == self.path and event in ("line", "return"):
                if not found and not unchanged(given[name], values[name]):
                    found.append(last[0])
                last[0] = frame.f_lineno
            return trace

        self.traced(trace, values, given)
        return f"{self.path}:{found[0]}" if found and found[0] else self.path

    def traced(self, trace, values, given=None):
        """Run the learner's function once more under a trace function."""
        before = sys.gettrace()
        sys.settrace(trace)
        try:
            self.function(**(given or chosen(self.solution, copy.deepcopy(values))))
        except BaseException:  # it did not raise before; if it does now, the line found so far has to do
            pass
        finally:
            sys.settrace(before)


def fault_of(name, actual, expected):
    """What is wrong with a result apart from its numbers: its kind, dtype or shape; or None."""
    if isinstance(expected, np.ndarray) and expected.ndim and not isinstance(actual, np.ndarray):
        return (
            f"{name} is a {type(actual).__name__}, but an array of shape {expected.shape} is asked for",
            f"{name} 是 {type(actual).__name__}，应为形状 {expected.shape} 的数组",
        )
    if is_real(expected):
        if (
            not isinstance(actual, (np.ndarray, float, int, np.generic))
            or np.asarray(actual).dtype.kind not in "fiub"
        ):
            return (
                f"{name} is a {type(actual).__name__}, but real numbers are asked for",
                f"{name} 是 {type(actual).__name__}，应为实数",
            )
        dtype = np.asarray(actual).dtype
        if dtype != np.float64 and not (dtype.kind in "iu" and np.ndim(actual) == 0):
            return (
                f"{name} is {dtype}, but its inputs are float64 and it should be too",
                f"{name} 的类型是 {dtype}，但输入是 float64，它也应该是 float64",
            )
    elif isinstance(expected, np.ndarray) and actual.dtype.kind != expected.dtype.kind:
        kinds = {"i": ("whole numbers", "整数"), "b": ("True and False", "真假值")}
        wanted = kinds.get(expected.dtype.kind, (str(expected.dtype),) * 2)
        return (
            f"{name} is {actual.dtype}, but {wanted[0]} are asked for",
            f"{name} 的类型是 {actual.dtype}，应为{wanted[1]}",
        )
    elif not isinstance(expected, np.ndarray) and type(plain(actual)) is not type(plain(expected)):
        return (
            f"{name} is a {type(actual).__name__}, but a {type(expected).__name__} is asked for",
            f"{name} 是 {type(actual).__name__}，应为 {type(expected).__name__}",
        )
    return None


def view_of(name, actual, given):
    """A result that shares its memory with an input is changed when that is."""
    if not isinstance(actual, np.ndarray):
        return None
    for argument, value in given.items():
        if any(np.may_share_memory(actual, array) for array in arrays_in(value)):
            return (
                f"{name} is a view of the input {argument}, or {argument} itself: changing one changes "
                f"the other; return an array of its own, as {argument}.copy() is",
                f"{name} 是输入 {argument} 的视图（或就是它本身）：改动一个，另一个也跟着变；"
                f"请返回独立的数组，例如 {argument}.copy()",
            )
    return None


def describe_right(exercise, runs):
    """The lines for a file that is right."""
    sizes = runs.draws[-1][1]
    shapes = ", ".join(f"{name} = {size}" for name, size in sizes.items())
    last = (f", the last with {shapes}", f"，最后一组 {shapes}") if shapes else ("", "")
    lines = [
        (
            f"{exercise.name}: right, on {len(runs.draws)} random draws of unequal sizes{last[0]}.",
            f"{exercise.name}：正确。共 {len(runs.draws)} 组尺寸各不相同的随机输入{last[1]}。",
        )
    ]
    if hasattr(exercise.data, "GRADIENTS"):
        for name, error in compare_with_differences(exercise, runs.draws[-1][0], runs.results[-1]):
            lines.append(
                (
                    f"{name:<8} ok   finite differences say the same: relative error {error:.1e}",
                    f"{name:<8} ok   有限差分给出相同的结果：相对误差 {error:.1e}",
                )
            )
            if not error <= 100 * TOLERANCE:  # the solution itself is held to 1e-9 by the tests
                raise ValueError(
                    f"the solution of {exercise.name} is not the derivative of its forward: {name}"
                )
    return lines


def compare_with_differences(exercise, values, results):
    """[(name of a gradient, its relative error against finite differences of the exercise's loss), …]."""
    values, errors, loss = copy.deepcopy(values), [], exercise.data.loss
    for output, moved in zip(exercise.outputs, exercise.data.GRADIENTS.split()):
        differences = numerical_gradient(lambda: loss(**chosen(loss, values)), values[moved])
        size = max(np.abs(differences).max(), 1e-30)
        errors.append((output, float(np.abs(results[output] - differences).max() / size)))
    return errors
