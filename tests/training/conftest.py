"""Files of text for the tests of training."""

import pytest


@pytest.fixture
def write(tmp_path):
    """write(name, content): a file of bytes, or of text as it stands."""

    def write_file(name, content):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
        return path

    return write_file
