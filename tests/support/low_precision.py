"""A backprop that rounds to float16 or bfloat16: every operation, or sums of products once."""

import itertools

import ml_dtypes
import numpy as np

from jaxmlp import Batch, Layer

LOW = {"float16": np.dtype(np.float16), "bfloat16": np.dtype(ml_dtypes.bfloat16)}


def cast(tree, dtype):
    return type(tree)(*(np.asarray(leaf).astype(dtype) for leaf in tree))


def sigmoid(z, c):
    return c(1) / (c(1) + np.exp(-z))


def gelu_inner(z, c):
    return np.tanh(c(0.7978845608) * (z + c(0.044715) * z * z * z))


def gelu_slope(z, h, c):
    t = gelu_inner(z, c)
    rise = c(0.7978845608) * (c(1) + c(0.134145) * z * z)
    return c(0.5) * (c(1) + t) + c(0.5) * z * (c(1) - t * t) * rise


# name -> phi(z, c) and phi'(z, h, c), where c makes a constant of the dtype
PHI = {
    "sigmoid": (sigmoid, lambda z, h, c: h * (c(1) - h)),
    "tanh": (lambda z, c: np.tanh(z), lambda z, h, c: c(1) - h * h),
    "relu": (lambda z, c: np.maximum(z, c(0)), lambda z, h, c: (z > c(0)).astype(z.dtype)),
    "softplus": (
        lambda z, c: np.maximum(z, c(0)) + np.log1p(np.exp(-np.abs(z))),
        lambda z, h, c: sigmoid(z, c),
    ),
    "silu": (
        lambda z, c: z * sigmoid(z, c),
        lambda z, h, c: sigmoid(z, c) * (c(1) + z * (c(1) - sigmoid(z, c))),
    ),
    "gelu": (lambda z, c: c(0.5) * z * (c(1) + gelu_inner(z, c)), gelu_slope),
    "identity": (lambda z, c: z, lambda z, h, c: np.ones_like(z)),
}


def gradients(params, batch, activation, dtype, *, wide=False, factor=2, slope=None):
    """Rounds weights and samples first; `factor` and `slope` plant mistakes.

    Where it is wide, products of matrices are added up in float32, as all libraries do here.
    """
    summed_in = np.float32 if wide else dtype

    def times(a, b):
        return np.matmul(a.astype(summed_in), b.astype(summed_in)).astype(dtype)

    params, (x, y) = [cast(layer, dtype) for layer in params], cast(batch, dtype)
    phi, right_slope = PHI[activation]
    slope = right_slope if slope is None else slope
    with np.errstate(all="ignore"):
        acts, preacts = [x], []
        for w, b in params:
            preacts.append(times(acts[-1], w) + b)
            acts.append(phi(preacts[-1], dtype.type))
        delta, grads = dtype.type(factor) * (preacts[-1] - y), []
        for i in range(len(params) - 1, -1, -1):
            grads.insert(0, Layer(acts[i][:, :, None] * delta[:, None, :], delta))
            if i:
                s = times(delta, params[i].w.T)
                delta = s * slope(preacts[i - 1], acts[i], dtype.type)
    assert all(leaf.dtype == dtype for layer in grads for leaf in layer)
    return tuple(grads)


def random_network(rng, dtype=np.float32, *, most_depth=6, largest_scale=5.0):
    """Draws a network of 1 to 6 layers of width 1 to 20."""
    depth = int(rng.integers(1, most_depth + 1))
    sizes = rng.integers(1, 21, depth + 1)
    scale = 10 ** rng.uniform(-1.5, np.log10(largest_scale))
    params = tuple(
        Layer(
            (scale / np.sqrt(n) * rng.standard_normal((n, m))).astype(dtype),
            (scale * rng.choice([0, 0.3, 1]) * rng.standard_normal(m)).astype(dtype),
        )
        for n, m in itertools.pairwise(sizes)
    )
    x = (rng.random((3, sizes[0])) * 10 ** rng.uniform(-3, 2)).astype(dtype)
    y = rng.random((3, sizes[-1])).astype(dtype)
    return params, Batch(x, y), str(rng.choice(list(PHI)))
