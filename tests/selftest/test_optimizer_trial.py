"""The trial of optimizers: what it prints, and that it fails where it should."""

import pytest

from compare.errors import UsageError
from compare.selftest import __main__ as selftest
from compare.selftest import optimizer_trial
from compare.selftest.optimizer_mistakes import MISTAKES
from compare.selftest.optimizer_mistakes.correct import CORRECT

BY_NAME = {one.name: one for one in MISTAKES}
NO_MOMENTUM = BY_NAME["no momentum"]


@pytest.fixture
def tried(monkeypatch, capsys):
    """Runs the trial, and returns its status and what it prints."""
    monkeypatch.setattr(optimizer_trial, "_RIGHT", 3)

    def run(correct, mistakes, pattern="*"):
        monkeypatch.setattr(optimizer_trial, "CORRECT", correct)
        monkeypatch.setattr(optimizer_trial, "MISTAKES", mistakes)
        status = selftest.main(["selftest", f"--optimizers={pattern}"])
        return status, capsys.readouterr().out.splitlines()

    return run


def test_there_are_many_and_each_has_a_name_of_its_own():
    assert len(BY_NAME) == len(MISTAKES) >= 30
    assert len({one.title for one in CORRECT}) == len(CORRECT) == 20


def test_it_prints_what_came_out(tried):
    status, (right, wrong, *lines) = tried(CORRECT[:1], (NO_MOMENTUM,))
    assert status == 0
    assert right.split() == ["mlp,", "SGD", "agree"]
    assert wrong.split() == ["no", "momentum", "disagree", "named"]
    assert lines == [
        "",
        "right trainings: 1; alarms: 0",
        "mistakes: 1; found where they begin: 1",
        "rightly named: 1; wrongly: 0",
    ]


@pytest.mark.parametrize(
    ("planted", "line"),
    [
        (NO_MOMENTUM._replace(first=3), "missed: no momentum: there is no momentum"),
        (NO_MOMENTUM._replace(words="amsgrad"), "misnamed: no momentum: there is no momentum"),
    ],
)
def test_it_fails_where_a_mistake_is_missed_or_misnamed(tried, planted, line):
    status, lines = tried((), (planted,))
    assert status == 2
    assert any(one.startswith(line) for one in lines)


def test_a_pattern_that_fits_none_is_told(tried):
    with pytest.raises(UsageError, match=r"names such as 'mlp, SGD' or 'no momentum', got 'x\*'"):
        tried(CORRECT[:1], (NO_MOMENTUM,), pattern="x*")
