"""Fetch public models and texts: python data/download.py NAME [NAME ...]; without a name, list them.

What lies on Hugging Face comes by huggingface_hub, which takes up a connection where it broke; other files,
all small, come by pooch, which begins them again. Proxies are taken from the environment (HTTPS_PROXY), and
HF_ENDPOINT may name a mirror of Hugging Face. What keeps a wrong file from ever looking like a right one: it
arrives in a folder .part, and gets its name by one rename, after its SHA-256 was checked.
"""

import argparse
import errno
import hashlib
import os
import re
import shutil
import sys
import warnings
import zipfile
from pathlib import Path

from catalogue import CATALOGUE, HubFile

DEFAULT_FOLDER = Path(__file__).resolve().parent / "downloads"
TIMEOUT = 30  # seconds without a byte that count as a stall
RETRIES = 3  # of a file that pooch fetches
LARGEST_MEMBER = 1 << 24  # bytes; what an archive claims beyond that is not unpacked


class DownloadError(Exception):
    """A download that cannot succeed as things stand; the text says what to do."""


def fetch(file, folder):
    """Bring one HubFile or WebFile into folder and return its path; a present, correct file is left alone.

    Raises DownloadError with a sentence that says what to do, OSError where the folder cannot be written.
    """
    target = folder / file.name
    if target.exists():
        if file.sha256 is None or sha256(target) == file.sha256:
            print(f"{target}: already here" + ("" if file.sha256 else " (unchecked: no SHA-256 is known)"))
            return target
        print(f"{target} has another SHA-256 than expected: fetching it again")

    aside = folder / ".part"
    aside.mkdir(parents=True, exist_ok=True)
    try:
        try:
            arrived = from_hub(file, aside) if isinstance(file, HubFile) else from_web(file, aside)
            found = sha256(arrived)
            if file.sha256 not in (None, found):
                raise ValueError(f"it has SHA-256 {found} where {file.sha256} is expected, and was deleted")
        except Exception as error:  # the errors of the two libraries, and of those below them, share no base
            raise DownloadError(sentence(error, target)) from error
        os.replace(arrived, target)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    checked = "SHA-256 checked" if file.sha256 else "complete, but no SHA-256 is known to check it by"
    print(f"{target}: {target.stat().st_size:,} bytes, {checked}")
    return target


def from_hub(file, aside):
    """Fetch a HubFile into the folder aside -> its path. A broken connection is resumed where it broke."""
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")  # read when it is imported
    import huggingface_hub
    from huggingface_hub.utils import logging, tqdm

    class Bar(tqdm):
        def __init__(self, *arguments, desc=None, **settings):
            super().__init__(*arguments, desc=plain(desc or file.name), **settings)  # a server may choose it

    logging.set_verbosity_error()  # its warnings quote the server
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message="Not enough free disk space")
        return Path(
            huggingface_hub.hf_hub_download(
                file.repository,
                file.name,
                repo_type=file.kind,
                local_dir=aside,
                token=False,
                tqdm_class=Bar,
            )
        )


def from_web(file, aside):
    """Fetch a WebFile into the folder aside -> its path; what breaks off begins again."""
    import pooch

    pooch.get_logger().setLevel("WARNING")
    name, known = (file.name, file.sha256) if file.member is None else ("archive.zip", None)
    files = pooch.create(
        aside, base_url="", registry={name: known}, urls={name: file.url}, retry_if_failed=RETRIES
    )
    downloader = pooch.HTTPDownloader(progressbar=sys.stderr.isatty(), timeout=TIMEOUT)
    arrived = Path(files.fetch(name, downloader=downloader))
    if file.member is None:
        return arrived
    with zipfile.ZipFile(arrived) as archive, archive.open(file.member) as member:
        unpacked = aside / file.name
        unpacked.write_bytes(member.read(LARGEST_MEMBER))  # no other path in the archive is looked at
    return unpacked


def sha256(path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def sentence(error, target):
    """Why the file cannot come to target, and what to do."""
    cause = error.__cause__ or error  # huggingface_hub says what it could not do, and the cause why
    said = plain(cause) or type(cause).__name__
    if getattr(cause, "errno", None) == errno.ENOSPC or re.search("[Nn]o space|free disk space", said):
        return f"{target}: the disk is full ({said}): free some space, then run the command again"
    return (
        f"{target} did not arrive ({said}): check the connection, then run the command again; if it fails "
        "the same way, the file has changed at its source, and data/catalogue.py must be updated"
    )


def plain(text):
    """The text on one line of at most 500 characters; what a terminal might obey is written as an escape."""
    line = " ".join(str(text).split())
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in line)[:500]


def main(arguments=None, catalogue=CATALOGUE):
    """The command line. `catalogue` is an argument so that tests can point every address at their own server.

    Returns the exit status.
    """
    sys.stdout.reconfigure(encoding="utf-8")
    sys.stderr.reconfigure(encoding="utf-8")
    listing = "\n".join(f"{name:<12} {entry.size:>8}  {entry.about}" for name, entry in catalogue.items())
    parser = argparse.ArgumentParser(
        prog="download.py",
        description="Fetch public models and texts.",
        epilog=listing,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "names", metavar="NAME", nargs="*", help="what to fetch; see the list; without a name, it is printed"
    )
    parser.add_argument(
        "--out",
        metavar="DIR",
        type=Path,
        default=DEFAULT_FOLDER,
        help="files go to DIR/NAME (default: %(default)s)",
    )
    options = parser.parse_args(arguments)

    def refuse(sentence, status=2):
        print(f"{parser.prog}: {sentence}", file=sys.stderr)
        return status

    for name in options.names:
        if name not in catalogue:
            return refuse(f"error: there is no {name!r}: choose from {', '.join(catalogue)}")
    if not options.names:
        print(listing)
        return 0
    try:
        import huggingface_hub  # noqa: F401
        import pooch  # noqa: F401
    except ImportError as error:
        return refuse(f"error: {error.name} is missing: pip install 'minigpt[download]' brings it")

    try:
        for name in options.names:
            for file in catalogue[name].files:
                fetch(file, options.out / name)
    except DownloadError as error:
        return refuse(f"error: {error}")
    except OSError as error:
        where, why = error.filename or options.out, error.strerror or error
        return refuse(f"error: {where}: {why}: choose another place with --out DIR")
    except KeyboardInterrupt:
        return refuse("interrupted: files that were complete are kept, and no half one is left", status=130)
    return 0


if __name__ == "__main__":
    sys.exit(main())
