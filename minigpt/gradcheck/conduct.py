"""How a forward and a backward behave, apart from the numbers that they return.

A layer may have the right gradients and still spoil a network: it changes an array of its caller in place,
hands out a buffer that its next call writes over, keeps in itself what belongs into the cache, or draws
new random numbers at every call. No comparison of one gradient with differences shows that; calling twice
and looking at the arrays before and after does.
"""

import inspect

import numpy as np

SAME = 1e-10  # relative: calls with equal arguments may differ by rounding alone


class Layer:
    """Somebody's forward and backward, called with copies and held to what they have to return.

    names: of the inputs. faults and notes: sentences on each input, by name, as they are found.
    """

    def __init__(self, forward, backward, arrays, args):
        self.forward, self.backward, self.args = forward, backward, args
        self.names = input_names(forward, arrays)
        self.faults = {name: [] for name in self.names}
        self.notes = {name: [] for name in self.names}

    def run_forward(self, arrays):
        """-> out, cache, and the copies of the arrays that the forward was given."""
        copies = [array.copy() for array in arrays]
        returned = self.forward(*copies, *self.args)
        if not isinstance(returned, tuple) or len(returned) != 2:
            what = f"{len(returned)} things" if isinstance(returned, tuple) else kind(returned)
            raise ValueError(f"forward returned {what}, but it must return two: out, cache")
        return *returned, copies

    def run_backward(self, dout, cache):
        """-> a list of gradients, one for each input."""
        given = dout.copy()
        grads = self.backward(given, cache)
        if not np.array_equal(given, dout):
            self.fault("backward changes dout in place: the array is its caller's")
        grads = grads if isinstance(grads, tuple) else (grads,)
        if len(grads) != len(self.names):
            raise ValueError(
                f"backward returned {len(grads)} gradients for {len(self.names)} arrays "
                f"({', '.join(self.names)}): return a tuple, one gradient for each, in this order"
            )
        for name, grad in zip(self.names, grads):
            if not isinstance(grad, (np.ndarray, np.generic, float)):
                raise ValueError(f"the gradient of {name} is {kind(grad)}, but it must be an array")
            if np.asarray(grad).dtype.kind not in "fiub":
                raise ValueError(
                    f"the gradient of {name} is {np.asarray(grad).dtype}, but gradients are real numbers"
                )
        return [np.asarray(grad) for grad in grads]

    def fault(self, sentence, name=None):
        """Note a fault of one input, or of the whole layer: then no gradient of it is to be trusted."""
        for each in [name] if name else self.names:
            if sentence not in self.faults[each]:
                self.faults[each].append(sentence)


def input_names(forward, arrays):
    """The names of forward's parameters that take the arrays; refuses what cannot be moved a little."""
    if not isinstance(arrays, (list, tuple)) or not arrays:
        raise ValueError(f"arrays must be a list of at least one array, but it is {kind(arrays)}")
    try:
        parameters = inspect.signature(forward).parameters.values()
    except ValueError:  # a function written in C
        parameters = ()
    names = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    names = [*names, *(f"input {i + 1}" for i in range(len(names), len(arrays)))][: len(arrays)]
    for name, array in zip(names, arrays):
        if not isinstance(array, np.ndarray):
            raise ValueError(
                f"{name} is {kind(array)}, but it must be an array: np.array(…, dtype='float64')"
            )
        if array.dtype != np.float64:
            raise ValueError(
                f"{name} is {array.dtype}: gradients are checked in float64, use array.astype('float64'); "
                f"what has no gradient, ids or a mask, comes after the arrays, in args"
            )
        if array.size == 0 or not np.isfinite(array).all():
            what = f"is empty, its shape is {array.shape}" if array.size == 0 else "holds nan or inf"
            raise ValueError(f"{name} {what}: nothing can be compared there")
    return names


def check_output(out, again):
    """Refuse an output that has no finite differences; again is that of a second call."""
    if not isinstance(out, (np.ndarray, np.generic, float)):
        raise ValueError(f"out is {kind(out)}, but it must be one array: check several outputs one at a time")
    dtype = np.asarray(out).dtype
    if dtype != np.float64:
        raise ValueError(f"out is {dtype} though the inputs are float64: differences need all their digits")
    if np.size(out) == 0:
        raise ValueError(f"out is empty, its shape is {np.shape(out)}: nothing can be compared")
    if not np.isfinite(out).all():
        raise ValueError("out holds nan or inf: give inputs at which it is finite")
    if not same(again, out):
        raise ValueError(
            "forward is not deterministic, a second call with equal inputs returned another out: "
            "switch dropout off, or make its random generator anew inside of forward"
        )


def watch(layer, arrays, moved, douts):
    """Call the layer several times; note what it does to arrays that are not its own, and to its results.

    arrays: the inputs; moved: other inputs, or None; douts: at least two.
    """
    args_before = [arg.copy() if isinstance(arg, np.ndarray) else None for arg in layer.args]
    out, cache, given = layer.run_forward(arrays)
    for name, array, before in zip(layer.names, given, arrays):
        if not np.array_equal(array, before):
            layer.fault("forward changes it in place: the array is its caller's", name)
    given_before, out_before = [array.copy() for array in given], out.copy()

    first = layer.run_backward(douts[0], cache)
    first_before = [grad.copy() for grad in first]
    for name, grad in zip(layer.names, first):
        if grad.dtype != np.float64:
            layer.fault(f"its gradient is {grad.dtype} where it is float64", name)
    try:
        layer.run_backward(douts[1], cache)
        overwritten = [not np.array_equal(*pair, equal_nan=True) for pair in zip(first, first_before)]
        again = layer.run_backward(douts[0], cache)
    except Exception as error:  # whatever it is that is no longer in the cache
        layer.fault(f"a second backward from the same cache raises {type(error).__name__}: {error}")
        overwritten, again = [False] * len(first), first_before
    for name, array, before in zip(layer.names, given, given_before):
        if not np.array_equal(array, before):
            layer.fault("backward changes it in place: the array is its caller's", name)
    if not np.array_equal(out, out_before):
        layer.fault("backward changes out in place: the array is its caller's")
    for number, (arg, before) in enumerate(zip(layer.args, args_before), 1):
        if before is not None and not np.array_equal(arg, before):
            layer.fault(f"argument {number} after the arrays is changed in place")

    _, fresh_cache, _ = layer.run_forward(arrays)
    fresh = layer.run_backward(douts[0], fresh_cache)
    fresh = [grad.copy() for grad in fresh]
    _, late_cache, _ = layer.run_forward(arrays)
    if moved is not None:
        layer.run_forward(moved)
    if not np.array_equal(out, out_before):
        layer.fault("the next forward writes over out: it must be an array of its own")
    late = layer.run_backward(douts[0], late_cache)

    for name, was, *others, lost in zip(layer.names, first_before, again, fresh, late, overwritten):
        again_same, fresh_same, late_same = (same(other, was) for other in others)
        if lost:
            layer.fault("the next backward writes over its gradient: it must be an array of its own", name)
        elif not again_same and fresh_same:
            layer.fault("a second backward from the same cache returns another gradient of it", name)
        elif not fresh_same:
            layer.fault("calls with equal arguments return different gradients of it", name)
        elif not late_same and cache is not None:
            layer.fault("a forward in between changes its gradient: keep all of it in the cache", name)
        elif not late_same:
            layer.notes[name].append("right only straight after its own forward: there is no cache")


def watch_float32(layer, arrays):
    """Note where float32 inputs come back as float64, as a single np.float64 constant makes them."""
    if any(isinstance(arg, (np.ndarray, np.generic)) and arg.dtype == np.float64 for arg in layer.args):
        return
    try:
        out, cache, _ = layer.run_forward([array.astype(np.float32) for array in arrays])
        grads = layer.run_backward(np.ones(np.shape(out), dtype=np.asarray(out).dtype), cache)
    except Exception as error:  # whatever it raises, the gradients in float64 are not concerned
        layer.notes[layer.names[0]].append(f"float32 inputs raise {type(error).__name__}: {error}")
        return
    if np.asarray(out).dtype == np.float64:
        for name in layer.names:
            layer.notes[name].append("float32 inputs give a float64 out: something in forward is float64")
        return
    for name, grad in zip(layer.names, grads):
        if grad.dtype == np.float64:
            layer.notes[name].append("in float32 its gradient is float64: something in backward is float64")


def same(actual, expected):
    """Equal but for rounding; nan equals nan."""
    actual, expected = np.asarray(actual), np.asarray(expected)
    if actual.shape != expected.shape:
        return False
    size = np.abs(expected[np.isfinite(expected)]).max(initial=0.0)
    return np.allclose(actual, expected, rtol=0, atol=SAME * size, equal_nan=True)


def kind(thing):
    """What a thing is, in words."""
    if isinstance(thing, np.ndarray):
        return f"an array of shape {thing.shape}"
    return "None" if thing is None else f"a value of type {type(thing).__name__}"
