"""A learner's file is run in a process of its own: an endless loop or too much memory ends that, and not us.

The time limit holds everywhere, the memory limit where the system has setrlimit (Linux; macOS takes the call
and does not enforce it, Windows has none). In the child a timer prints where Python stands when time is up.
"""

import faulthandler
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from minigpt.learn.examine import examine
from minigpt.learn.exercise import Exercise
from minigpt.learn.language import choose

SECONDS = 20.0
MEMORY = 2 << 30  # bytes of address space
GRACE = 10  # seconds more until the process is killed from outside


def examine_apart(name, path, lang, seconds=SECONDS):
    """examine() in a process of its own -> (whether the file is right, the report). Its prints are shown."""
    with tempfile.TemporaryDirectory() as folder:
        answer, trace = Path(folder) / "answer.json", Path(folder) / "trace.txt"
        root = str(Path(__file__).resolve().parents[2])
        environment = os.environ | {
            "PYTHONPATH": os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH")])),
            "PYTHONUTF8": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
            "OMP_NUM_THREADS": "1",
            "OPENBLAS_NUM_THREADS": "1",
        }
        command = [
            sys.executable,
            "-m",
            "minigpt.learn.process",
            name,
            str(path),
            lang,
            str(answer),
            str(trace),
        ]
        process = subprocess.Popen([*command, str(seconds)], env=environment, stdin=subprocess.DEVNULL)
        try:
            status = process.wait(seconds + GRACE)
        except subprocess.TimeoutExpired:
            status = None
        finally:  # after Ctrl-C too
            process.kill()
            process.wait()
        if answer.is_file():
            report = json.loads(answer.read_text(encoding="utf-8"))
            return report["right"], report["text"]
        where = line_in(trace, path)
        if where or status is None:
            return False, choose(
                (
                    f"{where or path}: still running after {seconds:g} seconds: does this loop ever end?",
                    f"{where or path}: 运行 {seconds:g} 秒后仍未结束：这里的循环会结束吗？",
                ),
                lang,
            )
        return False, choose(
            (
                f"{path}: the process ended with status {status} before the check was done: does the file "
                "call os._exit, or ask for too much memory?",
                f"{path}: 检查还没完成，进程就以状态 {status} 结束了：调用了 os._exit，或内存用得太多？",
            ),
            lang,
        )


def line_in(trace, path):
    """ "file:line" of the innermost line of the learner's file in a dump of faulthandler, or None."""
    text = trace.read_text(encoding="utf-8", errors="replace") if trace.is_file() else ""
    for file, line in re.findall(r'File "(.*)", line (\d+)', text):
        if file == str(path):
            return f"{path}:{line}"
    return None


def limit_memory():
    """No more than MEMORY, where the system can hold us to it."""
    try:
        import resource
    except ImportError:  # Windows
        return
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    try:
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY if hard < 0 else min(MEMORY, hard), hard))
    except (ValueError, OSError):  # macOS: it already uses more address space than that
        pass


def main(name, path, lang, answer, trace, seconds):
    """What the child does: the report as JSON in the file `answer`."""
    limit_memory()
    with open(trace, "w", encoding="utf-8", newline="\n") as file:
        faulthandler.dump_traceback_later(float(seconds), exit=True, file=file)
        right, text = examine(Exercise(name), path, lang)
        faulthandler.cancel_dump_traceback_later()
    report = json.dumps({"right": right, "text": text}, ensure_ascii=False)
    Path(answer).write_text(report, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
