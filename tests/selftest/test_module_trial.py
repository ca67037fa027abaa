"""The trial of torch modules: what it prints, and that it fails where it should."""

import pytest
import torch

from compare.selftest import __main__ as selftest
from compare.selftest import module_trial
from compare.selftest.module_mistakes import MISTAKES
from compare.selftest.module_mistakes.mistake import forward, having
from compare.selftest.module_tally import Tally
from compare.selftest.modules import MODULES
from compare.selftest.modules.programs import correct_programs

(SWISH,) = [example for example in MODULES if example.name == "swish by hand"]
(DROPOUT,) = [example for example in MODULES if example.refused]
OF_SWISH = [mistake for mistake in MISTAKES if mistake.module == SWISH.name]


@pytest.fixture
def tried(monkeypatch, capsys):
    """Runs the trial on some modules and mistakes, and returns its status and what it prints."""

    def run(modules, mistakes):
        monkeypatch.setattr(module_trial, "MODULES", modules)
        monkeypatch.setattr(module_trial, "MISTAKES", mistakes)
        monkeypatch.setattr(module_trial, "DTYPES", (torch.float32,))
        monkeypatch.setattr(module_trial, "why_not_compiled", lambda: "no compiler")
        status = selftest.main(["selftest", "--modules=1"])
        return status, capsys.readouterr().out.splitlines()

    return run


def test_it_prints_what_came_out(tried):
    status, printed = tried([SWISH, DROPOUT], OF_SWISH)
    left_out, _, header, row, refusal, _, *summary = printed
    assert status == 0
    assert left_out == "torch.compile is left out: no compiler"
    assert header.split()[:4] == ["compared", "certified", "float64", "undecided"]
    assert row.split()[:7] == ["swish", "by", "hand", "3", "3", "0", "0"]
    assert refusal.startswith("dropout in train mode      refused: 1 (Dropout): expected ")
    assert summary == [
        "modules: 1 of 2; refused, as they are meant to be: 1",
        "correct programs compared: 3; undecided: 0; alarms: 0",
        "mistakes: 1; found where they begin: 1, 0 of them by a warning; elsewhere: 0; missed: 0",
        "of these named: 1; named otherwise: 0; not named: 0",
    ]


def test_a_twin_that_is_wrong_alarms(tried):
    status, printed = tried([SWISH._replace(twin=lambda state, x: 1.5 * SWISH.twin(state, x))], [])
    assert status == 2
    assert any(line.startswith("swish by hand, seed 0, float32, jax: ") for line in printed)
    assert "correct programs compared: 3; undecided: 0; alarms: 2" in printed


def test_a_module_that_should_not_be_refused_fails(tried):
    status, printed = tried([DROPOUT._replace(refused="")], [])
    assert status == 2
    assert "modules: 0 of 1; refused, as they are meant to be: 0" in printed


def test_a_mistake_that_is_missed_or_found_elsewhere_fails(tried, monkeypatch):
    monkeypatch.setattr(module_trial, "try_module", lambda *_: Tally())
    none = forward("nothing", SWISH.name, having("linear", is_other=True), at="linear")
    moved = OF_SWISH[0]._replace(direction="forward")
    status, printed = tried([SWISH], [none, moved])
    assert status == 2
    assert "missed: swish by hand: nothing, forward linear: agree" in printed
    line = "elsewhere: swish by hand: a slope of swish without x, forward linear: disagree at backw"
    assert any(one.startswith(line) for one in printed)
    assert printed[-2].endswith(": 0, 0 of them by a warning; elsewhere: 1; missed: 1")


def test_what_is_compiled_computes_by_the_state_that_it_is_given(monkeypatch):
    monkeypatch.setattr(torch, "compile", lambda function: function)
    module, inputs = SWISH.build(0)
    compiled = correct_programs(SWISH, module, with_compiled=True)["compiled"]
    state = {name: torch.zeros_like(one) for name, one in module.state_dict().items()}
    assert not compiled(state, *inputs).any()
    assert module(*inputs).any()
