"""Run the blocks of a page as a reader would, one after the other, in a folder of their own."""

import contextlib
import hashlib
import io
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np

from docs.markdown import ROOT

SCRIPTS = ("train.py", "generate.py")
ENVIRONMENTS_PYTHON = ".venv/bin/python"


def commands_in(code):
    """The commands of a block, each on one line and without its comment; && parts two of them."""
    for line in code.replace("\\\n", " ").splitlines():
        words = shlex.split(line, comments=True)
        while words:
            end = words.index("&&") if "&&" in words else len(words)
            command, words = words[:end], words[end + 1 :]
            yield shlex.join(["python" if command[0] == ENVIRONMENTS_PYTHON else command[0], *command[1:]])


def is_training(command):
    return shlex.split(command)[:2] == ["python", "train.py"]


class Laboratory:
    """A page's folder and names; commands that find the same files are run once for all pages.

    made: a folder for the whole session. A command's result, its output and the files after it, is kept there
    under the command and the content of the folder that it found, so that a training that both languages
    of a chapter, or several chapters, begin with is done once.
    """

    def __init__(self, folder, made):
        self.folder, self.made = Path(folder), Path(made)
        self.names = {"__name__": "__main__"}
        (self.folder / "data").mkdir(parents=True)
        for source in (ROOT / "data").iterdir():  # the texts stand where a reader in the repository has them
            if source.is_file():
                shutil.copy(source, self.folder / "data")

    def run(self, block):
        """What a block prints; an exception or a command's failure that the page does not show is raised."""
        if block.language == "python":
            return self.python(block)
        return self.commands(block.code, block.scaled_down)

    def python(self, block):
        printed = io.StringIO()
        code = compile("\n" * (block.line - 1) + block.code, f"<line {block.line} of the page>", "exec")
        here = os.getcwd()
        os.chdir(self.folder)
        np.random.seed(0)  # a page that draws seeds its own generator; one that forgot is at least the same
        try:
            with contextlib.redirect_stdout(printed):
                exec(code, self.names)
        finally:
            os.chdir(here)
        return printed.getvalue()

    def commands(self, code, scaled_down=""):
        return "".join(
            self.command(f"{command} {scaled_down}" if is_training(command) else command)
            for command in commands_in(code)
        )

    def command(self, line):
        kept = self.made / hashlib.sha256((line + self.state()).encode()).hexdigest()[:20]
        if not kept.exists():
            printed = self.really_run(line)
            for path in self.files():
                target = kept / "files" / path.relative_to(self.folder)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(path, target)
            kept.mkdir(exist_ok=True)
            (kept / "printed").write_text(printed, encoding="utf-8", newline="")
            return printed
        shutil.copytree(kept / "files", self.folder, dirs_exist_ok=True)
        return (kept / "printed").read_text(encoding="utf-8")

    def really_run(self, line):
        program, *arguments = shlex.split(line)
        if program != "python":
            raise ValueError(f"{line!r} is no command of Python: the course runs on every system")
        if arguments[0] in SCRIPTS:
            arguments[0] = str(ROOT / arguments[0])
        environment = os.environ | {
            "PYTHONPATH": str(ROOT),
            "PYTHONUTF8": "1",
            "OMP_NUM_THREADS": "1",
            "COLUMNS": "110",
        }
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=self.folder,
            env=environment,
            capture_output=True,
            encoding="utf-8",
            stdin=subprocess.DEVNULL,
            timeout=300,
        )
        if done.returncode not in (0, 1, 2) or "Traceback" in done.stderr:  # 1: what was checked is wrong
            raise RuntimeError(f"{line} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
        return done.stdout + (
            done.stderr if done.returncode == 2 else ""
        )  # a refusal, which the page may show

    def files(self):
        inside = (path for path in sorted(self.folder.rglob("*")) if path.is_file())
        return [path for path in inside if path.relative_to(self.folder).parts[0] != "data"]

    def state(self):
        digest = hashlib.sha256()
        for path in self.files():
            digest.update(path.relative_to(self.folder).as_posix().encode() + b"\0")
            digest.update(hashlib.sha256(path.read_bytes()).digest())
        return digest.hexdigest()
