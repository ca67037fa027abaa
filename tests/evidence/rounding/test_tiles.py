"""Large arrays are worked out in tiles, and nothing comes out differently for that."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.extend.core import Primitive

from compare.evidence.differences.bounds import Allowance, bound_ratio
from compare.evidence.differences.entries import entries_of
from compare.evidence.rounding import roundoff, tiles
from compare.evidence.rounding.formula import formula_rule
from compare.evidence.rounding.primitives import RULES
from compare.evidence.rounding.primitives.row import Row
from tests.support.rounding import F32

SHAPES = ((), (1,), (5,), (7, 3), (50,), (9, 11), (2, 60))
SMALL = 32  # entries of a tile


def is_cut(shape):
    """Whether these tiles have every entry once."""
    times = np.zeros(shape, int)
    for tile in tiles.tiles(shape):
        times[tile] += 1
        assert times[tile].size <= SMALL or len(times[tile].shape) > 2
    return bool((times == 1).all())


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("samples", [1, 3, 70])
def test_tiles_have_every_entry_once_and_in_order(shape, samples, monkeypatch):
    monkeypatch.setattr(tiles, "_ENTRIES", SMALL)
    assert is_cut((samples, *shape))
    array = np.arange(samples * int(np.prod(shape))).reshape(samples, *shape)
    cut = [array[tile].ravel() for tile in tiles.tiles(array.shape)]
    np.testing.assert_array_equal(np.concatenate(cut), array.ravel())


def outer(h, d):
    return h[:, :, None] * d[:, None, :]


def columns_and_rows(h, d):
    return jax.vmap(lambda x, y: x[:, None] @ y[None, :])(h, d)


def one_product(h, d):
    return h[0][:, None] @ d[0][None, :]


def sums(h, d):
    return (outer(h, d) + h[:, :, None]) / (2 + outer(h, h[:, : d.shape[1]])) - d[0, 0]


def added_to_a_product(h, d):
    return columns_and_rows(h, d) + d[:, None, :]  # a kernel may take it for one more term


FUNCTIONS = (outer, columns_and_rows, one_product, sums, added_to_a_product)


@pytest.mark.parametrize("dtype", ["float32", "float64", "bfloat16", "float16"])
@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.__name__)
def test_bounds_are_those_of_whole_arrays(function, dtype, monkeypatch):
    rng = np.random.default_rng(0)
    special = (0.0, 1.0, 2.0, 1e-45, -3e-39, 6e-8, 3e38, 6e4, np.inf, np.nan)
    h, d = (
        np.where(rng.random(shape) < 0.2, rng.choice(special, shape), rng.normal(size=shape))
        for shape in ((3, 40), (3, 33))
    )
    with np.errstate(all="ignore"):
        given = h.astype(F32), d.astype(F32)
    analysed = roundoff(function, dtype, reading="both", rounded_inputs=True)
    whole = jax.tree.leaves(analysed(*given))
    monkeypatch.setattr(tiles, "_ENTRIES", SMALL)
    for one, other in zip(jax.tree.leaves(analysed(*given)), whole, strict=True):
        np.testing.assert_array_equal(one, other)


def differing(shape, seed):
    rng = np.random.default_rng(seed)
    special = np.array([0.0, -0.0, 1.0, 2.0, 1e-45, 3e38, np.inf, -np.inf, np.nan], F32)
    a = rng.normal(size=shape).astype(F32)
    b = (a * (1 + rng.integers(-2, 3, shape) * 2.0**-23)).astype(F32)
    for side in (a, b):
        side[...] = np.where(
            rng.random(shape) < 0.02 * (seed % 3), rng.choice(special, shape), side
        )
    worst, typical = (np.round(rng.random((2, *shape)), 1) * 1e-6 for _ in range(2))
    worst[rng.random(worst.shape) < 0.02] = np.inf
    return a, b, [Allowance({"w1": w}, {"w1": t}) for w, t in zip(worst, typical, strict=True)]


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("shape", [(4, 5, 9), (3, 40), (2, 7, 50), (90, 2), (80,)])
def test_differences_are_those_of_whole_arrays(shape, seed, monkeypatch):
    a, b, allowed = differing(shape, seed)

    def found():
        ratio = bound_ratio("w1", a, b, *allowed, samples=np.arange(len(a)) + 7)
        one = {"w1": a}, {"w1": b}
        return repr((ratio, entries_of(*one, *allowed) if len(shape) > 1 else None))

    with np.errstate(all="ignore"):
        whole = found()
        monkeypatch.setattr(tiles, "_ENTRIES", SMALL)
        assert found() == whole


@pytest.mark.parametrize("seed", range(6))
def test_the_largest_ratios_are_those_of_all_entries(seed):
    a, b, (of_a, of_b) = differing((3, 300, 200), seed)
    found = bound_ratio("w1", a, b, of_a, of_b, samples=np.arange(3))
    with np.errstate(all="ignore"):
        distance = np.abs(a.astype(np.float64) - b)
        distance = np.where(np.isfinite(a) & np.isfinite(b), distance, 0)
        worst, typical = of_a.worst["w1"] + of_b.worst["w1"], np.hypot(of_a[1]["w1"], of_b[1]["w1"])
        ratios, usual = (np.where(distance > 0, distance / of, 0) for of in (worst, typical))
    place = np.unravel_index(np.argmax(ratios), ratios.shape)
    assert (found.sample, *found.index) == place
    assert (found.worst_ratio, found.typical_ratio) == (ratios[place], usual.max())


def test_a_rule_of_a_user_has_whole_arrays(monkeypatch):
    """It is called elementwise unless they say what it is."""
    kernel = Primitive("sums_of_columns")
    kernel.def_abstract_eval(lambda x: x)
    monkeypatch.setitem(RULES, kernel.name, Row("elementwise", formula_rule(jnp.cumsum)))
    x = np.linspace(0, 1, 600, dtype=F32)
    whole = roundoff(kernel.bind, F32)(x)
    monkeypatch.setattr(tiles, "_ENTRIES", SMALL)
    for one, other in zip(roundoff(kernel.bind, F32)(x), whole, strict=True):
        np.testing.assert_array_equal(one, other)
