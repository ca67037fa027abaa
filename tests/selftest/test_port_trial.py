"""The trial of ports: what it prints, and that it fails where it should."""

import pytest
from flax import linen
from torch import nn

from compare.errors import UsageError
from compare.implementations.programs.model import Model
from compare.selftest import __main__ as selftest
from compare.selftest import port_trial
from compare.selftest.modules.example import Example, normals
from compare.selftest.port_mistakes.mistake import PortMistake
from compare.selftest.ports import Port


def dense(state, *, scale=1):
    kernel = {"kernel": scale * state["0.weight"].T, "bias": state["0.bias"]}
    return Model(linen.Dense(2), {"params": kernel})


class Doubled(linen.Module):
    """A dense layer twice over."""

    @linen.compact
    def __call__(self, x):
        return 2 * linen.Dense(2, name="dense")(x)


def doubled(state):
    return Model(Doubled(), {"params": {"dense": dense(state).weights["params"]}})


LINEAR = Example("linear", lambda: nn.Sequential(nn.Linear(3, 2)), normals((4, 3)))
RIGHT = Port("Flax linen", LINEAR, dense)
WRONG = RIGHT._replace(make=doubled)
NAME = RIGHT.name
IN_THE_OUTPUT = PortMistake("an output doubled", NAME, doubled, "forward", "the output", "2 times")
IN_A_WEIGHT = PortMistake(
    "a weight halved",
    NAME,
    lambda state: dense(state, scale=0.5),
    "weights",
    "0.weight",
    "`0.weight`",
)


@pytest.fixture
def tried(monkeypatch, capsys):
    """Runs the trial on a port and mistakes, and returns its status and what it prints."""

    def run(port, *mistakes, pattern="*"):
        monkeypatch.setattr(port_trial, "PORTS", (port,))
        monkeypatch.setattr(port_trial, "MISTAKES", mistakes)
        status = selftest.main(["selftest", f"--ports={pattern}"])
        return status, capsys.readouterr().out.splitlines()

    return run


def test_it_prints_what_came_out(tried):
    moved = IN_THE_OUTPUT._replace(name="moved", place="0")
    status, (header, row, *lines) = tried(RIGHT, moved, IN_A_WEIGHT)
    assert status == 2
    assert header.split()[:3] == ["verdict", "basis", "places"]
    assert row.split()[:5] == ["linear,", "Flax", "linen", "agree", "certificate"]
    assert row.split()[-4:] == ["2", "1", "2", "0"]
    (elsewhere,) = [line for line in lines if line.startswith("elsewhere: ")]
    assert elsewhere.startswith(
        "elsewhere: linear, Flax linen: moved, forward 0: disagree at output"
    )
    assert lines[-3:] == [
        "ports: 1; alarms: 0",
        "mistakes: 2; found where they begin: 1; elsewhere: 1; missed: 0",
        "rightly named: 2; wrongly: 0",
    ]


def test_a_port_that_is_wrong_alarms(tried):
    status, lines = tried(WRONG)
    assert status == 2
    assert any(line.startswith("alarm: linear, Flax linen: the output") for line in lines)
    assert "ports: 1; alarms: 1" in lines


def test_a_port_that_is_refused_alarms(tried, monkeypatch):
    def refuse(*_, **__):
        raise UsageError("no way")

    monkeypatch.setattr(port_trial, "compare_functions", refuse)
    status, lines = tried(RIGHT, IN_THE_OUTPUT)
    assert status == 2
    assert "alarm: linear, Flax linen: refused: no way" in lines
    at = "linear, Flax linen: an output doubled, forward the output"
    assert f"missed: {at}: refused: no way" in lines


def test_a_pattern_that_fits_none_is_told(tried):
    with pytest.raises(
        UsageError, match="expected a pattern of names such as 'linear, Flax linen'"
    ):
        tried(RIGHT, pattern="resnet*")
