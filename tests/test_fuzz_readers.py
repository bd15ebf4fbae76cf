"""Some mutants of every file; fuzz_readers.py runs as many as one has time for."""

import sys

import pytest
from fuzz_readers import fuzz, write_files

MUTANTS = 200  # of all files together


@pytest.mark.skipif(sys.platform == "win32", reason="there is no alarm on Windows")
def test_a_file_that_was_changed_at_random_is_read_rightly_or_refused(tmp_path):
    files = write_files(tmp_path)
    for name, file in files.items():
        counts, faults = fuzz(name, file, MUTANTS // len(files), seed="suite")
        assert not faults, f"{name}: {faults}"
        assert sum(counts.values()) == MUTANTS // len(files)
