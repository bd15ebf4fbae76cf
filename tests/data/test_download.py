"""data/download.py against a local server that drops, stalls, lies, and changes its mind."""

import hashlib
import importlib
import io
import os
import re
import sys
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "data"))
catalogue = importlib.import_module("catalogue")
download = importlib.import_module("download")

CONTENT = bytes(range(256)) * 2000  # 512,000 bytes
OTHER = CONTENT[::-1]
SHA256 = hashlib.sha256(CONTENT).hexdigest()


class Server(ThreadingHTTPServer):
    """Serves `content` at every path. `script` holds a behaviour for each request to come, then it is honest:

    ("drop", n)     send n bytes of what is due, then close the connection
    ("stall", n)    send n bytes, then nothing
    ("answer", n)   answer with status n
    """

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.content, self.script, self.requests = CONTENT, [], []
        self.ranges = self.etags = self.honours_if_range = self.announces_length = True
        self.length_error = 0  # added to every true Content-Length
        self.start_error = 0  # added to the start of every range that is asked for
        self.released = threading.Event()  # set at the end, so that stalled handlers go home
        self.waited_out_stall = False

    @property
    def etag(self):
        return f'"{hashlib.md5(self.content).hexdigest()}"'

    def url(self, path="file"):
        return f"http://127.0.0.1:{self.server_address[1]}/{path}"


class Handler(BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_GET(self):
        server, content = self.server, self.server.content
        server.requests.append(dict(self.headers))
        act, *details = server.script.pop(0) if server.script else ("serve",)
        if act == "answer":
            return self.send_error(details[0])

        asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", "")) if server.ranges else None
        same = self.headers.get("If-Range", server.etag) == server.etag
        start = int(asked[1]) if asked and (same or not server.honours_if_range) else 0
        if start and start >= len(content):
            return self.send_error(416)
        self.send_response(206 if start else 200)
        start += server.start_error if start else 0
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        if server.etags:
            self.send_header("ETag", server.etag)
        due = content[start:]
        if server.announces_length:
            self.send_header("Content-Length", str(len(due) + server.length_error))
        self.end_headers()
        self.wfile.write(due[: details[0]] if details else due)
        if act == "stall":
            server.waited_out_stall = not server.released.wait(10)


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setattr(download, "PAUSE", 0.0)
    monkeypatch.setattr(download, "TIMEOUT", 20.0)
    for variable in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(variable, raising=False)
    server = Server()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server
    server.released.set()
    server.shutdown()
    server.server_close()
    thread.join()


def known(server, name="file.bin"):
    return catalogue.RemoteFile(server.url(), name, len(CONTENT), SHA256)


def unknown(server):
    return catalogue.RemoteFile(server.url(), "file.bin")


def zipped(server, member="inside", content=CONTENT):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as bundle:
        bundle.writestr("../../escaped", "never to be written")
        bundle.writestr(member, content)
    server.content = buffer.getvalue()
    return catalogue.RemoteFile(server.url(), "file.tsv", len(CONTENT), SHA256, member="inside")


def files(folder):
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def give_up_after(count, server, folder, monkeypatch):
    """A first command that fails for good with `count` bytes in the part."""
    server.script = [("drop", count), ("drop", 0)]
    with monkeypatch.context() as patch, pytest.raises(download.DownloadError, match="gave up"):
        patch.setattr(download, "ATTEMPTS", 1)
        download.fetch(unknown(server), folder)


def run(server, folder, *remotes):
    entry = catalogue.Collection("1 MB", "for the test", remotes or (known(server),))
    return download.main(["thing", "--out", str(folder)], {"thing": entry})


# An honest server


@pytest.mark.parametrize("remote", [known, unknown])
def test_a_file_arrives_whole_and_alone(server, tmp_path, remote):
    assert download.fetch(remote(server), tmp_path).read_bytes() == CONTENT
    assert files(tmp_path) == ["file.bin"]


def test_a_present_correct_file_is_not_fetched_again(server, tmp_path):
    (tmp_path / "file.bin").write_bytes(CONTENT)
    download.fetch(known(server), tmp_path)
    assert server.requests == []


@pytest.mark.parametrize("wrong", [OTHER, CONTENT[:-1], b""])
def test_a_present_wrong_file_is_replaced(server, tmp_path, wrong):
    (tmp_path / "file.bin").write_bytes(wrong)
    assert download.fetch(known(server), tmp_path).read_bytes() == CONTENT


def test_a_present_wrong_file_stays_until_its_successor_is_complete(server, tmp_path):
    (tmp_path / "file.bin").write_bytes(OTHER)
    server.script = [("answer", 404)]
    with pytest.raises(download.DownloadError):
        download.fetch(known(server), tmp_path)
    assert (tmp_path / "file.bin").read_bytes() == OTHER


def test_only_the_rename_writes_under_the_final_name(server, tmp_path, monkeypatch):
    def refuse(source, target):
        raise PermissionError(13, "Permission denied", target)

    (tmp_path / "file.bin").write_bytes(OTHER)
    monkeypatch.setattr(download.os, "replace", refuse)
    with pytest.raises(PermissionError):
        download.fetch(known(server), tmp_path)
    assert (tmp_path / "file.bin").read_bytes() == OTHER


def test_a_length_never_announced_is_no_obstacle(server, tmp_path):
    server.announces_length = False
    assert download.fetch(unknown(server), tmp_path).read_bytes() == CONTENT


# Dropped connections and stalls


@pytest.mark.parametrize("remote", [known, unknown])
def test_a_dropped_download_goes_on_where_it_stopped(server, tmp_path, remote):
    server.script = [("drop", 200_000), ("drop", 100_000)]
    assert download.fetch(remote(server), tmp_path).read_bytes() == CONTENT
    assert [request.get("Range") for request in server.requests] == [None, "bytes=200000-", "bytes=300000-"]


def test_a_drop_is_noticed_without_any_announced_length(server, tmp_path):
    server.announces_length = False
    server.script = [("drop", 1000)]
    assert download.fetch(known(server), tmp_path).read_bytes() == CONTENT


def test_a_stall_ends_and_loses_no_byte(server, tmp_path, monkeypatch):
    monkeypatch.setattr(download, "TIMEOUT", 0.3)
    server.script = [("stall", 300_000)]
    assert download.fetch(known(server), tmp_path).read_bytes() == CONTENT
    assert server.requests[1]["Range"] == "bytes=300000-"
    assert not server.waited_out_stall


def test_a_second_command_resumes_the_first(server, tmp_path, monkeypatch):
    give_up_after(123_456, server, tmp_path, monkeypatch)
    assert files(tmp_path) == ["file.bin.part", "file.bin.part.etag"]
    assert download.fetch(unknown(server), tmp_path).read_bytes() == CONTENT
    assert server.requests[-1]["Range"] == "bytes=123456-"
    assert server.requests[-1]["If-Range"] == server.etag
    assert files(tmp_path) == ["file.bin"]


def test_a_part_that_is_complete_is_checked_and_renamed_without_a_request(server, tmp_path):
    (tmp_path / "file.bin.part").write_bytes(CONTENT)
    assert download.fetch(known(server), tmp_path).read_bytes() == CONTENT
    assert server.requests == []


def test_it_gives_up_after_the_stated_number_of_attempts_and_keeps_the_part(server, tmp_path, capsys):
    server.script = [("drop", 1000)] + [("drop", 0)] * 50
    assert run(server, tmp_path) == 2
    assert len(server.requests) == 1 + download.ATTEMPTS
    error = capsys.readouterr().err.splitlines()[-1]
    assert (
        error.startswith("download.py: error: ")
        and "5 attempts" in error
        and "run the command again" in error
    )
    assert files(tmp_path) == ["file.bin.part", "file.bin.part.etag"]
    assert (tmp_path / "thing" / "file.bin.part").read_bytes() == CONTENT[:1000]


def test_a_server_that_cannot_resume_and_always_drops_is_not_asked_for_ever(server, tmp_path):
    server.ranges = False
    server.script = [("drop", 1000)] * 50
    with pytest.raises(download.DownloadError, match="gave up"):
        download.fetch(known(server), tmp_path)
    assert len(server.requests) == 1 + download.ATTEMPTS


def test_nobody_listening_is_a_sentence_after_the_attempts(server, tmp_path, capsys):
    remote = catalogue.RemoteFile("http://127.0.0.1:9/", "file.bin")  # discard: a port nobody serves
    assert run(server, tmp_path, remote) == 2
    error = capsys.readouterr().err
    assert "refused" in error and "Traceback" not in error


# Halves that do not belong together


def test_a_server_that_ignores_range_starts_again_cleanly(server, tmp_path):
    server.ranges = False
    server.script = [("drop", 200_000)]
    assert download.fetch(known(server), tmp_path).read_bytes() == CONTENT
    assert "Range" in server.requests[1]


@pytest.mark.parametrize("etags", [True, False])
def test_a_file_that_changes_between_attempts_is_not_glued_to_its_old_half(
    server, tmp_path, monkeypatch, etags
):
    server.etags = etags
    give_up_after(200_000, server, tmp_path, monkeypatch)
    server.content = OTHER
    assert download.fetch(unknown(server), tmp_path).read_bytes() == OTHER


def test_a_changed_file_is_noticed_even_when_the_server_ignores_if_range(server, tmp_path, monkeypatch):
    give_up_after(200_000, server, tmp_path, monkeypatch)
    server.honours_if_range, server.content = False, OTHER
    assert download.fetch(unknown(server), tmp_path).read_bytes() == OTHER
    assert [request.get("Range") for request in server.requests[-2:]] == ["bytes=200000-", None]


def test_an_answer_that_starts_at_another_byte_is_not_glued_on(server, tmp_path):
    server.script, server.start_error = [("drop", 200_000)], -1
    assert download.fetch(unknown(server), tmp_path).read_bytes() == CONTENT
    assert [request.get("Range") for request in server.requests] == [None, "bytes=200000-", None]


def test_a_file_that_became_shorter_than_the_part_starts_again(server, tmp_path):
    short = CONTENT[:1000]
    (tmp_path / "file.bin.part").write_bytes(CONTENT)
    server.content = short
    remote = catalogue.RemoteFile(server.url(), "file.bin", None, hashlib.sha256(short).hexdigest())
    assert download.fetch(remote, tmp_path).read_bytes() == short
    assert server.requests[0]["Range"] == f"bytes={len(CONTENT)}-" and "Range" not in server.requests[1]


@pytest.mark.parametrize("note", ['W/"weak"', '"a\r\nX-Injected: 1"', "", "not quoted", "\x00\xff"])
def test_what_is_no_strong_etag_is_never_sent(server, tmp_path, note):
    (tmp_path / "file.bin.part").write_bytes(OTHER[:1000])
    (tmp_path / "file.bin.part.etag").write_bytes(note.encode("latin-1"))
    assert download.fetch(unknown(server), tmp_path).read_bytes() == CONTENT
    assert not {"If-Range", "Range", "X-Injected"} & set(server.requests[0])


# Lies


@pytest.mark.parametrize("error", [+100, -100])
def test_a_wrong_length_for_a_known_file_is_refused_at_once(server, tmp_path, capsys, error):
    server.length_error = error
    assert run(server, tmp_path) == 2
    assert len(server.requests) == 1
    assert f"{len(CONTENT) + error:,} bytes where {len(CONTENT):,} are expected" in capsys.readouterr().err
    assert files(tmp_path) == []


def test_a_length_announced_too_long_never_yields_a_file(server, tmp_path):
    server.length_error = +100
    with pytest.raises(download.DownloadError, match="gave up"):
        download.fetch(unknown(server), tmp_path)
    assert "file.bin" not in files(tmp_path)


def test_a_length_announced_too_short_never_yields_a_file_of_known_sha256(server, tmp_path):
    server.length_error = -100
    remote = catalogue.RemoteFile(server.url(), "file.bin", None, SHA256)
    with pytest.raises(download.DownloadError, match="has SHA-256"):
        download.fetch(remote, tmp_path)
    assert files(tmp_path) == []


def test_no_more_than_the_announced_length_is_read(server, tmp_path):
    server.length_error = -100
    assert download.fetch(unknown(server), tmp_path).read_bytes() == CONTENT[:-100]


def test_no_more_than_the_known_length_is_read_when_none_is_announced(server, tmp_path):
    server.announces_length, server.content = False, CONTENT + OTHER
    assert download.fetch(known(server), tmp_path).read_bytes() == CONTENT


def test_wrong_bytes_of_the_right_length_are_deleted_and_named(server, tmp_path, capsys):
    server.content = OTHER
    assert run(server, tmp_path) == 2
    error = capsys.readouterr().err
    assert SHA256 in error and hashlib.sha256(OTHER).hexdigest() in error and "deleted" in error
    assert files(tmp_path) == []


# Answers that are not the file


@pytest.mark.parametrize("status", [500, 503, 429])
def test_a_passing_server_error_is_tried_again(server, tmp_path, status):
    server.script = [("answer", status)] * 2
    assert download.fetch(known(server), tmp_path).read_bytes() == CONTENT


def test_not_found_is_final_and_the_next_command_recovers(server, tmp_path, capsys):
    server.script = [("answer", 404)]
    assert run(server, tmp_path) == 2
    assert len(server.requests) == 1 and "404" in capsys.readouterr().err
    assert run(server, tmp_path) == 0
    assert files(tmp_path) == ["file.bin"]


def test_an_empty_success_is_not_a_file(server, tmp_path):
    server.script = [("answer", 204)]
    with pytest.raises(download.DownloadError, match="204"):
        download.fetch(unknown(server), tmp_path)
    assert files(tmp_path) == []


# Archives


def test_only_the_named_member_is_unpacked(server, tmp_path):
    folder = tmp_path / "deep" / "down"
    assert download.fetch(zipped(server), folder).read_bytes() == CONTENT
    assert files(tmp_path) == ["file.tsv"]


def test_an_archive_is_resumed_too(server, tmp_path):
    remote = zipped(server)
    server.script = [("drop", 100)]
    assert download.fetch(remote, tmp_path).read_bytes() == CONTENT
    assert server.requests[1]["Range"] == "bytes=100-"


def test_a_member_larger_than_expected_is_not_unpacked_beyond_its_size(server, tmp_path, monkeypatch):
    written = []
    discard = download.discard
    monkeypatch.setattr(
        download, "discard", lambda part: (written.append(download.length(part)), discard(part))
    )
    with pytest.raises(download.DownloadError, match="bytes where"):
        download.fetch(zipped(server, content=bytes(50_000_000)), tmp_path)
    assert max(written) == len(CONTENT) + 1
    assert files(tmp_path) == []


def with_header_field(archive, local, central, value):
    """The archive with a 16-bit field changed in every member's local header and directory entry."""
    changed = bytearray(archive)
    for signature, offset in ((b"PK\x03\x04", local), (b"PK\x01\x02", central)):
        for found in re.finditer(re.escape(signature), archive):
            changed[found.start() + offset : found.start() + offset + 2] = value.to_bytes(2, "little")
    return bytes(changed)


def damaged(archive, where):
    changed = bytearray(archive)
    changed[where : where + 20] = bytes(20)
    return bytes(changed)


@pytest.mark.parametrize(
    "damage",
    [
        lambda archive: OTHER,
        lambda archive: archive[:-30],
        lambda archive: damaged(archive, 200),
        lambda archive: damaged(archive, len(archive) // 2),
        lambda archive: archive.replace(b"inside", b"beside"),
        lambda archive: with_header_field(archive, 6, 8, 1),
        lambda archive: with_header_field(archive, 8, 10, 99),
    ],
    ids=[
        "no archive",
        "cut off",
        "damaged",
        "damaged later",
        "no such member",
        "encrypted",
        "unknown compression",
    ],
)
def test_an_archive_that_cannot_be_unpacked_is_deleted_in_one_sentence(server, tmp_path, capsys, damage):
    remote = zipped(server)
    server.content = damage(server.content)
    assert run(server, tmp_path, remote) == 2
    error = capsys.readouterr().err
    assert "cannot be read from the archive" in error and error.count("\n") == 1
    assert files(tmp_path) == []


# The command line


def test_control_c_keeps_the_part_and_the_same_command_goes_on(server, tmp_path, capsys, monkeypatch):
    def received_until_control_c(response, remaining):
        yield response.read1(1000)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(download, "received", received_until_control_c)
        assert run(server, tmp_path) == 130
    assert "goes on from there" in capsys.readouterr().err
    assert files(tmp_path) == ["file.bin.part", "file.bin.part.etag"]
    kept = (tmp_path / "thing" / "file.bin.part").read_bytes()
    assert 0 < len(kept) <= 1000 and CONTENT.startswith(kept)
    assert run(server, tmp_path) == 0
    assert server.requests[-1]["Range"] == f"bytes={len(kept)}-"
    assert (tmp_path / "thing" / "file.bin").read_bytes() == CONTENT


def test_each_name_has_its_own_folder(server, tmp_path):
    entry = catalogue.Collection("1 MB", "for the test", (known(server, "一.bin"), known(server, "b.bin")))
    assert download.main(["左", "right", "--out", str(tmp_path)], {"左": entry, "right": entry}) == 0
    found = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    assert found == {"左/一.bin", "左/b.bin", "right/一.bin", "right/b.bin"}


def test_a_folder_that_cannot_be_made_is_one_sentence(server, tmp_path, capsys):
    (tmp_path / "taken").write_bytes(b"a file, not a folder")
    assert run(server, tmp_path / "taken") == 2
    error = capsys.readouterr().err
    assert error.startswith("download.py: error: ") and "--out" in error and error.count("\n") == 1


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a device that is always full")
def test_a_full_disk_is_one_sentence(server, tmp_path, capsys, monkeypatch):
    def open_on_a_full_disk(path, mode):
        return open("/dev/full" if "a" in mode else path, mode)

    monkeypatch.setattr(download, "open", open_on_a_full_disk, raising=False)
    assert run(server, tmp_path) == 2
    error = capsys.readouterr().err
    assert "the disk is full" in error and "free some space" in error and error.count("\n") == 1
    assert "file.bin" not in files(tmp_path)


def test_help_lists_every_name(capsys):
    with pytest.raises(SystemExit) as leaving:
        download.main(["--help"])
    assert leaving.value.code == 0
    text = capsys.readouterr().out
    for name, entry in catalogue.CATALOGUE.items():
        assert re.search(
            rf"^  {re.escape(name)} +{re.escape(entry.size)}  {re.escape(entry.about)}$", text, re.M
        )


def test_an_unknown_name_is_refused_with_the_known_ones(capsys):
    with pytest.raises(SystemExit) as leaving:
        download.main(["gpt3"])
    assert leaving.value.code == 2
    error = capsys.readouterr().err
    assert "gpt3" in error and "shakespeare" in error


# The catalogue


@pytest.mark.parametrize("name", catalogue.CATALOGUE)
def test_a_catalogue_entry_is_sound(name):
    entry = catalogue.CATALOGUE[name]
    names = [remote.name for remote in entry.files]
    assert len(set(names)) == len(names)
    for remote in entry.files:
        assert remote.url.startswith("https://")
        assert remote.name == Path(remote.name).name  # never a path: it becomes one inside the folder
        assert remote.sha256 is None or re.fullmatch("[0-9a-f]{64}", remote.sha256)
        assert remote.member is None or remote.size is not None
    if all(remote.size is not None for remote in entry.files):
        number, unit = entry.size.split()
        unit = {"kB": 1e3, "MB": 1e6, "GB": 1e9}[unit]
        assert sum(remote.size for remote in entry.files) / unit == pytest.approx(float(number), rel=0.05)
