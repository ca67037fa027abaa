"""Everyday functions: bounds that hold, refusals by name, twins that are none too different."""

import functools

import jax
import numpy as np
import pytest

from compare.selftest import __main__ as selftest
from compare.selftest import function_trial
from compare.selftest.everyday import EVERYDAY
from compare.selftest.everyday.evaluation import cast, compute, draw_case
from compare.selftest.function_trial import F32, F64, bounds_of, missing_primitives

BOUNDED = [function for function in EVERYDAY if not function.refused]
REFUSED = [function for function in EVERYDAY if function.refused]
TWINS = [function for function in EVERYDAY if function.by_torch is not None]
SAME, SAME_IN_FLOAT32 = 1e-9, 1e-6  # of the largest entry


@pytest.fixture(scope="module", autouse=True)
def _compiled_quickly():
    """What is compiled runs once."""
    before = jax.config.read("jax_disable_most_optimizations")
    jax.config.update("jax_disable_most_optimizations", True)
    yield
    jax.config.update("jax_disable_most_optimizations", before)


@functools.cache
def drawn(function):
    return draw_case(function, seed=0, number=0)


def by_name(functions):
    return pytest.mark.parametrize("function", functions, ids=lambda function: function.name)


@by_name(BOUNDED)
def test_what_libraries_compute_is_within_the_bounds(function):
    tally = function_trial.try_case(function, drawn(function), F32)
    assert not tally.violations, tally.first
    assert tally.compared >= tally.entries


@by_name(REFUSED)
def test_what_has_no_rule_is_refused_by_name(function):
    with pytest.raises(NotImplementedError) as refusal:
        bounds_of(function, drawn(function), F32)
    assert function.refused in missing_primitives(refusal.value)


@by_name(TWINS)
def test_a_twin_computes_the_same(function):
    case = cast(drawn(function), F64)
    mine, theirs = (compute(function, case, F64, library=name) for name in ("jit", "torch"))
    for one, other in zip(mine, theirs, strict=True):
        assert one.shape == other.shape
        largest = max(1, np.max(np.abs(one)))
        allowed = SAME if function.in_float64 else SAME_IN_FLOAT32
        assert np.max(np.abs(one - other)) <= allowed * largest


def test_there_are_as_many_as_promised():
    assert len({function.name for function in EVERYDAY}) == len(EVERYDAY) >= 155
    assert len(TWINS) > 120
    assert {function.refused for function in REFUSED} == {"lu", "eigh", "fft", "complex"}


def test_it_prints_what_came_out(monkeypatch, capsys):
    some = [function for function in EVERYDAY if function.name in ("relu", "whitened")]
    monkeypatch.setattr(function_trial, "EVERYDAY", some)
    assert selftest.main(["selftest", "--functions=1"]) == 0
    header, row, refusal, _, *summary = capsys.readouterr().out.splitlines()
    assert header.split()[:4] == ["compared", "no", "bound", "jit"]
    # results and gradients: eager has no float64, and float64 is no library for itself
    assert row.split()[:2] == ["relu", f"{2 * 4 * 24 * (3 + 2 + 3 + 2):,}"]
    assert refusal.startswith("whitened                     refused: ")
    assert "eigh" in refusal
    assert summary[0] == "functions: 1; refused, as they are meant to be: 1"
    assert summary[1] == "refused besides: 0; without a rule: none"
    assert summary[-1] == "violations: 0"


def test_a_function_that_is_wrong_is_found(monkeypatch, capsys):
    (relu,) = [function for function in EVERYDAY if function.name == "relu"]
    wrong = relu._replace(by_torch=lambda x: 1.001 * x.relu())
    monkeypatch.setattr(function_trial, "EVERYDAY", [wrong])
    assert selftest.main(["selftest", "--functions=1"]) == 2
    row = capsys.readouterr().out.splitlines()[1]
    assert " torch float32, [0] at [0, " in row
    assert " is more than 0.0 from " in row


def test_what_is_not_installed_is_left_out(monkeypatch, capsys):
    (relu,) = [function for function in EVERYDAY if function.name == "relu"]
    monkeypatch.setattr(function_trial, "EVERYDAY", [relu._replace(needs="no_such_package")])
    assert selftest.main(["selftest", "--functions=1"]) == 0
    assert "no_such_package is not installed" in capsys.readouterr().out
