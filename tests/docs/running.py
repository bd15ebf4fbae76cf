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
        return self.python(block) if block.language == "python" else self.commands(block.code)

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

    def commands(self, code):
        lines = code.replace("\\\n", " ").splitlines()
        return "".join(self.command(line) for line in lines if line.strip() and not line.startswith("#"))

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
        program, *arguments = shlex.split(line, comments=True)
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
        if done.returncode not in (0, 2):  # 2 is a refusal, with a sentence that the page may show
            raise RuntimeError(f"{line} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
        return done.stdout + (done.stderr if done.returncode else "")

    def files(self):
        inside = (path for path in sorted(self.folder.rglob("*")) if path.is_file())
        return [path for path in inside if path.relative_to(self.folder).parts[0] != "data"]

    def state(self):
        digest = hashlib.sha256()
        for path in self.files():
            digest.update(path.relative_to(self.folder).as_posix().encode() + b"\0")
            digest.update(hashlib.sha256(path.read_bytes()).digest())
        return digest.hexdigest()
