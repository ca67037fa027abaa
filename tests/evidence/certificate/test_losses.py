"""Losses as evidence sees them, beside the complex step, autodiff, torch and NumPy.

And what their slopes are allowed to be off: by stable formulas, and by those of textbooks.
"""

import functools

import jax
import ml_dtypes
import numpy as np
import pytest
import torch

import jaxmlp
import torch_ref
from compare.catalogue import ENDS
from compare.evidence.certificate.losses import LOSSES, TEXTBOOK_LOSSES
from compare.evidence.certificate.rounding import rounding_of
from compare.evidence.rounding.arithmetic import plain_arithmetic
from compare.implementations import numpy_backprop

N_NAMES = {end: "-".join(end) for end in ENDS}
SCALES = (1e-3, 0.1, 1, 4, 12)


def samples(end, *, k=3, n=60, seed=0, scales=SCALES, dtype=np.float64):
    """z and labels that the loss may have, [k, N] of a dtype, widened; no z is at a kink."""
    rng = np.random.default_rng(seed)
    scale = np.repeat(scales, n // len(scales))
    z = rng.normal(size=(k, len(scale))) * scale
    y = rng.normal(size=z.shape) * rng.choice([0.1, 1, 10], z.shape[1])
    if end[1] == "cross_entropy":
        y = rng.dirichlet(np.ones(k), z.shape[1]).T
        y[:, ::2] = np.eye(k)[rng.integers(0, k, y[:, ::2].shape[1])].T
    if end[1] == "binary_cross_entropy":
        y = rng.random(z.shape)
        y[:, ::2] = np.round(y[:, ::2])
    if end[1] == "hinge":
        y = np.sign(y)
    return z.astype(dtype).astype(np.float64), y.astype(dtype).astype(np.float64)


def rounding(dtype=np.float32):
    return rounding_of(plain_arithmetic(np.dtype(dtype)), np.dtype(dtype))


def allowed(end, z, y, found, *, z_error=0.0, dtype=np.float32, losses=LOSSES):
    """What the rule `output` allows, [k, N]."""
    r = rounding(dtype)
    error = losses[end].slope_error(np, z, y, np.full_like(z, z_error), np.zeros_like(y), r)
    return r.slack * (error + r.u * np.abs(found) + 6 * r.lam)


def shares(end, z, y, found, **options):
    """How much of it is used where all outputs of a sample are finite, [k, N]."""
    found = np.asarray(found, np.float64)
    with np.errstate(invalid="ignore"):
        off = np.abs(found - LOSSES[end].slope(np, z, y)) / allowed(end, z, y, found, **options)
    return np.where(np.isfinite(found).all(axis=0), off, 0.0)


def of_every_end(slope_of, given):
    """Compiles one program for all ends: slope_of makes one of a loss, given has samples."""
    slopes = {
        name: jax.vmap(slope_of(jaxmlp.LOSSES[end]), (1, 1), 1) for end, name in N_NAMES.items()
    }
    return jax.jit(lambda given: {name: slopes[name](*given[name]) for name in slopes})(given)


@functools.cache
def slopes_of_jax(k, dtype):
    """Of the samples of every end, by autodiff and by hand."""
    given = {
        name: [one.astype(dtype) for one in samples(end, k=k, dtype=dtype)]
        for end, name in N_NAMES.items()
    }
    with jax.enable_x64(dtype == np.float64):
        by_jax = of_every_end(lambda loss: jax.grad(loss.value), given)
        by_hand = of_every_end(lambda loss: loss.slope, given)
    return {end: (np.asarray(by_jax[name]), by_hand[name]) for end, name in N_NAMES.items()}


def test_there_is_every_end():
    assert set(LOSSES) == set(TEXTBOOK_LOSSES) == set(ENDS)


@pytest.mark.parametrize("end", ENDS, ids=N_NAMES.values())
def test_slopes_are_those_of_everyone(end):
    z, y = samples(end)
    value, slope = LOSSES[end].value, LOSSES[end].slope(np, z, y)
    close = {"rtol": 1e-10, "atol": 1e-14}
    for i in range(len(z)):
        moved = z.astype(complex)
        moved[i] += 1e-100j
        np.testing.assert_allclose(value(moved, y).imag / 1e-100, slope[i], **close)
    tensor = torch.tensor(z.T, requires_grad=True)
    losses = torch_ref.LOSSES[end](tensor, torch.tensor(y.T))
    losses.sum().backward()
    by_jax, by_hand = slopes_of_jax(len(z), np.float64)[end]
    by_numpy = [
        numpy_backprop.one_sample(
            [(np.eye(3), np.zeros(3))], *one, activations=(), output=end[0], loss=end[1]
        )
        for one in zip(z.T, y.T, strict=True)
    ]
    of_numpy = np.stack([one.grads[0][1] for one in by_numpy], axis=1)
    for other in (by_jax, by_hand, tensor.grad.numpy().T, of_numpy):
        np.testing.assert_allclose(other, slope, rtol=1e-7, atol=1e-13)
    for other in (losses.detach().numpy(), [one.loss for one in by_numpy]):
        np.testing.assert_allclose(other, value(z, y), rtol=1e-8, atol=1e-13)


@pytest.mark.parametrize("k", [2, 10, 300])
@pytest.mark.parametrize("end", ENDS, ids=N_NAMES.values())
def test_what_is_computed_in_float32_is_allowed(end, k):
    z, y = samples(end, k=k, dtype=np.float32)
    z32, y32 = z.astype(np.float32), y.astype(np.float32)
    tensor = torch.tensor(z32.T, requires_grad=True)
    torch_ref.LOSSES[end](tensor, torch.tensor(y32.T)).sum().backward()
    for found in (tensor.grad.numpy().T, *slopes_of_jax(k, np.float32)[end]):
        assert np.max(shares(end, z, y, found)) <= 1


# those whose slope is a sign have no rounding
SMOOTH = [end for end in ENDS if end[1] not in ("absolute", "hinge")]


@pytest.mark.parametrize("reach", [1e-4, 1e-3])
@pytest.mark.parametrize("end", SMOOTH, ids=[N_NAMES[end] for end in SMOOTH])
def test_an_error_of_z_is_allowed_and_hardly_more(end, reach):
    z, y = samples(end)
    used = []
    for side in (reach, -reach):
        moves = [np.full_like(z, side)]
        if LOSSES[end].is_mixed:
            moves = [side * np.where(np.arange(len(z)) == i, 1, -1)[:, None] for i in range(len(z))]
        for move in moves:
            found = LOSSES[end].slope(np, z + move, y)
            used.append(shares(end, z, y, found, z_error=reach))
    assert 0.3 < np.max(used) <= 1


@pytest.mark.parametrize("end", ENDS, ids=N_NAMES.values())
def test_the_curvature_is_a_bound(end):
    z, y = samples(end)
    loss, step, rows = LOSSES[end], 1e-5, np.zeros_like(z)
    for i in range(len(z)):
        move = step * (np.arange(len(z)) == i)[:, None]
        bent = loss.slope(np, z + move, y) - loss.slope(np, z - move, y)
        rows += np.abs(bent) / (2 * step)
    if end[1] in ("absolute", "hinge"):  # a kink has no curvature
        rows = np.where(rows > 1e3, 0, rows)
    assert np.all(rows <= loss.curvature(y) * (1 + 1e-6) + 1e-6)


def log_sum_exp(z):
    largest = z.max(axis=0)
    return largest + np.log(np.exp(z - largest).sum(axis=0))


# softmax(z) and sigmoid(z), as people write them
SOFTMAX = {
    "shifted": lambda z: np.exp(z - z.max(axis=0)) / np.exp(z - z.max(axis=0)).sum(axis=0),
    "not shifted": lambda z: np.exp(z) / np.exp(z).sum(axis=0),
    "exp of log softmax": lambda z: np.exp(z - log_sum_exp(z)),
    "not shifted, by its logarithm": lambda z: np.exp(z - np.log(np.exp(z).sum(axis=0))),
}
# dL/dz by p [k, N] and y of cross-entropy
CROSS_ENTROPY = {
    "p - y": lambda p, y: p - y,
    "p sum y - y": lambda p, y: p * y.sum(axis=0) - y,
    "the Jacobian": lambda p, y: p * (-y / p - (p * (-y / p)).sum(axis=0)),
    "its entries": lambda p, y: (
        (np.eye(len(p), dtype=p.dtype)[..., None] * p - p[:, None] * p) * (-y / p)
    ).sum(axis=1),
}
SIGMOID = {
    "by its exponential": lambda z: 1 / (1 + np.exp(-z)),
    "exp(z) / (1 + exp(z))": lambda z: np.exp(z) / (1 + np.exp(z)),
    "by tanh": lambda z: (1 + np.tanh(z / 2)) / 2,
}
BINARY = {
    "p - y": lambda p, y: p - y,
    "two logarithms": lambda p, y: (-(y / p) + (1 - y) / (1 - p)) * p * (1 - p),
    "one quotient": lambda p, y: (p - y) / (p * (1 - p)) * (p * (1 - p)),
    "terms": lambda p, y: (1 - y) * p - y * (1 - p),
}


@pytest.mark.parametrize("dtype", [np.float32, np.float64, ml_dtypes.bfloat16], ids=str)
@pytest.mark.parametrize("by", SOFTMAX)
@pytest.mark.parametrize("form", CROSS_ENTROPY)
def test_any_form_of_cross_entropy_is_allowed(form, by, dtype):
    end = ("softmax", "cross_entropy")
    for k in (2, 10):
        for scales in (SCALES, (20, 30)):
            z, y = samples(end, k=k, scales=scales, dtype=dtype)
            with np.errstate(all="ignore"):
                found = CROSS_ENTROPY[form](SOFTMAX[by](z.astype(dtype)), y.astype(dtype))
            assert np.max(shares(end, z, y, found, dtype=dtype)) <= 1


@pytest.mark.parametrize("dtype", [np.float32, np.float64], ids=str)
@pytest.mark.parametrize("by", SIGMOID)
@pytest.mark.parametrize("form", BINARY)
def test_any_form_of_binary_cross_entropy_is_allowed(form, by, dtype):
    end = ("sigmoid", "binary_cross_entropy")
    losses = TEXTBOOK_LOSSES if by == "by tanh" else LOSSES
    z, y = samples(end, scales=(*SCALES, 60), dtype=dtype)
    with np.errstate(all="ignore"):
        found = BINARY[form](SIGMOID[by](z.astype(dtype)), y.astype(dtype))
    assert np.max(shares(end, z, y, found, dtype=dtype, losses=losses)) <= 1


def test_large_logits_by_log_sum_exp_are_allowed():
    """z - log sum exp(z) is rounded by as much as z is large, even where p is not small."""
    end = ("softmax", "cross_entropy")
    z, y = samples(end, scales=(0.1, 1), dtype=np.float32)
    z = (z + 1500).astype(np.float32).astype(np.float64)
    found = SOFTMAX["exp of log softmax"](z.astype(np.float32)) - y.astype(np.float32)
    assert 0.05 < np.max(shares(end, z, y, found)) <= 1


def test_a_slope_beside_another_sigmoid_is_textbook():
    """Autograd of -log(1 - 1 / (1 + exp(-z))): 1 - p has few digits where the slope has all."""
    end = ("sigmoid", "binary_cross_entropy")
    z = np.linspace(-14, 14, 57, dtype=np.float32)[None]
    y = (np.arange(57) % 2).astype(np.float32)[None]
    tensor = torch.tensor(z.T, requires_grad=True)
    p, labels = 1 / (1 + torch.exp(-tensor)), torch.tensor(y.T)
    (-(labels * torch.log(p) + (1 - labels) * torch.log(1 - p))).sum().backward()
    z, y, found = z.astype(np.float64), y.astype(np.float64), tensor.grad.numpy().T
    assert np.max(shares(end, z, y, found)) > 1
    assert np.max(shares(end, z, y, found, losses=TEXTBOOK_LOSSES)) <= 1


@pytest.mark.parametrize("loss", ["squared", "half_squared", "mean_squared", "huber"])
@pytest.mark.parametrize(
    ("output", "value"),
    [
        ("sigmoid", SIGMOID["by tanh"]),
        ("tanh", lambda z: 2 / (1 + np.exp(-2 * z)) - 1),
        ("tanh", lambda z: (np.exp(z) - np.exp(-z)) / (np.exp(z) + np.exp(-z))),
    ],
)
def test_outputs_by_textbook_formulas_are_allowed(output, value, loss):
    z, y = samples((output, loss), dtype=np.float32)
    y[:, ::2] = 0
    yhat = value(z.astype(np.float32))
    steep = yhat * (1 - yhat) if output == "sigmoid" else 1 - yhat * yhat
    found = LOSSES["linear", loss].slope(np, yhat, y.astype(np.float32)) * steep
    assert np.max(shares((output, loss), z, y, found)) > 1
    assert np.max(shares((output, loss), z, y, found, losses=TEXTBOOK_LOSSES)) <= 1


@pytest.mark.parametrize("end", ENDS, ids=N_NAMES.values())
def test_textbook_formulas_excuse_no_other_slope(end):
    """Most entries are known to a thousandth on every rung."""
    z, y = samples(end, scales=(0.1, 1, 3), dtype=np.float32)
    slope = LOSSES[end].slope(np, z, y)
    loose = allowed(end, z, y, slope, losses=TEXTBOOK_LOSSES) / np.maximum(np.abs(slope), 1e-3)
    assert np.median(loose) < 1e-3
