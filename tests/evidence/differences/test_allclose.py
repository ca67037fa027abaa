import hypothesis
import hypothesis.strategies as st
import numpy as np
import pytest
import torch

from compare.evidence.differences.allclose import RULES, count_breaking, merge

INF, NAN = float("inf"), float("nan")
DTYPES = {"float32": np.float32, "float64": np.float64}


def accepts(check, *args, **kwargs):
    try:
        check(*args, **kwargs)
    except AssertionError:
        return False
    return True


def numpy_rule(rtol):
    return lambda a, b: accepts(np.testing.assert_allclose, a, b, rtol=rtol, atol=0)


VERDICTS = {
    "torch.allclose": lambda a, b: torch.allclose(torch.tensor(a), torch.tensor(b)),
    "torch.testing.assert_close": lambda a, b: accepts(
        torch.testing.assert_close, torch.tensor(a), torch.tensor(b)
    ),
    "numpy.testing.assert_allclose": lambda a, b: accepts(np.testing.assert_allclose, a, b),
    "chex.assert_trees_all_close": numpy_rule(1e-6),  # what chex calls
}


def test_a_verdict_for_every_rule():
    assert set(VERDICTS) == set(RULES)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", RULES)
def test_verdict_is_that_of_the_tool(name, dtype):
    rng = np.random.default_rng(0)
    rtol, atol, _ = RULES[name][dtype]
    seen = set()
    for trial in range(60):
        b = (rng.choice([-1, 1], 3) * 10 ** rng.uniform(-9, 4, 3)).astype(DTYPES[dtype])
        # exactly one entry near its tolerance: numpy's 1e-7 is an ulp of float32, so steps of ulps
        allowed = atol + rtol * np.abs(b[0].astype(np.float64))
        a = b.copy()
        a[0] += DTYPES[dtype](allowed * rng.choice([0.5, 0.97, 1.03, 2]) * rng.choice([-1, 1]))
        distance = abs(float(a[0]) - float(b[0]))
        if abs(distance - allowed) < 1e-3 * allowed:
            continue  # the tool's own rounding decides
        broken = count_breaking([a], [b], dtype).breaking[name]
        assert (broken == 0) == VERDICTS[name](a, b), (trial, a, b)
        assert broken in (0, 1)
        seen.add(broken)
    assert seen == {0, 1}


@pytest.mark.parametrize("name", RULES)
@pytest.mark.parametrize(
    ("a", "b"),
    [(INF, INF), (-INF, INF), (INF, 1.0), (1.0, INF), (NAN, 1.0), (1.0, NAN), (NAN, INF)],
)
def test_what_is_not_finite_on_one_side_breaks(name, a, b):
    left, right = np.array([a, 1.0]), np.array([b, 1.0])
    broken = count_breaking([left], [right], "float64").breaking[name]
    assert broken == (a != b)
    assert (broken == 0) == VERDICTS[name](left, right)


@pytest.mark.parametrize("name", RULES)
def test_nan_on_both_sides(name):
    nan = np.array([NAN])
    broken = count_breaking([nan], [nan], "float64").breaking[name]
    assert (broken == 0) == VERDICTS[name](nan, nan)


values = st.sampled_from([-2.0, 1.0, 1.0 + 1e-6, 0.5, 3e-5, 1e-9])


@hypothesis.given(st.lists(st.tuples(values, values), min_size=1, max_size=5))
@hypothesis.settings(deadline=None, max_examples=60)
def test_smallest_tolerances_pass_and_less_fails(pairs):
    a, b = np.array(pairs).T
    facts = count_breaking([a], [b], "float64")

    def passes(**tolerances):
        return np.allclose(a, b, **tolerances)

    up = 1 + 1e-12
    assert passes(rtol=facts.smallest_rtol * up, atol=0)
    assert passes(rtol=0, atol=facts.smallest_atol * up)
    if np.any(a != b):
        assert not passes(rtol=0.999 * facts.smallest_rtol, atol=0)
        assert not passes(rtol=0, atol=0.999 * facts.smallest_atol)
    else:
        assert (facts.smallest_rtol, facts.smallest_atol) == (0, 0)


@pytest.mark.parametrize(("a", "b"), [(1.0, INF), (1.0, NAN), (INF, 1.0), (NAN, 1.0), (1.0, 0.0)])
def test_no_rtol_is_enough(a, b):
    facts = count_breaking([np.array([a, 2.0])], [np.array([b, 3.0])], "float64")
    assert facts.smallest_rtol == INF
    assert facts.smallest_atol == (1 if b == 0 else INF)


def test_several_arrays_and_merge_equal_the_whole():
    rng = np.random.default_rng(1)
    a = rng.standard_normal((6, 4, 3))
    b = a * (1 + 10 ** rng.uniform(-9, -4, a.shape))
    whole = count_breaking([a], [b], "float64")
    assert count_breaking(list(a), list(b), "float64") == whole
    earlier, later = (count_breaking([a[s]], [b[s]], "float64") for s in (np.s_[:2], np.s_[2:]))
    assert merge(earlier, later) == whole
