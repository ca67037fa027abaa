"""What cannot be swept is refused before anything is computed."""

import numpy as np
import pytest

from jaxmlp import Batch, backprop, sweep
from tests.support.sweeps import TANH, make

x, y = np.ones((4, 2), np.float32), np.ones((4, 1), np.float32)


@pytest.mark.parametrize("sweeping", [sweep.stream, sweep.compute])
@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"batch": Batch(x[:0], y[:0])}, r"x: expected at least one sample \[N, 2\], got shape"),
        ({"batch": Batch(x[0], y[0])}, r"x: expected shape \(2, 2\), got \(2,\)"),
        ({"batch": Batch(x[0, 0], y[0])}, r"x: expected at least one sample \[N, 2\], got shape"),
        ({"batch": Batch(y, y)}, r"x: expected shape \(4, 2\), got \(4, 1\)"),
        ({"batch": Batch(x, x)}, r"y: expected shape \(4, 1\), got \(4, 2\)"),
        ({"batch": Batch(x, y[1:])}, r"y: expected shape \(4, 1\), got \(3, 1\)"),
        ({"batch": Batch(x.astype(np.float64), y)}, "x: expected float32, .* w1, got float64"),
        ({"batch": Batch(x, y.astype(int))}, "y: expected float32, .* w1, got int64"),
        ({"params": ()}, "expected at least one layer"),
        ({"start": 1}, "start: expected a multiple of block = 512 below N = 4, got 1"),
        ({"start": 512}, "start: expected a multiple of block = 512 below N = 4, got 512"),
        ({"start": -512}, "start: expected a multiple of block = 512 below N = 4, got -512"),
        ({"plan": sweep.Plan(0, 8, 12)}, "chunk: expected a multiple of block = 8, got 12"),
        ({"plan": sweep.Plan(2, 8, 8)}, "sample_axis: expected 0 or -1"),
    ],
)
def test_what_cannot_be_swept(sweeping, changes, message):
    """A stream says so at once too, and not when it is first asked for a chunk."""
    params, _ = make(1)
    given = {"params": params, "batch": Batch(x, y), **changes}
    with pytest.raises(ValueError, match=message):
        sweeping(
            backprop.per_sample_gradients,
            given.pop("params"),
            given.pop("batch"),
            activation=TANH,
            **given,
        )


def test_float64_needs_x64():
    params, batch = make(4, dtype=np.float64)
    with pytest.raises(ValueError, match=r"w1: float64 needs `with jax.enable_x64"):
        sweep.compute(backprop.per_sample_gradients, params, batch, activation=TANH)
