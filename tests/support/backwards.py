"""Backwards of a sigmoid network as a user would write them: right, and wrong in one known way."""

import numpy as np


def layers(params, x, y, *, factor=2.0, phi=True, flipped=False, forget_x=False):
    """Returns [(dw, db), ...] of one sample, in the dtype of what it is given."""
    acts = [x]
    for i, (w, b) in enumerate(params, start=1):
        z = acts[-1] @ w + b
        acts.append(z if i == len(params) else 1 / (1 + np.exp(-z)))
    delta = (factor * (acts[-1] - y)).astype(x.dtype)
    grads = []
    for i in range(len(params) - 1, -1, -1):
        below = np.ones_like(x) if forget_x and i == 0 else acts[i]
        grads.append((np.outer(below, delta), delta))
        if i > 0:
            w = params[i][0]
            delta = (w.T if flipped else w) @ delta
            if phi:
                delta = delta * acts[i] * (1 - acts[i])
    return grads[::-1]


def right(params, x, y):
    return layers(params, x, y)


def in_float64(params, x, y):
    wide = [(w.astype(np.float64), b.astype(np.float64)) for w, b in params]
    return layers(wide, x.astype(np.float64), y.astype(np.float64))


def in_float64_containers(params, x, y):
    found = [(np.zeros(w.shape), np.zeros(b.shape)) for w, b in params]
    for (dw, db), (dw32, db32) in zip(found, layers(params, x, y), strict=True):
        dw[:], db[:] = dw32, db32
    return found


def rounded_to_float16(params, x, y):
    return [(dw.astype(np.float16), db.astype(np.float16)) for dw, db in layers(params, x, y)]


def as_lists(params, x, y):
    return [[dw.tolist(), db.tolist()] for dw, db in layers(params, x, y)]


def with_axes_of_one(params, x, y):
    return tuple((dw[None, :, :, None], db[:, None]) for dw, db in layers(params, x, y))


def printing(params, x, y):
    print("SAID BY THE CANDIDATE")
    return layers(params, x, y)


def out_in(params, x, y):
    turned = [(w.T, b) for w, b in params]
    return [(dw.T, db) for dw, db in layers(turned, x, y)]


_BUFFER = []


def one_buffer(params, x, y):
    """Returns the same arrays every time."""
    grads = layers(params, x, y)
    if [dw.shape for dw, _ in _BUFFER] != [dw.shape for dw, _ in grads]:
        _BUFFER[:] = [(np.zeros_like(dw), np.zeros_like(db)) for dw, db in grads]
    for (held_w, held_b), (dw, db) in zip(_BUFFER, grads, strict=True):
        held_w[:], held_b[:] = dw, db
    return _BUFFER


def batched(params, x, y):
    found = [layers(params, *sample) for sample in zip(x, y, strict=True)]
    return [
        (np.stack([one[i][0] for one in found]), np.stack([one[i][1] for one in found]))
        for i in range(len(params))
    ]


def mean_of_the_batch(params, x, y):
    return [(dw.mean(axis=0), db.mean(axis=0)) for dw, db in batched(params, x, y)]


def in_torch(params, x, y):
    import torch

    leaves = [[leaf.clone().requires_grad_() for leaf in layer] for layer in params]
    h = x
    for i, (w, b) in enumerate(leaves, start=1):
        h = h @ w + b
        h = h if i == len(leaves) else torch.sigmoid(h)
    (h - y).square().sum().backward()
    return [(w.grad, b.grad) for w, b in leaves]


def in_bfloat16(params, x, y):
    return [(dw.bfloat16(), db.bfloat16()) for dw, db in in_torch(params, x, y)]


def in_jax(params, x, y):
    import jax

    def loss(params):
        h = x
        for i, (w, b) in enumerate(params, start=1):
            h = h @ w + b
            h = h if i == len(params) else jax.nn.sigmoid(h)
        return ((h - y) ** 2).sum()

    return jax.jit(jax.grad(loss))(params)


def factor_2_missing(params, x, y):
    return layers(params, x, y, factor=1.0)


def phi_missing(params, x, y):
    return layers(params, x, y, phi=False)


def weight_transposed(params, x, y):
    return layers(params, x, y, flipped=True)


def x_missing(params, x, y):
    return layers(params, x, y, forget_x=True)


def with_nan(params, x, y):
    grads = layers(params, x, y)
    grads[0][0][0, 0] = np.nan
    return grads


def with_inf(params, x, y):
    grads = layers(params, x, y)
    grads[0][0][0, 0] = np.inf
    return grads
