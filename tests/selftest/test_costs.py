"""Mathematical functions cost here no more than `roundoff` allows, and the table of it says so."""

import numpy as np
import pytest

from compare.evidence.rounding.primitives.costs import COSTS, LOW_COSTS, Cost, cost_of
from compare.selftest import __main__ as selftest
from compare.selftest import costs
from compare.selftest.costs import measure
from compare.selftest.primitives.functions import FUNCTIONS
from tests.support.paths import ROOT

F32, F64 = np.dtype(np.float32), np.dtype(np.float64)
# those whose errors in float64 are of other sizes or in other places; the trial has the rest
OTHERS = ("erf_inv", "erfc", "lgamma", "log1p")


@pytest.mark.parametrize(
    ("name", "dtype"),
    [*((name, F32) for name in COSTS), *((name, F64) for name in OTHERS)],
    ids=lambda one: getattr(one, "name", one),
)
def test_no_library_exceeds_the_cost_of_a_function(name, dtype):
    found = measure(name, dtype, 1000, seed=0)
    assert "XLA" in found
    for library, largest in found.items():
        assert largest.ulps > 0
        assert largest.share <= 1, (library, largest)


def test_fewer_digits_have_costs_of_known_functions_only():
    assert set(LOW_COSTS) < set(COSTS)


def test_the_page_has_every_cost():
    page = (ROOT / "docs/roundoff_costs.md").read_text().splitlines()
    rows = [line.replace(r"\|", "").split("|") for line in page if line.startswith("| ")][1:]
    costs = {row[1].strip(): (row[-3].split()[0], row[-2].split()[0]) for row in rows}
    assert {
        name: tuple(float(one.strip(";,")) for one in pair) for name, pair in costs.items()
    } == {name: (cost.ulps, cost_of(name, np.float16).ulps) for name, cost in COSTS.items()}


def test_it_prints_the_largest_errors(monkeypatch, capsys):
    monkeypatch.setattr(costs, "COSTS", {"sqrt": COSTS["sqrt"], "pow": COSTS["pow"]})
    monkeypatch.setattr(costs, "DTYPES", [F32])
    assert selftest.main(["selftest", "--costs=500"]) == 0
    header, row, other, _, last = capsys.readouterr().out.splitlines()
    assert "XLA" in header
    assert header.endswith("of the cost")
    assert row.split()[:4] == ["sqrt", "float32", "0.50", "at"]
    assert other.startswith("pow       float32   0.")
    assert ", " in other  # two arguments
    assert last == "more than the cost: 0"


def test_it_fails_where_a_library_costs_more(monkeypatch, capsys):
    monkeypatch.setattr(costs, "COSTS", {"log": COSTS["log"]})
    monkeypatch.setattr(costs, "DTYPES", [F32])
    monkeypatch.setattr(Cost, "of", lambda self, at: 0.3 * at.size)
    assert selftest.main(["selftest", "--costs=500"]) == 2
    assert capsys.readouterr().out.endswith("more than the cost: 1\n")


def test_it_says_where_a_result_is_infinite_and_should_not_be(monkeypatch, capsys):
    overflows = FUNCTIONS["tanh"]._replace(by_torch=lambda a, b: a / 0)
    monkeypatch.setattr(costs, "COSTS", {"tanh": COSTS["tanh"]})
    monkeypatch.setattr(costs, "FUNCTIONS", {"tanh": overflows})
    monkeypatch.setattr(costs, "DTYPES", [F32])
    assert selftest.main(["selftest", "--costs=500"]) == 2
    _, row, further, *_ = capsys.readouterr().out.splitlines()
    assert row.endswith(" inf")
    assert further.strip().startswith("torch is infinite at ")
