"""The trial of sums holds every library against its bound, and finds one that is too small."""

import pytest

from compare.evidence.rounding.primitives import RULES
from compare.evidence.rounding.primitives.row import Row
from compare.selftest import sum_trial
from compare.selftest.sum_trial import ORDINARY, SUMS, try_sum, try_sums


@pytest.mark.parametrize("name", SUMS)
def test_no_library_exceeds_the_bound_of_a_sum(name):
    tally = try_sum(name, 1, seed=0, sizes=(1, 2, 70))
    assert (tally.violations, tally.first) == (0, "")
    assert tally.compared >= 3 * 4 * len(sum_trial.KINDS)
    assert tally.typical <= ORDINARY


def test_it_prints_what_came_out(monkeypatch, capsys):
    monkeypatch.setattr(sum_trial, "SUMS", {"scan": SUMS["scan"]})
    monkeypatch.setattr(sum_trial, "SIZES", (1, 2))
    assert try_sums(1, seed=0) == 0
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
