"""Signals lose nothing and repeat nothing."""

import os
import re
import signal
import sys

import pytest

from compare.options.exit_status import status_of
from compare.pipeline import compare as pipeline
from compare.pipeline import schedule
from compare.pipeline.collect import Collection
from compare.report.outputs import Outputs
from compare.resume import journal
from compare.resume.block_gradients import BlockGradients
from tests.support.unfinished import compare, files

pytestmark = pytest.mark.usefixtures("signals_heard")

STEPS = {
    "before_evidence": (Collection, "add", "before"),
    "after_evidence": (Collection, "add", "after"),
    "before_gradients": (BlockGradients, "add", "before"),
    "after_gradients": (BlockGradients, "add", "after"),
    "between_gradients_and_state": (BlockGradients, "flush", "after"),
    "after_saving": (journal.Journal, "save", "after"),
}


@pytest.mark.parametrize(
    ("step", "ending"), list(zip(STEPS, 3 * [signal.SIGINT, signal.SIGTERM], strict=True))
)
def test_a_signal_at_any_step_loses_and_repeats_nothing(
    tmp_path, whole, save_always, monkeypatch, step, ending
):
    def interrupt(number, frame):  # as `exit_with` does
        raise KeyboardInterrupt

    kind, name, when = STEPS[step]
    original, calls = getattr(kind, name), []

    def signalling(self, *arguments, **options):
        calls.append(1)
        if when == "before" and len(calls) == 3:
            signal.raise_signal(ending)
        result = original(self, *arguments, **options)
        if when == "after" and len(calls) == 3:
            signal.raise_signal(ending)
        return result

    before = signal.signal(ending, interrupt)
    try:
        monkeypatch.setattr(kind, name, signalling)
        with pytest.raises(KeyboardInterrupt, match=r"[246],\d+ of 9,000 samples are saved"):
            compare(tmp_path)
        monkeypatch.setattr(kind, name, original)
    finally:
        signal.signal(ending, before)
    assert compare(tmp_path) == 0
    assert files(tmp_path) == whole


class Signalling:
    """Lets a signal come where Python drops what its handler raises, as in JAX's callbacks."""

    def __del__(self):
        signal.raise_signal(signal.SIGINT)


DROPPED = {
    "before_the_first_block": (pipeline, "probe_engines", "nothing is saved: the same command"),
    "between_blocks": (schedule, "block_at", r"[246],\d+ of 9,000 samples are saved in"),
    "while_writing": (Outputs, "write", "9,000 of 9,000 samples are saved in"),
}


@pytest.mark.parametrize("step", DROPPED)
def test_a_signal_that_python_drops_is_found_again(
    tmp_path, whole, save_always, monkeypatch, capsys, step
):
    kind, name, said = DROPPED[step]
    original, calls = getattr(kind, name), []

    def signalling(*arguments, **options):
        calls.append(1)
        if len(calls) == 1:
            Signalling()
        return original(*arguments, **options)

    with monkeypatch.context() as changed:
        changed.setattr(sys, "unraisablehook", lambda dropped: None)
        changed.setattr(kind, name, signalling)
        assert status_of(lambda argv: compare(tmp_path), "command", []) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert re.fullmatch(f"command: interrupted.*{said}.*\n", captured.err)
    assert not (tmp_path / "report.json").exists()
    assert compare(tmp_path) == 0
    assert files(tmp_path) == whole


def test_an_interrupt_before_an_earlier_state_is_read(tmp_path, whole, stop, monkeypatch):
    stop(tmp_path)

    def interrupt(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as changed:
        changed.setattr(pipeline, "probe_engines", interrupt)
        with pytest.raises(KeyboardInterrupt, match="what an earlier run has saved is still in"):
            compare(tmp_path)
    assert compare(tmp_path) == 0
    assert files(tmp_path) == whole


def test_files_that_appear_appear_together(tmp_path, whole, monkeypatch, capsys):
    """Also where a signal comes between two of them."""
    replace, seen = os.replace, []

    def signalling(*names):
        seen.append(names)
        if len(seen) == 2:
            signal.raise_signal(signal.SIGTERM)
        replace(*names)

    with monkeypatch.context() as changed:
        changed.setattr(os, "replace", signalling)
        assert status_of(lambda argv: compare(tmp_path), "command", []) == 1
    assert len(seen) > 2
    assert "command: interrupted" in capsys.readouterr().err
    assert files(tmp_path) == whole
