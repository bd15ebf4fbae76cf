"""Which mistake is it? Wrong results, held against those of known mistakes and of mistakes of any formula.

First the catalogue of the exercise: a mistake is named if every array that it gives on every draw is the
learner's. Then pairs of two mistakes at once. Then the relations of gradcheck's diagnosis.py, which must hold
at all sizes drawn; a factor is named by the sizes that it equals each time. Where nothing fits, a map shows
where the numbers are off, and no more is said.
"""

import copy
import math
from itertools import combinations

import numpy as np

from minigpt.gradcheck.diagnosis import find_relation, forms, is_whole
from minigpt.learn.exercise import NUMBERS, chosen, named_results
from minigpt.learn.numbers import TOLERANCE, all_equal, equal, is_real, off_entries, plain

RIGHT_RESULT = ("the right result", "正确结果")
MAP_ROWS, MAP_COLUMNS = 12, 32


class Outcomes:
    """What the solution returns with mistakes in it, on all draws; computed when asked for, and kept."""

    def __init__(self, exercise, draws):
        self.exercise, self.draws, self.kept = exercise, draws, {}

    def of(self, mistakes, k):
        """The results of draw k by name, or None where these mistakes do not go together."""
        if (mistakes, k) not in self.kept:
            self.kept[mistakes, k] = self.run(mistakes, self.draws[k][0])
        return self.kept[mistakes, k]

    def run(self, mistakes, values):
        function = self.exercise.variant(*mistakes)
        if function is None:
            return None
        try:
            with np.errstate(all="ignore"):
                returned = function(**chosen(function, copy.deepcopy(values)))
        except Exception:  # two mistakes at once need not even run
            return None
        return named_results(self.exercise.outputs, returned)


def describe_wrong(outcomes, results, expected, right_if_square=lambda: False, where=lambda k: "file"):
    """The lines, texts, about results that are wrong; none where all are right.

    results and expected: for each draw of the Outcomes a dict by name. right_if_square: whether they are
    where all sizes are equal. where: the file and line that return the results of a draw.
    """
    wrong = [
        name
        for name in expected[0]
        if not all(equal(r.get(name), e[name]) for r, e in zip(results, expected))
    ]
    if not wrong:
        return []
    lines = [off_line(name, wrong, results, expected, where) for name in wrong]
    mistakes = named_mistakes(outcomes, results)
    if mistakes:
        return [*lines, *describe_mistakes(outcomes.exercise, mistakes, wrong)]
    for place, name in reversed(list(enumerate(wrong))):
        mistakes = named_mistakes(outcomes, results, name)
        if mistakes:
            about = describe_mistakes(outcomes.exercise, mistakes, [name])
        else:
            about = describe_array(name, outcomes.draws, results, expected)
        lines[place + 1 : place + 1] = about
    if right_if_square():
        lines.append(
            indented(
                "Where all sizes are equal your result is right: two axes are exchanged.",
                "当所有尺寸相等时你的结果是对的：有两个轴弄反了。",
            )
        )
    return lines


def off_line(name, wrong, results, expected, where):
    """dx  OFF  relative error 3.1e-01; 9 of 12 entries; dweight is right: of the first draw that is off."""
    k = next(k for k, (r, e) in enumerate(zip(results, expected)) if not equal(r.get(name), e[name]))
    actual, right = results[k].get(name), expected[k][name]
    others = [other for other in expected[0] if other not in wrong] if name == wrong[0] else []
    is_or_are = "is" if len(others) == 1 else "are"
    rest = (
        (f"; {' and '.join(others)} {is_or_are} right", f"；{'、'.join(others)} 正确") if others else ("", "")
    )
    if not (is_real(right) or isinstance(right, np.ndarray)):
        short = [repr(plain(value)) for value in (actual, right)]
        short = [text if len(text) <= 60 else text[:57] + "…" for text in short]
        return (
            f"{name:<8} OFF  {short[0]} in place of {short[1]}{rest[0]}",
            f"{name:<8} OFF  {short[0]}，应为 {short[1]}{rest[1]}",
        )
    if np.shape(actual) != np.shape(right):
        return (
            f"{where(k)}: the shape of {name} is {np.shape(actual)}, but must be {np.shape(right)}{rest[0]}",
            f"{where(k)}: {name} 的形状是 {np.shape(actual)}，应为 {np.shape(right)}{rest[1]}",
        )
    off = off_entries(actual, right)
    error = relative_error(actual, right)
    if np.ndim(right) == 0:
        return (
            f"{name:<8} OFF  {float(actual):.10g} in place of {float(right):.10g}{rest[0]}",
            f"{name:<8} OFF  {float(actual):.10g}，应为 {float(right):.10g}{rest[1]}",
        )
    return (
        f"{name:<8} OFF  relative error {error:.1e}; {off.sum()} of {off.size} entries{rest[0]}",
        f"{name:<8} OFF  相对误差 {error:.1e}；{off.size} 个数中有 {off.sum()} 个不对{rest[1]}",
    )


def relative_error(actual, expected):
    """max |actual − expected| / max |expected| of the finite numbers; nan where one alone is finite."""
    actual, expected = np.asarray(actual, dtype=np.float64), np.asarray(expected, dtype=np.float64)
    with np.errstate(invalid="ignore"):
        gap = np.where(actual == expected, 0.0, np.abs(actual - expected))
    size = np.abs(expected[np.isfinite(expected)]).max(initial=0.0)
    return float(gap.max() / max(size, 1e-30))


def named_mistakes(outcomes, results, name=None, tolerance=TOLERANCE):
    """The mistake of the catalogue, or the two, that give exactly these results; [] if none, or several.

    name: look at this array alone, and at mistakes that change it, up to three at once: so whoever makes
    many has each array explained by itself.
    """
    catalogue, most = outcomes.exercise.mistakes, 2
    if name is not None:
        right, most = [outcomes.of((), k) for k in range(len(results))], 3
        catalogue = [
            mistake for mistake in catalogue if not fits(outcomes, [mistake], right, name, tolerance)
        ]
    for count in range(1, most + 1):
        together = combinations(catalogue, count)
        fitting = [
            list(mistakes) for mistakes in together if fits(outcomes, mistakes, results, name, tolerance)
        ]
        if fitting:
            return fitting[0] if len(fitting) == 1 else []
    return []


def fits(outcomes, mistakes, results, name=None, tolerance=TOLERANCE):
    """Whether the solution with these mistakes returns these results: every array, or that of this name."""
    for k, of_learner in enumerate(results):
        of_mistakes = outcomes.of(tuple(mistakes), k)
        if of_mistakes is None:
            return False
        if name is None and not all_equal(of_learner, of_mistakes):
            return False
        if name is not None and not equal(of_learner.get(name), of_mistakes.get(name), tolerance):
            return False
    return True


def describe_mistakes(exercise, mistakes, wrong):
    """The sentence that names one mistake or two, and the hints that help."""
    names, are = " and ".join(wrong), "is" if len(wrong) == 1 else "are"
    english = ", and ".join(mistake.english for mistake in mistakes)
    chinese = "；".join(mistake.chinese for mistake in mistakes)
    this = ("这个错误", "同时犯这两个错误", "同时犯这三个错误")[len(mistakes) - 1]
    lines = [
        indented(
            f"Your {names} {are} exactly what comes out when {english}.",
            f"你的 {'、'.join(wrong)} 与{this}的结果完全相同：{chinese}。",
        )
    ]
    for number in dict.fromkeys(mistake.hint for mistake in mistakes):
        english, chinese = exercise.data.HINTS[number - 1]
        lines.append(indented(f"→ hint {number}: {english}", f"→ 提示 {number}：{chinese}"))
    return lines


def describe_array(name, draws, results, expected):
    """What one wrong array is to the right one, where a relation holds at all sizes; else a map of it."""
    relation = common_relation(name, draws, results, expected)
    if relation is not None:
        return [indented(*relation)]
    k = next(k for k, (r, e) in enumerate(zip(results, expected)) if not equal(r[name], e[name]))
    actual, right = results[k][name], expected[k][name]
    if (
        isinstance(plain(right), list)
        and isinstance(plain(actual), list)
        and not isinstance(right, np.ndarray)
    ):
        return [first_difference(plain(actual), plain(right))]
    if not isinstance(right, np.ndarray) or right.ndim == 0 or np.shape(actual) != right.shape:
        return []
    return map_of(name, off_entries(actual, right))


def first_difference(actual, right):
    """The first place at which a list is another one, and how long it is."""
    place = next((i for i, (a, b) in enumerate(zip(actual, right)) if a != b), min(len(actual), len(right)))
    a, b = (repr(numbers[place]) if place < len(numbers) else "—" for numbers in (actual, right))
    return indented(
        f"No mistake I know gives this. First off at place {place}: {a} in place of {b}; "
        f"length {len(actual)} in place of {len(right)}.",
        f"这不是我认识的错误。最先不对的是下标 {place}：{a}，应为 {b}；"
        f"长度 {len(actual)}，应为 {len(right)}。",
    )


def common_relation(name, draws, results, expected):
    """A sentence, a text, that holds on all draws; or None."""
    groups = []
    for start in range(0, len(draws), NUMBERS):
        part = slice(start, start + NUMBERS)
        pairs = [(r[name], e[name]) for r, e in zip(results[part], expected[part])]
        if not all(isinstance(right, (np.ndarray, np.generic, float)) for _, right in pairs):
            return None
        if len({np.shape(array) for pair in pairs for array in pair[1:]}) != 1 or any(
            np.shape(pair[0]) != np.shape(pairs[0][0]) for pair in pairs
        ):
            return None
        known = [
            {key: value for key, value in values.items() if isinstance(value, np.ndarray)}
            for values, _ in draws[part]
        ]
        relation = find_relation(pairs, RIGHT_RESULT, known)
        if relation is None:
            return None
        groups.append((relation, draws[start][1]))
    keys = {relation.key for relation, _ in groups}
    first = groups[0][0]
    if len(keys) != 1 or first.key == ("some",):
        return None
    english, chinese = first.text
    if first.factor is None:
        return f"Your {name}: {english}.", f"你的 {name}：{chinese}。"
    words = factor_words([relation.factor for relation, _ in groups], [sizes for _, sizes in groups])
    if words is None:
        return None
    return f"Your {name} is {words[0]}{english}{words[2]}", f"你的 {name} 是{chinese}{words[1]}{words[3]}"


def factor_words(factors, sizes):
    """Factors at several sizes in words: (English, Chinese, English after it, Chinese after it), or None.

    The same number each time is named as it is; numbers that change with the sizes by the product of sizes
    that equals them each time; what fits neither is no relation.
    """
    if all(factor in (1, -1) for factor in factors) and len(set(factors)) == 1:
        return ("minus ", "的 −1 倍", ".", "。") if factors[0] == -1 else ("", "", ".", "。")
    names = [name for count in (1, 2, 3) for name in combinations(sizes[0], count)]
    for of_each in zip(*map(forms, factors)):
        sign, _, form = of_each[0]
        if len({sign for sign, _, _ in of_each}) > 1 or not all(is_whole(number) for _, number, _ in of_each):
            continue
        found = [round(number) for _, number, _ in of_each]
        same = [
            "·".join(name)
            for name in names
            if [math.prod(of_draw[part] for part in name) for of_draw in sizes] == found
        ]
        if same:
            factor = f"{sign}{form.format(found[0])}"
            english = f" ({found[0]} = {' = '.join(same)}): "
            if form in ("{}", "1/{}"):
                english += (
                    "a sum in the place of a mean?" if form == "{}" else "a mean in the place of a sum?"
                )
                chinese = "该取平均的地方是不是求了和？" if form == "{}" else "该求和的地方是不是取了平均？"
            else:
                english += f"is √{same[0]} missing, or one too many?"
                chinese = f"√{same[0]} 是不是漏了，或者多了？"
            return (
                f"{factor} times ",
                f"的 {factor} 倍",
                english,
                f"（{found[0]} = {' = '.join(same)}）：{chinese}",
            )
    if max(factors) - min(factors) <= 1e-6 * abs(factors[0]):
        return f"{factors[0]:.6g} times ", f"的 {factors[0]:.6g} 倍", ".", "。"
    return None


def map_of(name, off):
    """Which entries are off, drawn for the first matrix of the array that has some."""
    if off.all():
        return [
            indented(
                "No mistake I know gives this; every entry is off.", "这不是我认识的错误；每个数都不对。"
            )
        ]
    index = ()
    if off.ndim > 2:
        index = tuple(int(i) for i in np.argwhere(off)[0][:-2])
    part = off[index].reshape(-1, off.shape[-1]) if off.ndim > 1 else off[None]
    rows = [
        " ".join("#" if entry else "." for entry in row[:MAP_COLUMNS]) + " …" * (len(row) > MAP_COLUMNS)
        for row in part[:MAP_ROWS]
    ]
    rows += ["…"] * (len(part) > MAP_ROWS)
    where = f"{name}[{', '.join(map(str, index))}]" if index else name
    head = indented(
        f"No mistake I know gives this. Off (#) in {where}:",
        f"这不是我认识的错误。{where} 中不对的位置（#）：",
    )
    return [head, *(indented(row, row) for row in rows)]


def indented(english, chinese):
    """A text under the columns of an OFF line."""
    return " " * 9 + english, " " * 9 + chinese
