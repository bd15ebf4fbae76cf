"""Fetch public models and texts: python data/download.py NAME [NAME ...]

Downloads break, stall, and sometimes lie. What keeps a wrong file from ever looking like a right one:

    FILE.part         takes the bytes as they come; FILE appears by one rename, after everything is checked
    Range, If-Range   a broken download goes on where it stopped, but only if the file on the server is still
                      the same: its strong ETag (kept in FILE.part.etag) must match, or the SHA-256 of the
                      whole must be known; otherwise it starts again (RFC 9110, sections 13.1.5 and 14)
    length, SHA-256   are checked on what lies on the disk; a mismatch deletes the part

Without a known SHA-256 a file is as good as the length that the server announced. Proxies are taken from the
environment (HTTPS_PROXY), as urllib does everywhere.
"""

import argparse
import errno
import hashlib
import http.client
import os
import re
import sys
import time
import urllib.error
import urllib.request
import zipfile
import zlib
from pathlib import Path

from catalogue import CATALOGUE
from tqdm import tqdm

DEFAULT_FOLDER = Path(__file__).resolve().parent / "downloads"
TIMEOUT = 30.0  # seconds without a byte that count as a stall
ATTEMPTS = 5  # in a row without a new byte, then we give up
PAUSE = 0.5  # seconds before another attempt, doubled for each fruitless one
BLOCK = 1 << 18
STRONG_ETAG = re.compile(r'"[\x21\x23-\x7e]*"')  # a weak one, W/"...", does not promise equal bytes


class DownloadError(OSError):
    """A download that cannot succeed as things stand; the text says what to do."""


class Dropped(Exception):
    """A failure that another attempt may mend: a lost connection, a stall, a busy server."""


def fetch(remote, folder):
    """Bring one RemoteFile into folder and return its path; a present, correct file is left alone.

    Raises DownloadError with a sentence that says what to do, OSError where the disk refuses.
    """
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / remote.name
    if target.exists():
        wrong = mismatch(target, remote)
        if wrong is None:
            print(f"{target}: already here" + ("" if remote.sha256 else " (unchecked: no SHA-256 is known)"))
            return target
        print(f"{target} {wrong}: fetching it again")

    part = target.with_name(target.name + ".part")
    try:
        if remote.member is None:
            transfer(remote.url, part, remote.size, remote.sha256)
        else:
            archive = target.with_name(target.name + ".zip.part")
            transfer(remote.url, archive, size=None, sha256=None)
            unpack(archive, remote, part)
            discard(archive)
        wrong = mismatch(part, remote)
        if wrong is not None:
            discard(part)
            raise DownloadError(
                f"{remote.url}: what arrived {wrong}, so it was deleted: run the command again, and if it "
                "fails again the file has changed at its source and data/catalogue.py must be updated"
            )
        os.replace(part, target)
        discard(part)  # what is left of it: the note of its ETag
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        raise DownloadError(f"the disk is full at {folder}: free some space, then run this again") from error
    print(f"{target}: {target.stat().st_size:,} bytes, {'SHA-256' if remote.sha256 else 'length'} checked")
    return target


def transfer(url, part, size, sha256):
    """Download url into part, attempt after attempt, until as many bytes as announced lie there."""
    furthest, fruitless = length(part), 0
    while True:
        try:
            return attempt(url, part, size, sha256)
        except Dropped as reason:
            # Only getting further than ever before counts: a server that always breaks off halfway and
            # cannot resume must not be asked for ever.
            fruitless = 0 if length(part) > furthest else fruitless + 1
            furthest = max(furthest, length(part))
            if fruitless == ATTEMPTS:
                raise DownloadError(
                    f"{url}: gave up after {ATTEMPTS} attempts without a new byte (the last: {reason}): "
                    "check the connection and run the command again; what has arrived is kept"
                ) from None
            pause = PAUSE * 2**fruitless
            print(f"{part.name}: {reason}; trying again in {pause:g} s", file=sys.stderr)
            time.sleep(pause)


def attempt(url, part, size, sha256):
    """One request for what part still lacks. Raises Dropped where another request may do better."""
    offset, etag = length(part), noted_etag(part)
    if size is not None and offset == size:
        return  # complete already, stopped before the check
    headers = {"User-Agent": "minigpt"}
    if offset and (etag or sha256):
        headers["Range"] = f"bytes={offset}-"
        if etag:
            headers["If-Range"] = etag  # "else send me the whole file"

    with connect(urllib.request.Request(url, headers=headers), part) as response:
        if response.status == 206:
            end = continued_length(response, offset, etag, part)
        else:  # 200, the whole file: the server cannot, or must not, resume
            discard(part)  # before the new ETag is noted, which must never stand beside old bytes
            etag_note(part).write_text(response.headers.get("ETag", ""), encoding="utf-8", newline="\n")
            offset, end = 0, response.length
        if size is not None and end is not None and end != size:
            discard(part)
            raise DownloadError(
                f"{url}: the server offers {end:,} bytes where {size:,} are expected: the file has changed, "
                "or a login page or a proxy answers in its place: open the address in a browser to see"
            )
        end = size if end is None else end

        with (
            open(part, "ab") as file,
            # disable=None: no bar where nobody watches, as in a log file
            tqdm(desc=part.stem, initial=offset, total=end, unit="B", unit_scale=True, disable=None) as bar,
        ):
            for block in received(response, None if end is None else end - offset):
                offset += file.write(block)
                bar.update(len(block))
            file.flush()
            os.fsync(file.fileno())  # the rename must not reach the disk before the bytes do
    if end is not None and offset < end:
        raise Dropped(f"the connection was closed after {offset:,} of {end:,} bytes")


def connect(request, part):
    """Open the request, sorting failures into those worth another attempt and those that are final."""
    url = request.full_url
    try:
        response = urllib.request.urlopen(request, timeout=TIMEOUT)
    except urllib.error.HTTPError as error:
        error.close()
        answer = f"the server answered {error.code} {error.reason}"
        if error.code == 416:  # Range Not Satisfiable: the part is longer than the file has become
            discard(part)
            raise Dropped("the file on the server has changed") from None
        if error.code in (408, 429) or error.code >= 500:
            raise Dropped(answer) from None
        raise DownloadError(f"{url}: {answer}: open the address in a browser to see why") from None
    except (OSError, http.client.HTTPException) as error:
        raise Dropped(describe(getattr(error, "reason", error))) from None
    if response.status not in (200, 206):
        response.close()
        raise DownloadError(f"{url}: the server answered {response.status} {response.reason}, not a file")
    return response


def continued_length(response, offset, etag, part):
    """The length of the whole file, from a 206 answer that must fit the part we hold."""
    span = re.fullmatch(r"bytes (\d+)-\d+/(\d+)", response.headers.get("Content-Range", ""))
    if span is None or int(span[1]) != offset or (etag and response.headers.get("ETag", etag) != etag):
        discard(part)
        raise Dropped("the server did not continue the same file")
    return int(span[2])


def received(response, remaining):
    """Yield the body in blocks, at most `remaining` bytes of it (None: until it ends)."""
    while remaining is None or remaining > 0:
        try:
            # read1 hands over what has come; read would wait for a full block and lose it in a stall
            block = response.read1(BLOCK if remaining is None else min(BLOCK, remaining))
        except (OSError, http.client.HTTPException) as error:
            raise Dropped(describe(error)) from None
        if not block:
            return
        if remaining is not None:
            remaining -= len(block)
        yield block


def unpack(archive, remote, part):
    """Write the one named member of the archive to part: no other path in it is looked at, and no more bytes
    are written than the catalogue expects, whatever the archive claims."""
    try:
        with (
            zipfile.ZipFile(archive) as bundle,
            bundle.open(remote.member) as member,
            open(part, "wb") as file,
        ):
            room = remote.size + 1  # one byte too many is enough for mismatch() to see
            while room and (block := member.read(min(BLOCK, room))):
                file.write(block)
                room -= len(block)
            file.flush()
            os.fsync(file.fileno())
    except (zipfile.BadZipFile, zlib.error, KeyError, EOFError, RuntimeError) as error:
        # RuntimeError: an encrypted member, or (NotImplementedError) an unknown compression
        discard(archive)
        discard(part)
        raise DownloadError(
            f"{remote.url}: {remote.member} cannot be read from the archive ({describe(error)}), so it was "
            "deleted: run the command again, or open the address in a browser to see what it offers"
        ) from None


def mismatch(path, remote):
    """What is wrong with the file at path, as the end of a sentence, or None if it is what is expected."""
    size = length(path)
    if remote.size is not None and size != remote.size:
        return f"has {size:,} bytes where {remote.size:,} are expected"
    if remote.sha256 is not None:
        digest = hashlib.sha256()
        with open(path, "rb") as file:
            while block := file.read(BLOCK):
                digest.update(block)
        if digest.hexdigest() != remote.sha256:
            return f"has SHA-256 {digest.hexdigest()} where {remote.sha256} is expected"
    return None


def length(path):
    return path.stat().st_size if path.exists() else 0


def etag_note(part):
    return part.with_name(part.name + ".etag")


def noted_etag(part):
    """The strong ETag that part was begun under, or None. What is not one is never sent to a server."""
    note = etag_note(part)
    etag = note.read_text(encoding="utf-8", errors="replace") if note.exists() else ""
    return etag if STRONG_ETAG.fullmatch(etag) else None


def discard(part):
    part.unlink(missing_ok=True)
    etag_note(part).unlink(missing_ok=True)


def describe(error):
    return str(error) or type(error).__name__


def main(arguments=None, catalogue=CATALOGUE):
    """The command line. `catalogue` is an argument so that tests can point every address at their own server;
    an environment variable would let a stray setting do the same to a user. Returns the exit status."""
    sys.stdout.reconfigure(encoding="utf-8")
    names = "\n".join(f"  {name:<12} {entry.size:>8}  {entry.about}" for name, entry in catalogue.items())
    parser = argparse.ArgumentParser(
        prog="download.py",
        description="Fetch public models and texts. An interrupted download goes on where it stopped.",
        epilog=f"names:\n{names}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "names", metavar="NAME", nargs="+", choices=catalogue, help="what to fetch, see below"
    )
    parser.add_argument(
        "--out",
        metavar="DIR",
        type=Path,
        default=DEFAULT_FOLDER,
        help="files go to DIR/NAME (default: %(default)s)",
    )
    options = parser.parse_args(arguments)
    try:
        for name in options.names:
            for remote in catalogue[name].files:
                fetch(remote, options.out / name)
    except DownloadError as error:
        print(f"{parser.prog}: error: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        where, reason = error.filename or options.out, error.strerror or error
        print(
            f"{parser.prog}: error: {where}: {reason}: choose another place with --out DIR", file=sys.stderr
        )
        return 2
    except KeyboardInterrupt:
        kept = f"what has arrived is kept in {options.out}, and the same command goes on from there"
        print(f"{parser.prog}: interrupted: {kept}", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
