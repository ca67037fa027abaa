"""A backprop of sigmoid layers in float32 with mistakes in it, each compared once."""

import functools

import numpy as np

from compare import compare_gradients
from jaxmlp import init_params


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def backprop(*, of_x=lambda x: x, h1=sigmoid, use_b1=True, of_delta=lambda i, d: d, grads=None):
    """Returns a backprop that takes other inputs, activations or deltas, or changes the result."""

    def mine(params, x, y):
        h, acts = of_x(x), []
        for i, (w, b) in enumerate(params, start=1):
            acts.append(h)
            z = h @ w + (b if use_b1 or i > 1 else 0)
            h = h1(z) if i == 1 else sigmoid(z)
        delta, found = 2 * (z - y), []
        for i in range(len(params), 0, -1):
            delta = of_delta(i, delta)
            found.insert(0, [np.outer(acts[i - 1], delta), np.array(delta)])
            delta = (params[i - 1][0] @ delta) * acts[i - 1] * (1 - acts[i - 1])
        if grads is not None:
            grads(found)
        return found

    return mine


def at(layer, kind, function):
    """Returns a change of dL/dw or dL/db of a layer."""

    def change(grads):
        i = "wb".index(kind)
        grads[layer - 1][i] = function(grads[layer - 1][i])

    return change


def both(grads):
    at(2, "w", lambda dw: 2 * dw)(grads)
    at(1, "b", lambda db: 4 * db)(grads)


def two_tripled(grads):
    at(2, "w", lambda dw: 3 * dw)(grads)
    at(1, "b", lambda db: 3 * db)(grads)


def every_bias(grads):
    for layer in grads:
        layer[1] = 2 * layer[1]


def detached(grads):
    grads[0] = [0 * leaf for leaf in grads[0]]


def turned(mine):
    """Returns a backprop that takes and returns weights in the other layout."""

    def other(params, x, y):
        grads = mine([(w.T, b) for w, b in params], x, y)
        return [(dw.T, db) for dw, db in grads]

    return other


def uneven(array):
    return array * np.linspace(0.5, 2, array.shape[-1], dtype=np.float32)


def one_entry(dw):
    return dw + np.float32(0.3) * (np.arange(dw.size) == dw.shape[1]).reshape(dw.shape)


# what is done -> (backprop, what is wrong by it)
MISTAKES = {
    "db1 doubled": (backprop(grads=at(1, "b", lambda db: 2 * db)), ["dL/db1"]),
    "dw2 transposed": (backprop(grads=at(2, "w", np.transpose)), ["dL/dw2"]),
    "dw2 doubled and db1 four times": (backprop(grads=both), ["dL/dw2", "dL/db1"]),
    "dw2 and db1 tripled": (backprop(grads=two_tripled), ["dL/dw2", "dL/db1"]),
    "every db doubled": (backprop(grads=every_bias), ["dL/db3", "dL/db2", "dL/db1"]),
    "b1 forgotten": (backprop(use_b1=False), ["h1"]),
    "delta1 seven times": (backprop(of_delta=lambda i, d: d if i > 1 else 7 * d), ["delta1"]),
    # none of these is explained
    "x cubed": (backprop(of_x=lambda x: x**3), ["x"]),
    "h1 of an activation of their own": (backprop(h1=lambda z: 0.1 + np.sin(3 * z) / 3), ["h1"]),
    "delta2 uneven": (backprop(of_delta=lambda i, d: uneven(d) if i == 2 else d), ["delta2"]),
    "dw2 uneven": (backprop(grads=at(2, "w", uneven)), ["dL/dw2"]),
    "db2 uneven": (backprop(grads=at(2, "b", uneven)), ["dL/db2"]),
    "one entry of dw1": (backprop(grads=at(1, "w", one_entry)), ["dL/dw1"]),
}


OTHERS = {
    "h1 and delta1 of their own": (
        backprop(
            h1=lambda z: 0.1 + np.sin(3 * z) / 3,
            of_delta=lambda i, d: d if i > 1 else uneven(d),
        ),
        ["h1"],
    ),
    "nothing": (backprop(), []),
    "layer 1 detached": (backprop(grads=detached), ["delta1"]),
    "read in the other layout": (turned(backprop()), []),
}


@functools.cache
def compare(mistake, sizes=(2, 6, 6, 1), layout="in_out"):
    params = [(2 * w, b) for w, b in init_params(np.random.default_rng(0), sizes)]
    mine = {**MISTAKES, **OTHERS}[mistake][0]
    if layout == "out_in":
        params, mine = [(w.T, b) for w, b in params], turned(mine)
    x = np.random.default_rng(1).random((6, 2), np.float32)
    return compare_gradients(
        params,
        x,
        layout=layout,
        implementations=["numpy_manual"],
        candidates={"mine": mine},
    )
