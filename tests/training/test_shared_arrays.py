import os
import sys
from pathlib import Path

import numpy as np
import pytest

from minigpt.training.shared_arrays import ALIGNED, SharedArrays, shapes_of

ARRAYS = {
    "a": np.arange(15, dtype=np.float32).reshape(3, 5),
    "b": np.ones(7),
    "c": np.zeros((2, 0)),
    "d": np.arange(6, dtype=np.int16).reshape(1, 2, 3),
}


def test_what_one_writes_the_other_sees_each_array_in_its_place():
    first = SharedArrays(shapes_of(ARRAYS))
    second = SharedArrays(shapes_of(first), first.handle)
    for name, array in ARRAYS.items():
        assert not first[name].any() and first[name].dtype == array.dtype
        first[name][...] = array
    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(second[name], array)
    second["b"][3] = 5.0
    assert first["b"][3] == 5.0


def test_arrays_begin_at_lines_of_the_cache():
    for array in SharedArrays(shapes_of(ARRAYS)).values():
        assert array.ctypes.data % ALIGNED == 0 and array.flags.c_contiguous


def test_the_handle_can_be_closed_and_the_arrays_stay():
    arrays = SharedArrays(shapes_of(ARRAYS))
    handle = arrays.handle
    arrays.close_handle()
    arrays.close_handle()
    if sys.platform != "win32":
        with pytest.raises(OSError):
            os.fstat(handle)
    arrays["a"][...] = 3.0
    assert arrays["a"].sum() == 45.0


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="what is open is read from /proc")
def test_the_memory_has_no_name_that_could_stay_behind():
    arrays = SharedArrays(shapes_of(ARRAYS))
    assert os.readlink(f"/proc/self/fd/{arrays.handle}").endswith("(deleted)")
    arrays.close_handle()


def test_another_shape_or_dtype_is_refused_and_not_converted():
    arrays = SharedArrays(shapes_of(ARRAYS))
    arrays.put("b", ARRAYS["b"])
    np.testing.assert_array_equal(arrays["b"], ARRAYS["b"])
    for wrong in (ARRAYS["b"].astype(np.float32), ARRAYS["b"][:1], np.float64(1.0)):
        with pytest.raises(TypeError, match=r"b is float.* of shape .* not float64 of shape"):
            arrays.put("b", wrong)


def test_more_memory_than_there_is_is_refused_in_a_sentence():
    with pytest.raises(MemoryError, match=r"^8,0.* bytes to share .*--workers 1"):
        SharedArrays({"a": ((10**15,), np.float64)})
