"""Compiled JAX only chooses samples: what is counted and told of them are NumPy's numbers."""

import functools

import numpy as np
import pytest

from compare.evidence.certificate import checked_samples
from compare.evidence.certificate.certificate import certify, merge
from compare.evidence.certificate.checked_samples import CheckedSamples, Records
from compare.evidence.certificate.rungs import rungs
from compare.evidence.certificate.sample_ratios import SampleRatios, sample_ratios
from compare.evidence.rounding.arithmetic import plain_arithmetic
from compare.selftest.backward import backward, forward
from jaxmlp import Batch, Layer, init_params
from tests.support.cases import case_of

F32 = np.dtype(np.float32)
N, BLOCKS = 16, 4
SPECIAL = np.array([0, -0.0, np.inf, np.nan, 1e-40, -1e-45, 1e-38, 1e30, 2.0**-20], F32)
FACTORS = (1 + 1e-6, 1 + 3e-6, 1 + 1e-5, 1.001, 1.1, -1, 2)
NETWORKS = {
    "sigmoid": ((2, 10, 10, 1), "sigmoid", False),
    "relu": ((2, 5, 1), "relu", False),
    "one unit": ((2, 1, 3, 2), "tanh", False),
    "with rungs": ((2, 4, 2), "silu", True),
}


def spoil(rng, grads):
    """Changes a few entries, or a sign, or leaves everything as it is."""
    for _ in range(rng.choice([0, 0, 1, 3, 12])):
        leaf = grads[rng.integers(len(grads))][rng.integers(2)]
        at = tuple(rng.integers(size) for size in leaf.shape)
        leaf[at] = rng.choice(SPECIAL) if rng.random() < 0.3 else leaf[at] * rng.choice(FACTORS)
    if rng.random() < 0.15:
        grads[0].w[:] *= -1


def draw_blocks(rng, sizes, activation):
    """Returns (first sample, case) of blocks with ties, zeros, and numbers of any size."""
    scale = F32.type(rng.choice([1, 1, 1, 1e-3, 30, 1e15, 1e-18]))
    params = tuple(Layer(w * scale, b) for w, b in init_params(rng, sizes, dtype=F32))
    for start in range(0, N * BLOCKS, N):
        x, y = (rng.random((N, n)).astype(F32) for n in (sizes[0], sizes[-1]))
        if rng.random() < 0.4:
            x[rng.integers(N, size=5)] = 0
        if rng.random() < 0.4:
            x[8:], y[8:] = x[:8], y[:8]
        made = backward(forward(params, Batch(x, y), activation))
        grads = tuple(Layer(np.array(w, F32), np.array(b, F32)) for w, b in made)
        spoil(rng, grads)
        yield start, case_of(params, Batch(x, y), grads, activation)


def both_ways(rng, name):
    """Certifies blocks in NumPy, and compiled in another order, each beside what is known."""
    sizes, activation, has_rungs = NETWORKS[name]
    with np.errstate(all="ignore"):
        blocks = list(draw_blocks(rng, sizes, activation))
        ladder = ()
        if has_rungs:
            plain = plain_arithmetic(F32)
            ladder = rungs(blocks[0][1].network, plain, plain, is_known=False)
        in_numpy = [certify("m", case, rungs=ladder, first_sample=at) for at, case in blocks]
        compiled = None
        for i in rng.permutation(BLOCKS):
            at, case = blocks[i]
            known = [] if compiled is None else [compiled]
            options = {"rungs": ladder, "first_sample": at, "known": known}
            one = certify("m", case, compiled=True, **options)
            compiled = one if compiled is None else merge(compiled, one)
    return functools.reduce(merge, in_numpy), compiled


@pytest.mark.isa
@pytest.mark.parametrize("name", NETWORKS)
def test_blocks_in_any_order_have_the_certificate_that_numpy_finds(name):
    rng = np.random.default_rng(sum(map(ord, name)))
    for _ in range(8):
        in_numpy, compiled = both_ways(rng, name)
        assert repr(compiled) == repr(in_numpy)


@pytest.mark.isa
@pytest.mark.parametrize(
    ("dtype", "scales"), [(np.float32, (1e-18, 1e-22)), (np.float64, (1e-110, 1e-200))]
)
def test_subnormal_numbers_accuse_no_right_gradient(dtype, scales):
    rng, sizes = np.random.default_rng(0), (2, 3, 3, 1)
    params = init_params(rng, sizes, dtype=np.dtype(dtype))
    scaled = tuple(
        Layer((w * dtype(scale)).astype(dtype), b)
        for (w, b), scale in zip(params, (1, *scales), strict=True)
    )
    batch = Batch((1e5 * rng.random((N, 2))).astype(dtype), rng.random((N, 1)).astype(dtype))
    made = backward(forward(scaled, batch, "identity"))
    grads = tuple(Layer(np.array(w, dtype), np.array(b, dtype)) for w, b in made)
    least = np.finfo(dtype).smallest_normal
    assert np.any((abs(grads[0].b) > 0) & (abs(grads[0].b) < least))
    assert np.any(abs(grads[0].w) > 100 * least)
    case = case_of(scaled, batch, grads, "identity")
    in_numpy, compiled = (certify("m", case, compiled=one) for one in (False, True))
    assert repr(compiled) == repr(in_numpy)
    assert compiled.certified == N


@pytest.mark.isa
def test_a_large_block_is_checked_in_parts_in_the_order_of_its_samples():
    rng = np.random.default_rng(0)
    params = init_params(rng, (2, 3, 1), dtype=np.dtype(F32))
    batch = Batch(*(rng.random((3 * 1024, n)).astype(F32) for n in (2, 1)))
    made = backward(forward(params, batch, "sigmoid"))
    grads = tuple(Layer(np.array(w, F32), np.array(b, F32)) for w, b in made)
    for sample, off in ((100, 1.3), (1500, 1.1), (3071, 1.2)):
        grads[0].w[sample, 0, 0] *= np.float32(off)
    case = case_of(params, batch, grads, "sigmoid")
    in_numpy, compiled = (certify("m", case, compiled=one) for one in (False, True))
    assert (compiled.failed, compiled.first_failure.sample) == (3, 100)
    assert repr(compiled) == repr(in_numpy)


def jax_is_off_by(monkeypatch, change):
    """Lets compiled JAX find other ratios than NumPy does, by less than the doubt there is."""
    found = checked_samples.sample_ratios_compiled

    def moved(case):
        ratios, subnormal = found(case)
        return ratios._replace(ratios=change(ratios.ratios)), subnormal

    monkeypatch.setattr(checked_samples, "sample_ratios_compiled", moved)


@pytest.mark.parametrize("way", [-1, 1], ids=["less", "more"])
def test_what_jax_finds_a_little_less_or_more_is_told_as_numpy_has_it(monkeypatch, way):
    rng = np.random.default_rng(3)

    def change(ratios):
        off = 1e-7 * rng.random(ratios.shape)
        return np.maximum(ratios * (1 + way * 2.0**-31) + way * off, 0)

    jax_is_off_by(monkeypatch, change)
    for _ in range(5):
        in_numpy, compiled = both_ways(rng, "sigmoid")
        assert repr(compiled) == repr(in_numpy)


def off_by(monkeypatch, amount, exact):
    """A case of N samples, of which NumPy finds these ratios, and JAX ratios that are off."""
    _, case = next(draw_blocks(np.random.default_rng(0), (2, 3, 1), "sigmoid"))
    none = np.zeros(N)

    def of(ratios, n):
        return SampleRatios(np.array(ratios)[None], none[:n] > 0, none[:n] > 0, none[:n], none[:n])

    order = iter([exact])
    monkeypatch.setattr(
        checked_samples,
        "sample_ratios_compiled",
        lambda case: (of(exact + amount, N), none > 0),
    )
    monkeypatch.setattr(
        checked_samples, "sample_ratios", lambda some: of(next(order)[:1], some.x.shape[-1])
    )
    return case.take(np.zeros(N, int))


@pytest.mark.parametrize("amount", [-5e-8, 5e-8])
def test_a_ratio_next_to_1_is_numpy_s(monkeypatch, amount):
    exact = np.full(N, 1 - amount / 2)
    case = off_by(monkeypatch, amount, exact)
    checked = CheckedSamples(case, Records(-1.0, -1.0), compiled=True)
    checked.settle_near(1.0, np.ones(N, bool))
    assert np.array_equal(checked.largest, exact)


def test_what_jax_alone_finds_just_above_1_does_not_fail(monkeypatch):
    params = init_params(np.random.default_rng(0), (2, 3, 1), dtype=F32)
    batch = Batch(*(np.random.default_rng(1).random((N, n)).astype(F32) for n in (2, 1)))
    made = backward(forward(params, batch, "sigmoid"))
    grads = tuple(Layer(np.array(w, F32), np.array(b, F32)) for w, b in made)
    grads[0].w[3] *= 2  # beside which nothing else is a record
    case = case_of(params, batch, grads, "sigmoid")
    found = sample_ratios(case)
    above = found._replace(ratios=np.full_like(found.ratios, 1 + 5e-8))
    above.ratios[:, 3] = 100
    monkeypatch.setattr(
        checked_samples, "sample_ratios_compiled", lambda case: (above, np.zeros(N, bool))
    )
    assert certify("a", case, compiled=True).failed == 1


@pytest.mark.isa
@pytest.mark.parametrize("name", NETWORKS)
def test_in_numpy_a_sample_has_the_same_bits_among_any_others(name):
    sizes, activation, _ = NETWORKS[name]
    rng = np.random.default_rng(7)
    with np.errstate(all="ignore"):
        blocks = [one for _ in range(4) for one in draw_blocks(rng, sizes, activation)]
        for _, case in blocks:
            finite = case.zeroed_but(case.finite())
            whole = sample_ratios(finite)
            for size in (1, 2, 3, 7, 9):
                rows = rng.integers(N, size=size)
                for some, all_ in zip(sample_ratios(finite.take(rows)), whole, strict=True):
                    assert np.array_equal(some, all_[..., rows], equal_nan=True)


def right_case():
    """Returns a case of N right samples that differ."""
    rng = np.random.default_rng(5)
    params = init_params(rng, (2, 10, 10, 1), dtype=F32)
    batch = Batch(*(rng.random((N, n)).astype(F32) for n in (2, 1)))
    made = backward(forward(params, batch, "sigmoid"))
    grads = tuple(Layer(np.array(w, F32), np.array(b, F32)) for w, b in made)
    return case_of(params, batch, grads, "sigmoid")


def test_beside_records_nothing_is_told_but_what_may_be_one():
    case = right_case()
    ratios = sample_ratios(case).ratios
    rules = ratios.max(axis=1) * (1 + 1e-5) + 1e-5
    assert not len(CheckedSamples(case, Records(rules, rules.max()), compiled=True).rows)
    for check in np.flatnonzero(ratios.max(axis=1)):
        row = ratios[check].argmax()
        lower = rules.copy()
        lower[check] = ratios[check, row]  # a tie, which the lower sample wins
        checked = CheckedSamples(case, Records(lower, rules.max()), compiled=True)
        checked.settle_largest(np.ones(N, bool))
        assert checked.told[row]
        assert checked.ratios_of(row)[check] == ratios[check, row]


def test_beside_records_the_worst_of_all_checks_is_told():
    case = right_case()
    ratios = sample_ratios(case).ratios
    row = int(ratios.max(axis=0).argmax())
    records = Records(np.full(len(ratios), 1.0), ratios.max())
    checked = CheckedSamples(case, records, compiled=True)
    checked.settle_largest(np.ones(N, bool))
    assert checked.told[row]
    assert checked.largest[row] == ratios.max()
