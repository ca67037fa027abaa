"""The trial of sums holds every library against its bound, and finds one that is too small."""

import ml_dtypes
import numpy as np
import pytest

from compare.errors import UsageError
from compare.evidence.rounding.primitives import RULES
from compare.evidence.rounding.primitives.row import Row
from compare.selftest import __main__ as selftest
from compare.selftest import sum_trial
from compare.selftest.sum_trial import ORDINARY, SUMS, try_sum


@pytest.mark.parametrize("name", SUMS)
def test_no_library_exceeds_the_bound_of_a_sum(name):
    tally = try_sum(name, 1, seed=0, sizes=(1, 2, 70))
    assert (tally.violations, tally.first) == (0, "")
    assert tally.compared >= 3 * 4 * len(sum_trial.KINDS)
    assert tally.typical <= ORDINARY


def test_it_prints_what_came_out(monkeypatch, capsys):
    monkeypatch.setattr(sum_trial, "SUMS", {"scan": SUMS["scan"]})
    monkeypatch.setattr(sum_trial, "SIZES", (1, 2))
    assert selftest.main(["selftest", "--sums=1"]) == 0
    header, row, *_, last = capsys.readouterr().out.splitlines()
    assert header.split() == ["compared", "error/worst", "error/typical", "violations"]
    assert row.split()[0] == "scan"
    assert last == "violations: 0"


def test_a_bound_that_is_too_small_is_found(monkeypatch):
    kept = RULES["reduce_sum"]

    def too_small(analysis, eqn, a):
        made = kept.rule(analysis, eqn, a)
        return type(made)(made.value, made.error / 1000)

    monkeypatch.setitem(RULES, "reduce_sum", Row(kept.shape, too_small))
    tally = try_sum("reduce_sum", 1, seed=0, sizes=(70,))
    assert tally.violations > 0
    assert "70 terms" in tally.first


@pytest.mark.parametrize(("terms", "is_found"), [(69, True), (70, False)])
def test_sums_that_torch_rounds_by_thread_are_left_out(monkeypatch, terms, is_found):
    wrong = SUMS["reduce_sum"]._replace(by_torch=lambda a, b: 2 * a.sum(), most_by_torch=69)
    monkeypatch.setattr(sum_trial, "SUMS", {"reduce_sum": wrong})
    monkeypatch.setattr(sum_trial, "DTYPES", [np.dtype(ml_dtypes.bfloat16)])
    tally = try_sum("reduce_sum", 1, seed=0, sizes=(terms,))
    assert tally.first.startswith("torch, bfloat16") == is_found


def test_one_trial_at_a_time():
    with pytest.raises(UsageError) as refusal:
        selftest.main(["selftest", "--sums=3", "--costs=10", "--primitives=0"])
    said = "expected one trial at a time, got --sums and --costs; run them one by one"
    assert str(refusal.value) == said
