"""What a learner has done, and how many hints were shown: .progress.json in the learner's folder."""

from pathlib import Path

from minigpt.interchange.files import write_json
from minigpt.interchange.json_file import read_json

FOLDER = "my"
FILE = ".progress.json"


def add_folder(parser):
    """The flag --folder of the commands that know what was done."""
    parser.add_argument("--folder", default=FOLDER, metavar="DIR", help="where your files lie")


def read_progress(folder):
    """{"done": [names], "hints": {name: how many were shown}}. Raises ValueError for a damaged file."""
    path = Path(folder) / FILE
    progress = read_json(path) if path.is_file() else {}
    done, hints = progress.get("done", []), progress.get("hints", {})
    if not isinstance(done, list) or not isinstance(hints, dict):
        raise ValueError(f"{path} is damaged: delete it, and only the ticks and hints are forgotten")
    return {"done": done, "hints": hints}


def write_progress(folder, progress):
    """Raises OSError where the folder cannot be written."""
    Path(folder).mkdir(parents=True, exist_ok=True)
    write_json(Path(folder) / FILE, progress)
