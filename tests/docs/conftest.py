import pytest


@pytest.fixture(scope="session")
def made(tmp_path_factory):
    """Where the results of commands are kept that several pages run."""
    return tmp_path_factory.mktemp("made")
