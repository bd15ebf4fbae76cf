"""A stand-in for CuPy that computes with NumPy and is stricter than CuPy about where arrays live.

It proves, on a machine without a GPU, that no layer mixes arrays of the host with arrays of the device.
An array here hides a NumPy array and gives it out only where CuPy does, by `asnumpy` and `.get()`. Refused
with a TypeError are: NumPy functions and operators on it, implicit conversion to a NumPy array, and NumPy
arrays as operands, indices or arguments. Memory of `empty` holds NaN, so that reading it shows.

It has only what the project uses, each looked up in CuPy's reference (docs.cupy.dev, version 13, which the
extra `gpu` asks for) or in its source:

* reference/ndarray: there is no implicit conversion between the two libraries' arrays, either way. (CuPy
  hands some NumPy functions on to its own of the same name. Code that counts on it breaks at the first
  function that CuPy lacks, so none is allowed here.)
* ndarray.argmax takes keepdims. Reductions give arrays of no dimension, not scalars (user_guide/difference),
  which int() and float() fetch.
* take_along_axis(a, indices, axis), triu, full, stack, concatenate, where, dot, and vdot, which flattens as
  NumPy's does.
* reference/ufunc: exp, log, sqrt, tanh, divide, maximum, isfinite, with out=. ufunc.at came with version 12.
* matmul with out=: up to version 10 not supported; now out may be any view of the right shape, and one that
  is not contiguous is filled by a copy (cupy/_core/_routines_linalg.pyx).
* random.default_rng takes a list of ints, as NumPy's does, and Generator.random a dtype. The numbers are
  others than NumPy's for the same seed; here they are NumPy's, so that results can be compared.
"""

import numbers

import numpy as np

from . import cuda  # noqa: F401

float32, float64, int64 = np.float32, np.float64, np.int64


class ndarray:
    """An array "on the device"."""

    __array_ufunc__ = None  # NumPy functions and operators refuse it; NumPy scalars leave the work to it
    __hash__ = None

    def __init__(self, hidden):
        self._hidden = hidden

    def __array__(self, *args, **kwargs):
        raise TypeError(
            "Implicit conversion to a NumPy array is not allowed. "
            "Please use `.get()` to construct a NumPy array explicitly."
        )

    def __array_function__(self, function, types, args, kwargs):
        raise TypeError(f"numpy.{function.__name__} was called with an array of the device")

    def get(self):
        return self._hidden.copy()

    shape = property(lambda self: self._hidden.shape)
    ndim = property(lambda self: self._hidden.ndim)
    size = property(lambda self: self._hidden.size)
    dtype = property(lambda self: self._hidden.dtype)
    nbytes = property(lambda self: self._hidden.nbytes)
    flags = property(lambda self: self._hidden.flags)
    T = property(lambda self: ndarray(self._hidden.T))

    def __len__(self):
        return len(self._hidden)

    def __iter__(self):
        return (ndarray(np.asarray(row)) for row in self._hidden)

    def __getitem__(self, index):
        return ndarray(np.asarray(self._hidden[reveal(index)]))

    def __setitem__(self, index, value):
        self._hidden[reveal(index)] = reveal(value)

    def __bool__(self):
        return bool(self._hidden)

    def __int__(self):
        return int(self._hidden)

    def __float__(self):
        return float(self._hidden)

    def __repr__(self):
        return f"device {self._hidden!r}"


HARMLESS = (numbers.Number, np.generic, np.dtype, type, str, slice)  # what CuPy takes from the host


def reveal(value):
    """The NumPy array hidden in an argument; lists and tuples part by part. Refuses arrays of the host."""
    if isinstance(value, ndarray):
        return value._hidden
    if isinstance(value, (list, tuple)):
        return type(value)(reveal(part) for part in value)
    if value is None or value is Ellipsis or isinstance(value, HARMLESS):
        return value
    raise TypeError(f"Unsupported type {type(value)}")  # CuPy's words for a numpy.ndarray


def on_device(function):
    """A NumPy function as a function of arrays of the device."""

    def call(*args, **kwargs):
        out = function(*map(reveal, args), **{name: reveal(value) for name, value in kwargs.items()})
        return kwargs["out"] if kwargs.get("out") is not None else ndarray(np.asarray(out))

    return call


def changing_itself(method):
    """A method such as __iadd__, which changes its array and returns it."""

    def call(self, other):
        method(self._hidden, reveal(other))
        return self

    return call


def _give_operators():
    for name in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul", "and", "or", "xor"):
        operator = f"__{name}__"
        reflected, in_place = f"__r{name}__", f"__i{name}__"
        setattr(ndarray, operator, on_device(getattr(np.ndarray, operator)))
        setattr(ndarray, reflected, on_device(getattr(np.ndarray, reflected)))
        setattr(ndarray, in_place, changing_itself(getattr(np.ndarray, in_place)))
    for name in ("eq", "ne", "lt", "le", "gt", "ge", "neg", "invert", "abs"):
        setattr(ndarray, f"__{name}__", on_device(getattr(np.ndarray, f"__{name}__")))
    for name in ("reshape", "transpose", "swapaxes", "astype", "copy", "dot"):
        setattr(ndarray, name, on_device(getattr(np.ndarray, name)))
    for name in ("sum", "mean", "min", "max", "argmax", "any", "all"):
        setattr(ndarray, name, on_device(getattr(np.ndarray, name)))


_give_operators()


class ufunc:
    """A function of elements, which can also be called as .at."""

    def __init__(self, function):
        self.call = on_device(function)
        self.function = function

    def __call__(self, *args, **kwargs):
        return self.call(*args, **kwargs)

    def at(self, a, indices, b):
        self.function.at(reveal(a), reveal(indices), reveal(b))


add = ufunc(np.add)
divide, exp, log, maximum, sqrt, tanh, isfinite = map(
    on_device, (np.divide, np.exp, np.log, np.maximum, np.sqrt, np.tanh, np.isfinite)
)
dot, matmul, vdot, where = map(on_device, (np.dot, np.matmul, np.vdot, np.where))
stack, concatenate = map(on_device, (np.stack, np.concatenate))
take_along_axis, triu = map(on_device, (np.take_along_axis, np.triu))
arange, full, ones, zeros, zeros_like = map(on_device, (np.arange, np.full, np.ones, np.zeros, np.zeros_like))


def empty(shape, dtype=float):
    array = zeros(shape, dtype=dtype)
    if array.dtype.kind == "f":
        array[...] = np.nan
    return array


def asarray(a, dtype=None):
    """To the device: the one way in. A copy, as it is from memory to memory."""
    return a if isinstance(a, ndarray) and dtype is None else ndarray(np.array(a, dtype=dtype))


def asnumpy(a):
    """To the host: the one way out."""
    return a.get() if isinstance(a, ndarray) else np.asarray(a)


from . import random  # noqa: E402, F401
