import pytest

from jaxmlp import sweep


@pytest.fixture
def side_by_side(monkeypatch):
    """Lets two chunks be computed side by side, as otherwise only many are."""
    monkeypatch.setattr(sweep, "_FEW", 2)
