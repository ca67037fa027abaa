"""The trial of primitives finds a bound that is too small, and says where."""

import pytest

from compare.evidence.rounding.primitives.costs import Cost
from compare.selftest import __main__ as selftest
from compare.selftest import primitive_trial
from compare.selftest.primitives import PRIMITIVES


def test_it_prints_what_came_out(monkeypatch, capsys):
    monkeypatch.setattr(primitive_trial, "PRIMITIVES", {"neg": PRIMITIVES["neg"]})
    assert selftest.main(["selftest", "--primitives=1152"]) == 0
    header, row, *_, last = capsys.readouterr().out.splitlines()
    assert header.split() == ["entries", "compared", "no", "bound", "largest", "violations"]
    assert row.split()[:3] == ["neg", "1,152", "4,320"]
    assert last == "violations: 0"


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_cost_that_is_too_low_is_found(monkeypatch, capsys, dtype):
    kept = [one for one in primitive_trial.DTYPES if one.name == dtype]
    monkeypatch.setattr(primitive_trial, "DTYPES", kept)
    monkeypatch.setattr(primitive_trial, "PRIMITIVES", {"log1p": PRIMITIVES["log1p"]})
    monkeypatch.setattr(Cost, "of", lambda *_: 0.0)
    assert selftest.main(["selftest", "--primitives=576"]) == 2
    row = capsys.readouterr().out.splitlines()[1]
    assert f" {dtype} of (x, p, y, q) = [" in row
    assert " is more than " in row
