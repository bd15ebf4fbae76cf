"""data/download.py against a local server that drops, stalls and lies, as a website and as Hugging Face."""

import hashlib
import importlib
import io
import os
import re
import signal
import subprocess
import sys
import threading
import time
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

pooch = pytest.importorskip("pooch")
pytest.importorskip("huggingface_hub")
from huggingface_hub import constants, file_download  # noqa: E402

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "data"))
catalogue = importlib.import_module("catalogue")
download = importlib.import_module("download")

CONTENT = bytes(range(256)) * 2000  # 512,000 bytes
OTHER = CONTENT[::-1]
SHA256 = hashlib.sha256(CONTENT).hexdigest()


class Handler(BaseHTTPRequestHandler):
    """Serves server.content at every path; a GET first takes the next of server.script, if there is one:

    ("drop", n)     send n bytes of what is due, then close the connection
    ("stall", n)    send n bytes, then nothing
    ("answer", n)   answer with status n, and a reason that a terminal would obey
    """

    def log_message(self, *_):
        pass

    def do_HEAD(self):
        self.answer(b"")

    def do_GET(self):
        server = self.server
        server.requests.append((self.path, self.headers))
        if self.path.startswith("/api/"):
            return self.send_error(404)
        act, amount = server.script.pop(0) if server.script else ("serve", None)
        if act == "answer":
            return self.send_error(amount, "Gone\x1b[2J away")
        asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        self.answer(server.content[int(asked[1]) :][:amount] if asked else server.content[:amount], asked)
        if act == "stall":
            self.wfile.flush()
            server.stalled.set()
            server.released.wait(20)

    def answer(self, body, asked=None):
        content = self.server.content
        start = int(asked[1]) if asked else 0
        self.send_response(206 if asked else 200)
        if asked:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        self.send_header("Content-Length", str(len(content) - start))
        self.send_header("ETag", f'"{hashlib.md5(content).hexdigest()}"')
        self.send_header("Content-Disposition", 'attachment; filename="\x1b[2J.bin";')
        self.send_header("X-Repo-Commit", "0123456789abcdef" * 2 + "01234567")
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def server(monkeypatch, tmp_path):
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.content, server.script, server.requests = CONTENT, [], []
    server.stalled, server.released = threading.Event(), threading.Event()
    server.address = f"http://127.0.0.1:{server.server_address[1]}"
    for variable in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr(constants, "ENDPOINT", server.address)
    template = "/{repo_id}/resolve/{revision}/{filename}"
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", server.address + template)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_TELEMETRY", True)  # download.py sets the variable too late
    monkeypatch.setattr(constants, "DOWNLOAD_CHUNK_SIZE", 10_000)  # of 10 MB: only whole ones are kept
    monkeypatch.setattr(time, "sleep", lambda seconds: None)  # the pauses before another attempt
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield server
    server.released.set()
    server.shutdown()
    server.server_close()
    thread.join()


def web(server, **changed):
    return catalogue.WebFile(server.address + "/file", "file.bin", SHA256)._replace(**changed)


def hub(server, **changed):
    return catalogue.HubFile("someone/some-model", "file.bin", SHA256)._replace(**changed)


def run(folder, *files):
    entry = catalogue.Collection("1 MB", "for the test", files)
    return download.main(["thing", "--out", str(folder)], {"thing": entry})


def lying(folder):
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


both = pytest.mark.parametrize("kind", [web, hub])


@both
def test_a_file_arrives_whole_and_alone_and_is_not_fetched_twice(server, tmp_path, kind):
    out = tmp_path / "out"
    assert run(out, kind(server, name="一.bin")) == 0
    assert (out / "thing" / "一.bin").read_bytes() == CONTENT
    assert lying(out) == {"thing/一.bin"} and len(server.requests) == 1
    assert run(out, kind(server, name="一.bin")) == 0
    assert len(server.requests) == 1


@both
def test_a_present_wrong_file_stays_until_its_successor_is_complete(server, tmp_path, kind):
    path = tmp_path / "thing" / "file.bin"
    path.parent.mkdir()
    path.write_bytes(OTHER)
    server.script = [("answer", 404)] * 4
    assert run(tmp_path, kind(server)) == 2
    assert path.read_bytes() == OTHER
    server.script = []
    assert run(tmp_path, kind(server)) == 0
    assert path.read_bytes() == CONTENT


@both
def test_a_dropped_connection_is_tried_again(server, tmp_path, kind):
    server.script = [("drop", 200_000), ("drop", 100_000)]
    assert run(tmp_path, kind(server)) == 0
    assert (tmp_path / "thing" / "file.bin").read_bytes() == CONTENT
    ranges = [headers.get("Range") for _, headers in server.requests]
    assert ranges == ([None] * 3 if kind is web else [None, "bytes=200000-", "bytes=300000-"])


@both
def test_wrong_bytes_are_deleted_and_both_hashes_named(server, tmp_path, capsys, kind):
    server.content = OTHER
    assert run(tmp_path / "out", kind(server)) == 2
    error = capsys.readouterr().err
    assert SHA256 in error and hashlib.sha256(OTHER).hexdigest() in error and "data/catalogue.py" in error
    assert error.startswith("download.py: error: ") and error.count("\n") == 1
    assert lying(tmp_path / "out") == set()


@both
def test_a_reason_that_a_terminal_would_obey_is_written_as_an_escape(server, tmp_path, capsys, kind):
    server.script = [("answer", 404)] * 4
    assert run(tmp_path / "out", kind(server)) == 2
    error = capsys.readouterr().err
    assert "404" in error and "\x1b" not in error and error.count("\n") == 1
    assert kind is hub or r"Gone\x1b[2J away" in error
    assert lying(tmp_path / "out") == set()


@both
def test_a_bar_does_not_pass_on_a_name_that_a_terminal_would_obey(
    server, tmp_path, capsys, kind, monkeypatch
):
    monkeypatch.setenv("TQDM_POSITION", "-1")  # huggingface_hub's way to show a bar without a terminal
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    assert run(tmp_path, kind(server)) == 0
    bar = capsys.readouterr().err
    assert "512k/512k" in bar and "\x1b" not in bar


@both
def test_nobody_listening_is_a_sentence(server, tmp_path, capsys, kind, monkeypatch):
    nobody = "http://127.0.0.1:9"  # discard: a port nobody serves
    template = nobody + "/{repo_id}/resolve/{revision}/{filename}"
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
    assert run(tmp_path, web(server, url=nobody) if kind is web else hub(server)) == 2
    error = capsys.readouterr().err
    assert "refused" in error and "check the connection" in error and error.count("\n") == 1


def full(*_, **__):
    raise OSError(28, "No space left on device")


@both
def test_a_full_disk_is_a_sentence(server, tmp_path, capsys, kind, monkeypatch):
    monkeypatch.setattr(pooch.downloaders, "open", full, raising=False)
    monkeypatch.setattr(file_download, "http_get", full)
    assert run(tmp_path / "out", kind(server)) == 2
    error = capsys.readouterr().err
    assert "the disk is full" in error and "free some space" in error and error.count("\n") == 1
    assert lying(tmp_path / "out") == set()


def test_a_model_too_large_for_the_disk_is_refused_before_it_is_fetched(
    server, tmp_path, capsys, monkeypatch
):
    little = type("usage", (), {"free": 1000})
    monkeypatch.setattr(file_download.shutil, "disk_usage", lambda path: little)
    assert run(tmp_path, hub(server)) == 2
    assert "the disk is full" in capsys.readouterr().err and server.requests == []


@both
@pytest.mark.skipif(sys.platform == "win32", reason="sends a signal")
def test_control_c_leaves_nothing_half_and_the_libraries_say_nothing_of_their_own(server, tmp_path, kind):
    server.script = [("drop", 200_000), ("stall", 200_000)]
    code = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "import catalogue, download\n"
        f"entry = catalogue.Collection('', '', (catalogue.{kind(server)!r},))\n"
        "sys.exit(download.main(['thing', '--out', sys.argv[2]], {'thing': entry}))"
    )
    environment = {name: value for name, value in os.environ.items() if name != "HF_HUB_DISABLE_TELEMETRY"}
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(Path(download.__file__).parent), str(tmp_path / "out")],
        env=environment | {"HF_ENDPOINT": server.address, "HF_HOME": str(tmp_path / "home")},
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )
    assert server.stalled.wait(30)
    process.send_signal(signal.SIGINT)
    _, error = process.communicate(timeout=30)
    assert process.returncode == 130
    assert error.startswith("download.py: interrupted: ") and error.count("\n") == 1
    assert lying(tmp_path / "out") == set()
    assert len(server.requests) == 2  # and no telemetry


# Models


def test_of_a_model_nothing_is_asked_for_but_its_files_and_no_token_is_sent(server, tmp_path, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    model = catalogue.model_directory(
        "someone/some-model", None, SHA256, None, dict.fromkeys(catalogue.GPT2_TOKENIZER)
    )
    dataset = catalogue.HubFile("someone/texts", "file.txt", SHA256, kind="dataset")
    assert run(tmp_path / "out", *model, dataset) == 0
    names = (
        "config.json generation_config.json tokenizer.json tokenizer_config.json vocab.json merges.txt "
        "model.safetensors"
    ).split()
    assert lying(tmp_path / "out") == {f"thing/{name}" for name in (*names, "file.txt")}
    assert [path for path, _ in server.requests] == [
        *(f"/someone/some-model/resolve/main/{name}" for name in names),
        "/datasets/someone/texts/resolve/main/file.txt",
    ]
    assert not [headers for _, headers in server.requests if "Authorization" in headers]


# Archives


def zipped(server, content=CONTENT, member="inside"):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as bundle:
        bundle.writestr("../../escaped", "never to be written")
        bundle.writestr(member, content)
    server.content = buffer.getvalue()
    return web(server, name="file.tsv", member="inside")


def test_only_the_named_member_is_unpacked(server, tmp_path):
    assert run(tmp_path / "deep" / "down", zipped(server)) == 0
    assert lying(tmp_path) == {"deep/down/thing/file.tsv"}
    assert (tmp_path / "deep/down/thing/file.tsv").read_bytes() == CONTENT


def test_a_member_is_not_unpacked_beyond_what_any_of_ours_has(server, tmp_path, monkeypatch):
    monkeypatch.setattr(download, "LARGEST_MEMBER", 1000)
    unpacked = []
    monkeypatch.setattr(Path, "write_bytes", lambda path, content: unpacked.append(len(content)))
    run(tmp_path, zipped(server, content=bytes(50_000_000)))
    assert unpacked == [1000]


@pytest.mark.parametrize(
    "damage",
    [
        lambda archive: OTHER,
        lambda archive: archive[:-30],
        lambda archive: archive[:200] + bytes(20) + archive[220:],
        lambda archive: archive.replace(b"inside", b"beside"),
    ],
    ids=["no archive", "cut off", "damaged", "no such member"],
)
def test_an_archive_that_cannot_be_unpacked_is_a_sentence(server, tmp_path, capsys, damage):
    file = zipped(server)
    server.content = damage(server.content)
    assert run(tmp_path, file) == 2
    error = capsys.readouterr().err
    assert "did not arrive" in error and error.count("\n") == 1
    assert lying(tmp_path) == set()


# The command line


def test_each_name_has_its_own_folder(server, tmp_path):
    entry = catalogue.Collection("1 MB", "for the test", (web(server), hub(server, name="b.bin")))
    out = tmp_path / "out"
    assert download.main(["左", "right", "--out", str(out)], {"左": entry, "right": entry}) == 0
    assert lying(out) == {"左/file.bin", "左/b.bin", "right/file.bin", "right/b.bin"}


def test_a_folder_that_cannot_be_made_is_a_sentence(server, tmp_path, capsys):
    (tmp_path / "taken").write_bytes(b"a file, not a folder")
    assert run(tmp_path / "taken", web(server)) == 2
    error = capsys.readouterr().err
    assert error.startswith("download.py: error: ") and "--out" in error and error.count("\n") == 1


@pytest.mark.parametrize("library", ["pooch", "huggingface_hub"])
def test_a_missing_library_is_a_sentence_with_the_extra_that_brings_it(library, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, library, None)
    assert download.main(["gpt2"]) == 2
    error = capsys.readouterr().err
    assert error == f"download.py: error: {library} is missing: pip install 'minigpt[download]' brings it\n"
    assert download.main([]) == 0  # the listing needs neither


@pytest.mark.parametrize("arguments", [[], ["--help"]])
def test_every_name_is_listed(arguments, capsys):
    try:
        assert download.main(arguments) == 0
    except SystemExit as leaving:
        assert leaving.code == 0
    text = capsys.readouterr().out
    for name, entry in catalogue.CATALOGUE.items():
        assert re.search(
            rf"^{re.escape(name)} +{re.escape(entry.size)}  {re.escape(entry.about)}$", text, re.M
        )


def test_an_unknown_name_is_refused_with_the_known_ones(capsys):
    assert download.main(["shakespeare", "gpt3"]) == 2
    error = capsys.readouterr().err
    assert "there is no 'gpt3'" in error and "shakespeare" in error and error.count("\n") == 1


@pytest.mark.parametrize("name", catalogue.CATALOGUE)
def test_a_catalogue_entry_is_sound(name):
    files = catalogue.CATALOGUE[name].files
    assert len({file.name for file in files}) == len(files)
    for file in files:
        assert re.fullmatch(r"[\w.-]+\.(safetensors|json|txt|tsv)", file.name)  # never a path or a pickle
        assert re.fullmatch("[0-9a-f]{64}", file.sha256 or "0" * 64)
        assert isinstance(file, catalogue.HubFile) or (file.url.startswith("https://") and file.sha256)
