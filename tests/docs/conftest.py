import importlib.util

import pytest

if importlib.util.find_spec("markdown_it") is None:  # on the runtime packages alone
    collect_ignore_glob = ["test_*.py"]


@pytest.fixture(scope="session")
def made(tmp_path_factory):
    """Where the results of commands are kept that several pages run."""
    return tmp_path_factory.mktemp("made")
