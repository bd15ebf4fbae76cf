"""The reader of a README: a laboratory that has the files which it speaks of as the reader's own."""

import shlex
from unittest.mock import patch

import numpy as np
from safetensors.numpy import save_file

from docs.markdown import READMES, ROOT
from docs.running import Laboratory
from minigpt.learn import reference
from minigpt.learn.exercise import Exercise
from minigpt.learn.mistakes import find_mistake, plain_with


def some_text(path):
    """The beginning of the bundled stories."""
    write(path, (ROOT / "data" / "stories_en.txt").read_text(encoding="utf-8")[:60_000])


def some_names(path):
    write(path, "".join(f"{first}{last}\n" for first in ("An", "Bo", "Jo", "Li") for last in "adenrst"))


def wrong_layernorm(path):
    """An exercise done with the mistake that the README shows."""
    exercise = Exercise("layernorm")
    (mistake,) = (m for m in exercise.mistakes if m.english == "the term n · mean(dn ⊙ n) is left out")
    write(path, exercise.solution.replace(mistake.right, mistake.wrong))


def arrays_of_another(path):
    """What a GPT with the mistake that the README shows computes."""
    with patch.object(reference, "plain", plain_with(find_mistake("dk transposed"))):
        arrays = reference.reference_arrays(reference.small_gpt(0))
    save_file({name: np.ascontiguousarray(array) for name, array in arrays.items()}, path)


def write(path, text):
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="\n")


THE_READERS = {
    "my.txt": some_text,
    "notes/": lambda path: some_text(path / "one.txt"),
    "names.txt": some_names,
    "my/layernorm.py": wrong_layernorm,
    "mine.safetensors": arrays_of_another,
}


class Reader(Laboratory):
    """A README's laboratory; environments are made by .ci/run, and no browser is opened."""

    def command(self, line):
        words = shlex.split(line)
        if words[0] == ".venv/bin/pip" or words[1:3] == ["-m", "venv"]:
            return ""
        for word in words:
            if word in THE_READERS:
                THE_READERS[word](self.folder / word)
        return super().command(shlex.join(word for word in words if word != "--open"))


def laboratory(page, folder, made):
    """The laboratory in which a page's blocks are run."""
    return (Reader if page in READMES else Laboratory)(folder, made)
