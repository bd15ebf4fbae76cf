"""Files that lie: whatever a header says, the answer is an array or a sentence, fast and in little memory."""

import json
import time
import tracemalloc

import numpy as np
import pytest
import safetensors.numpy
from hypothesis import given, settings
from hypothesis import strategies as st

from minigpt.interchange.safetensors_file import (
    CHECKSUMS,
    LONGEST_HEADER,
    open_metadata,
    open_safetensors,
    save_safetensors,
)

ARRAYS = {
    "a": np.arange(6, dtype=np.float32).reshape(2, 3),
    "b": np.linspace(-1, 1, 5).astype(np.float16),
    "c": np.array(7.0),
    "d": np.zeros((0, 4), dtype=np.float32),
}


def written(tmp_path, header, data=b"", length=None):
    """A file with any header: bytes, or what JSON makes of it, and any claim of its length."""
    header = header if isinstance(header, bytes) else json.dumps(header).encode("utf-8")
    length = len(header) if length is None else length
    path = tmp_path / "any.safetensors"
    path.write_bytes(length.to_bytes(8, "little") + header + data)
    return path


def entry(dtype="F32", shape=(2,), offsets=(0, 8)):
    return {"dtype": dtype, "shape": list(shape), "data_offsets": list(offsets)}


def test_what_the_safetensors_library_writes_is_read_exactly(tmp_path):
    path = tmp_path / "model.safetensors"
    safetensors.numpy.save_file(ARRAYS, path, metadata={"format": "pt"})
    stored = open_safetensors(path)
    assert stored.keys() == ARRAYS.keys()
    for name, array in ARRAYS.items():
        assert stored[name].shape == array.shape
        assert np.array_equal(stored[name].read(), array)


def test_every_bfloat16_is_widened_as_torch_does(tmp_path):
    torch = pytest.importorskip("torch")
    bits = np.arange(2**16, dtype=np.uint16)
    path = written(tmp_path, {"x": entry("BF16", (2**16,), (0, 2**17))}, bits.tobytes())
    expected = torch.tensor(bits.astype(np.int32)).to(torch.int16).view(torch.bfloat16).float().numpy()
    np.testing.assert_array_equal(open_safetensors(path)["x"].read(), expected)


def test_an_odd_header_length_costs_a_copy_but_gives_aligned_arrays(tmp_path):
    header = json.dumps({"x": entry()}).encode("utf-8")
    header += b" " * (-len(header) % 8 + 3)
    path = written(tmp_path, header, np.array([1.5, 2.5], dtype="<f4").tobytes())
    array = open_safetensors(path)["x"].read()
    assert array.flags.aligned and array.tolist() == [1.5, 2.5]


DATA = bytes(8)
LIES = {
    "empty": (b"", None, 0),
    "length beyond the file": ({"x": entry()}, DATA, 10**6),
    "length of 2**64 - 1": ({"x": entry()}, DATA, 2**64 - 1),
    "length into the data": ({"x": entry()}, DATA, len(json.dumps({"x": entry()})) + 4),
    "not JSON": (b"\x80\x02}q\x00.", DATA, None),
    "not UTF-8": (b'{"\xff": 1}', DATA, None),
    "UTF-16": ('{"x": 1}'.encode("utf-16"), DATA, None),
    "a list": (["x"], DATA, None),
    "a number": (b"1", DATA, None),
    "nested": (b"[" * 500_000, DATA, None),
    "the same name twice": (b'{"x": %b, "x": %b}' % ((json.dumps(entry()).encode(),) * 2), DATA, None),
    "the same key twice": (
        b'{"x": {"dtype": "F32", "dtype": "F16", "shape": [2], "data_offsets": [0, 8]}}',
        DATA,
        None,
    ),
    "no dtype": ({"x": {"shape": [2], "data_offsets": [0, 8]}}, DATA, None),
    "an extra key": ({"x": entry() | {"strides": [4]}}, DATA, None),
    "an entry that is a list": ({"x": [1, 2]}, DATA, None),
    "an unknown dtype": ({"x": entry("C64", (1,))}, DATA, None),
    "a dtype that is a list": ({"x": entry(["F32"])}, DATA, None),
    "a name and a dtype of a megabyte": ({"x" * 10**6: entry("F" * 10**6)}, DATA, None),
    "a negative size": ({"x": entry(shape=(-2,), offsets=(0, -8))}, DATA, None),
    "two negative sizes": ({"x": entry(shape=(-1, -2))}, DATA, None),
    "a fractional size": ({"x": entry(shape=(2.0,))}, DATA, None),
    "a true size": ({"x": entry(shape=(True, 2))}, DATA, None),
    "a huge shape": ({"x": entry(shape=(2**40, 2**40))}, DATA, None),
    "a shape that overflows to what is there": ({"x": entry(shape=(2**62, 2**3))}, DATA, None),
    "huge and empty": ({"x": entry(shape=(0, 2**70), offsets=(0, 0)), "y": entry()}, DATA, None),
    "a hundred thousand dimensions": ({"x": entry(shape=(10**18,) * 100_000)}, DATA, None),
    "one offset": ({"x": entry(offsets=(8,))}, DATA, None),
    "end before begin": ({"x": entry(offsets=(8, 0))}, DATA, None),
    "beyond the data": ({"x": entry(offsets=(4, 12))}, DATA, None),
    "far beyond the data": ({"x": entry(offsets=(2**60, 2**60 + 8))}, DATA, None),
    "overlap": ({"x": entry(), "y": entry(shape=(1,), offsets=(4, 8))}, DATA, None),
    "the same bytes twice": ({"x": entry(), "y": entry()}, DATA, None),
    "a hole": ({"x": entry(shape=(1,), offsets=(4, 8))}, DATA, None),
    "data that no array has": ({"x": entry()}, DATA + b"more", None),
    "truncated data": ({"x": entry()}, DATA[:5], None),
    "no arrays but data": ({}, DATA, None),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_file_that_lies_is_refused_in_a_sentence_in_no_time_and_no_memory(tmp_path, lie):
    header, data, length = LIES[lie]
    path = written(tmp_path, header, data or b"", length)
    if lie == "empty":
        path.write_bytes(b"")
    tracemalloc.start()
    started = time.perf_counter()
    try:
        with pytest.raises(ValueError, match=r"any\.safetensors") as refusal:
            open_safetensors(path)
        assert tracemalloc.get_traced_memory()[1] < 50e6
    finally:
        tracemalloc.stop()
    assert time.perf_counter() - started < 20  # a hang, not slowness
    assert len(str(refusal.value)) < 500 and "\n" not in str(refusal.value)


def test_a_header_of_a_gigabyte_is_not_even_read(tmp_path):
    path = tmp_path / "any.safetensors"
    with open(path, "wb") as file:
        file.write((2**30).to_bytes(8, "little"))
        file.truncate(2**30 + 100)  # a sparse file
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match="header"):
            open_safetensors(path)
        assert tracemalloc.get_traced_memory()[1] < 1e6
    finally:
        tracemalloc.stop()


def test_a_repeated_name_after_very_many_is_found_without_comparing_all_with_all(tmp_path):
    names = ",".join(f'"{i}":0' for i in range(LONGEST_HEADER // 16))
    path = written(tmp_path, f'{{{names},"7":0}}'.encode())
    with pytest.raises(ValueError, match="'7' comes twice"):
        open_safetensors(path)


def test_a_folder_and_a_missing_file_are_not_files(tmp_path):
    for path in (tmp_path, tmp_path / "missing"):
        with pytest.raises(FileNotFoundError, match="there is no file"):
            open_safetensors(path)


def test_what_was_saved_here_and_changed_by_one_bit_is_refused_by_name(tmp_path):
    path = tmp_path / "model.safetensors"
    save_safetensors(path, ARRAYS)
    for name in "abc":  # "d" has no bits
        array = open_safetensors(path)[name]
        np.testing.assert_array_equal(array.read(), ARRAYS[name])
        content = bytearray(path.read_bytes())
        place = content.rindex(array.content.tobytes()) + len(array.content) // 2
        content[place] ^= 1
        changed = tmp_path / "changed.safetensors"
        changed.write_bytes(content)
        for other_name, other in open_safetensors(changed).items():
            if other_name != name:
                other.read()
                continue
            with pytest.raises(ValueError, match=f"damaged: '{name}' is not as it was saved"):
                other.read()


@pytest.mark.parametrize("checksums", ["{", "3", "[1]"])
def test_checksums_that_are_none_are_damage(tmp_path, checksums):
    path = tmp_path / "model.safetensors"
    safetensors.numpy.save_file(ARRAYS, path, metadata={CHECKSUMS: checksums})
    with pytest.raises(ValueError, match="damaged: its checksums cannot be read"):
        open_safetensors(path)


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_a_file_changed_at_random_is_read_as_the_library_reads_it_or_refused(tmp_path_factory, data):
    """Whatever we accept, the reference implementation accepts, and finds the same numbers."""
    content = bytearray(safetensors.numpy.save(ARRAYS))
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(
            st.sampled_from(b'0123456789[]{},:"Fabcd \xff\x00')
        )
    content = content[: data.draw(st.sampled_from([len(content), len(content), len(content) - 1, 60, 7]))]
    path = tmp_path_factory.getbasetemp() / "changed.safetensors"
    path.write_bytes(content)
    try:
        stored = open_safetensors(path)
        ours = {name: array.read() for name, array in stored.items()}
    except ValueError:
        return
    theirs = safetensors.numpy.load(bytes(content))
    assert ours.keys() == theirs.keys()
    for name, array in ours.items():
        np.testing.assert_array_equal(array, theirs[name])


def test_the_same_arrays_and_metadata_make_the_same_bytes(tmp_path):
    """The library's own order of metadata is one of chance, and anew for every file."""
    contents = set()
    for number in range(12):
        save_safetensors(tmp_path / str(number), ARRAYS, {"step": "4", "文": '字 " \\ \n'})
        contents.add((tmp_path / str(number)).read_bytes())
    assert len(contents) == 1
    assert open_metadata(tmp_path / "0") == {"step": "4", "文": '字 " \\ \n'}
    theirs = safetensors.numpy.load_file(tmp_path / "0")
    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(theirs[name], array)


def test_metadata_that_was_changed_by_one_bit_is_refused(tmp_path):
    path = tmp_path / "state.safetensors"
    save_safetensors(path, ARRAYS, {"progress": '{"step": 4}'})
    path.write_bytes(path.read_bytes().replace(b"step", b"stfp"))
    for opened in (open_metadata, open_safetensors):
        with pytest.raises(ValueError, match="damaged: its metadata is not as it was saved"):
            opened(path)


def test_halves_and_bfloat16_are_read_as_the_numbers_they_are(tmp_path):
    """Written byte by byte: 1, −2.5 and 65504 or 2¹⁰⁰ in either format."""
    header = {
        "half": {"dtype": "F16", "shape": [3], "data_offsets": [0, 6]},
        "brain": {"dtype": "BF16", "shape": [3], "data_offsets": [6, 12]},
    }
    text = json.dumps(header).encode("utf-8")
    numbers = np.array([0x3C00, 0xC100, 0x7BFF, 0x3F80, 0xC020, 0x7180], dtype="<u2").tobytes()
    (tmp_path / "x").write_bytes(len(text).to_bytes(8, "little") + text + numbers)
    stored = open_safetensors(tmp_path / "x")
    assert stored["half"].read().tolist() == [1, -2.5, 65504]
    assert stored["brain"].read().tolist() == [1, -2.5, 2.0**100]
    assert {array.read().dtype.name for array in stored.values()} == {"float32"}
