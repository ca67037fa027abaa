"""Every primitive that has a rule lies within its bound, by itself."""

import jax
import jax.numpy as jnp
import ml_dtypes
import numpy as np
import pytest
import torch
from jax import lax

from compare.evidence.rounding import roundoff
from compare.evidence.rounding.interpreter import interpret
from compare.evidence.rounding.primitives import RULES
from compare.evidence.rounding.primitives.math_functions import COSTS
from tests.support.rounding import F32, LAM, U

HALVES = {"float16": np.dtype(np.float16), "bfloat16": np.dtype(ml_dtypes.bfloat16)}
DTYPES = {"float32": np.dtype(F32), **HALVES}

# primitive -> a function that has it, and gives it what has been rounded already
CASES = {
    "add": lambda x, y: x * y + y * y,
    "add_any": jax.grad(lambda x, y: jnp.sum(x * x * y)),
    "sub": lambda x, y: x * y - y * x * y,
    "mul": lambda x, y: (x * y) * (y * y),
    "div": lambda x, y: (x * y) / (y * y),
    "square": lambda x, y: jnp.square(x * y),
    "integer_pow": lambda x, y: (x * y) ** 3,
    "max": lambda x, y: jnp.maximum(x * y, y * y),
    "min": lambda x, y: jnp.minimum(x * y, y * y),
    "neg": lambda x, y: -(x * y),
    "abs": lambda x, y: jnp.abs(x - y * y),
    "sign": lambda x, y: jnp.sign(x * y - y * y),
    "copy": lambda x, y: jnp.copy(x * y),
    "stop_gradient": lambda x, y: lax.stop_gradient(x * y),
    "convert_element_type": lambda x, y: (x * y).astype(jnp.bfloat16).astype(x.dtype),
    "logistic": lambda x, y: jax.nn.sigmoid(x * y),
    "tanh": lambda x, y: jnp.tanh(x * y),
    "exp": lambda x, y: jnp.exp(-x * y),
    "expm1": lambda x, y: jnp.expm1(-x * y),
    "log": lambda x, y: jnp.log(x * y),
    "log1p": lambda x, y: jnp.log1p(x * y),
    "sqrt": lambda x, y: jnp.sqrt(x * y),
    "dot_general": lambda x, y: jnp.outer(x, y) @ (y * y),
    "reduce_sum": lambda x, y: jnp.sum(jnp.outer(x * y, y), axis=1),
    "broadcast_in_dim": lambda x, y: jnp.broadcast_to(x * y, (3, *x.shape)),
    "transpose": lambda x, y: jnp.outer(x, y).T,
    "reshape": lambda x, y: jnp.reshape(jnp.outer(x, y), -1),
    "squeeze": lambda x, y: jnp.squeeze((x * y)[None]),
    "slice": lambda x, y: (x * y)[1:-1],
    "rev": lambda x, y: lax.rev(x * y, (0,)),
    "concatenate": lambda x, y: jnp.concatenate([x * y, y]),
    "gt": lambda x, y: jnp.where((x * y) * y > x * (y * y), x, -x),
    "ge": lambda x, y: jnp.where((x * y) * y >= x * (y * y), x, -x),
    "lt": lambda x, y: jnp.where((x * y) * y < x * (y * y), x, -x),
    "le": lambda x, y: jnp.where((x * y) * y <= x * (y * y), x, -x),
    "eq": lambda x, y: jnp.where((x * y) * y == x * (y * y), x, -x),
    "ne": lambda x, y: jnp.where((x * y) * y != x * (y * y), x, -x),
    "and": lambda x, y: jnp.where(((x * y) * y > x * (y * y)) & (y > 0), x, -x),
    "or": lambda x, y: jnp.where(((x * y) * y > x * (y * y)) | (y < 0), x, -x),
    "not": lambda x, y: jnp.where(~((x * y) * y > x * (y * y)), x, -x),
    "is_finite": lambda x, y: jnp.where(jnp.isfinite(x * y), x, y),
    "select_n": lambda x, y: jnp.where((x * y) * y > x * (y * y), x, -x),
}


def test_every_rule_has_its_case():
    assert set(CASES) == set(RULES)


@pytest.mark.parametrize("primitive", CASES)
def test_a_case_has_its_primitive(primitive):
    x = np.ones(4, F32)
    met = []

    def name(eqn, _):
        met.append(eqn.primitive.name)
        return [None] * len(eqn.outvars)

    closed = jax.make_jaxpr(CASES[primitive])(x, x)
    interpret(closed, [None, None], constant=lambda _: None, apply=name)
    assert primitive in met


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("primitive", CASES)
def test_what_is_computed_lies_within(primitive, dtype):
    rng = np.random.default_rng(0)
    f = CASES[primitive]
    for scale in (0.1, 1, 4):
        x, y = (rng.uniform(0.1, 1, 8) * scale for _ in range(2))
        y[:4] = x[:4]  # products that are equal, or nearly
        x, y = x.astype(DTYPES[dtype]), y.astype(DTYPES[dtype])
        value, bound = roundoff(f, DTYPES[dtype])(x, y)
        for computed in (f(jnp.asarray(x), jnp.asarray(y)), jax.jit(f)(x, y)):
            assert np.all(np.abs(np.asarray(computed, np.float64) - value) <= bound)
        assert np.all(np.isfinite(bound))


RANGES = {"log": (1e-30, 1e30), "log1p": (1e-30, 1e30), "sqrt": (1e-30, 1e30)}


@pytest.mark.parametrize("name", sorted(COSTS))
def test_elementary_functions_are_within_their_ulps(name):
    rng = np.random.default_rng(0)
    if name in RANGES:
        z = np.exp(rng.uniform(*np.log(RANGES[name]), 100_000)).astype(F32)
        z = np.concatenate([z, np.linspace(0.5, 2, 50_001).astype(F32)])
    else:
        small = 10 ** rng.uniform(-30, 0, 20_000) * rng.choice([-1, 1], 20_000)
        z = np.concatenate([np.linspace(-80, 80, 200_001), small]).astype(F32)
    ulps = COSTS[name].ulps
    wide = z.astype(np.longdouble)
    truth = 1 / (1 + np.exp(-wide)) if name == "logistic" else getattr(np, name)(wide)
    by_jax = {"logistic": jax.nn.sigmoid}.get(name) or getattr(jnp, name)
    by_torch = {"logistic": torch.sigmoid}.get(name) or getattr(torch, name)
    for library, found in (("jax", jax.jit(by_jax)(z)), ("torch", by_torch(torch.tensor(z)))):
        error = np.abs(np.asarray(found).astype(np.longdouble) - truth)
        used = float((np.maximum(error - LAM, 0) / (2 * U * np.maximum(np.abs(truth), LAM))).max())
        print(f"{name} {library}: {used:.2f} ulps (table {ulps})")
        assert used <= ulps
