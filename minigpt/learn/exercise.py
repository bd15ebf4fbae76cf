"""An exercise: a folder of data in `exercises/`, read here.

    solution.py    a file that works. What the learner gets is the same with the body of one function empty
    another.py     that function written another way, which has to pass too
    exercise.py    the texts, the hints, the catalogue of mistakes, and where random inputs come from:

        FUNCTION            the name of the function to be written
        OUTPUTS             the names of what it returns, "dx dweight dbias"
        TITLE, TEXT         pairs: English, Chinese. TEXT heads the learner's file
        DOCSTRINGS          the solution's docstrings that have more than names and shapes: {English: Chinese}
        HINTS               pairs; each says one thing more
        MISTAKES            (English, Chinese, right code, wrong code, hint): the right code stands once in
                            solution.py, and the words say when the wrong one comes out: "… when {English}."
        draw(rng, sizes)    a dict of random inputs; sizes("B T C") gives whole numbers
        GRADIENTS, loss     of a backward: the inputs whose gradients it returns, and the loss they are of
        VIEWS = True        where a view of an input is a good result

A function takes those of the drawn values that its parameters name.
"""

import ast
import importlib
import inspect
import re
from pathlib import Path
from typing import NamedTuple

import numpy as np

from minigpt.learn.exercises import ORDER
from minigpt.learn.language import choose
from minigpt.learn.numbers import arrays_in

FOLDER = Path(__file__).parent / "exercises"
SHAPES, NUMBERS = 4, 2  # a check draws so many choices of sizes, and for each of them numbers so many times
EMPTY = ("    ...  # yours\n", "    ...  # 由你来写\n")
GIVEN = ('"""Given: ', '"""已给出：')


class Mistake(NamedTuple):
    """A variation of the solution: its words, the code it changes, and the number of the hint that helps."""

    english: str
    chinese: str
    right: str
    wrong: str
    hint: int


class Sizes:
    """Whole numbers for named dimensions, no two of them equal, or (square) all; `named` keeps them."""

    def __init__(self, seed, square=False):
        self.rng = np.random.default_rng([7, seed])
        self.square = square
        self.named = {}

    def __call__(self, names, low=3, high=8):
        """ "B T C" -> three numbers from low to high, one name alone -> a number."""
        for name in names.split():
            free = [n for n in range(low, high + 1) if n not in self.named.values()]
            self.named[name] = max(low, 4) if self.square else int(self.rng.choice(free))
        values = [self.named[name] for name in names.split()]
        return values if len(values) > 1 else values[0]


class Exercise:
    """One exercise by its name. Raises ValueError for a name that there is not."""

    def __init__(self, name):
        if name not in ORDER:
            near = [other for other in ORDER if name and (name in other or other in name)]
            raise ValueError(
                f"there is no exercise {name!r}: "
                + (f"did you mean {' or '.join(near)}?" if near else "`list` shows their names")
            )
        self.name = name
        self.data = importlib.import_module(f"minigpt.learn.exercises.{name}.exercise")
        self.solution = (FOLDER / name / "solution.py").read_text(encoding="utf-8")
        self.another = (FOLDER / name / "another.py").read_text(encoding="utf-8")
        self.function = self.data.FUNCTION
        self.outputs = self.data.OUTPUTS.split()
        self.variants = {}
        self.mistakes = [Mistake(*mistake) for mistake in self.data.MISTAKES]

    def start(self, lang):
        """The learner's file: the text as its docstring, what is given, the function without its body."""
        tree = ast.parse(self.solution)
        function = next(
            node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == self.function
        )
        lines = self.solution.splitlines(keepends=True)
        lines[function.body[0].end_lineno : function.end_lineno] = [choose(EMPTY, lang)]
        given = "".join(lines)
        for text in getattr(self.data, "DOCSTRINGS", {}).items():
            given = given.replace(text[0], choose(text, lang))
        given = given.replace(GIVEN[0], choose(GIVEN, lang))
        if "import numpy" not in given and arrays_in(self.draw(0, 0)[0]):
            # The solution does without, another way may not.
            imports, others = re.match(r"((?:import \w+\n)*)\s*(.*)", given, re.DOTALL).groups()
            given = f"{imports}import numpy as np\n\n\n{others}"
        gap = "\n" if given.startswith("import") else "\n\n"
        return f'"""{choose(self.data.TEXT, lang)}"""\n{gap}{given}'

    def variant(self, *mistakes):
        """The solution's function with these mistakes in it; None where they do not fit into one source."""
        if mistakes not in self.variants:
            self.variants[mistakes] = self.make_variant(mistakes)
        return self.variants[mistakes]

    def make_variant(self, mistakes):
        source = self.solution
        for mistake in mistakes:
            if source.count(mistake.right) != 1:
                return None
            source = source.replace(mistake.right, mistake.wrong)
        return load(source, f"<{self.name}>", self.function)

    def draw(self, shape, numbers, square=False):
        """Random inputs, a dict, and the names and values of their sizes: the same for the same numbers."""
        sizes = Sizes(shape, square)
        values = self.data.draw(np.random.default_rng([11, shape, numbers]), sizes)
        return values, sizes.named

    def draws(self, first=0, square=False):
        """The draws of a check, [(values, sizes), …], equal sizes in a row; first: the number of a shape."""
        return [self.draw(first + s, n, square) for s in range(SHAPES) for n in range(NUMBERS)]


def load(source, path, name):
    """Run a source and return the function of this name."""
    namespace = {"__name__": "exercise"}
    exec(compile(source, path, "exec"), namespace)
    return namespace[name]


def chosen(function, values):
    """Those of the values that the parameters of a function name, in their order."""
    return {name: values[name] for name in inspect.signature(function).parameters if name in values}


def flat(name, value):
    """A result as [(name, array or number or list), …]: a dict gives name[key] for each of its keys."""
    if isinstance(value, dict):
        return [pair for key, item in value.items() for pair in flat(f"{name}[{key!r}]", item)]
    return [(name, value)]


def named_results(outputs, returned):
    """What a function returned, by the names of its outputs; None where their number is another."""
    returned = (returned,) if len(outputs) == 1 else returned
    if not isinstance(returned, (tuple, list)) or len(returned) != len(outputs):
        return None
    return dict(pair for name, value in zip(outputs, returned) for pair in flat(name, value))
