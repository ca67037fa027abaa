"""Signals lose nothing and repeat nothing."""

import signal

import pytest

from compare.pipeline.collect import Collection
from compare.resume import journal
from compare.resume.block_gradients import BlockGradients
from tests.support.unfinished import compare, files

STEPS = {
    "before_evidence": (Collection, "add", "before"),
    "after_evidence": (Collection, "add", "after"),
    "before_gradients": (BlockGradients, "add", "before"),
    "after_gradients": (BlockGradients, "add", "after"),
    "between_gradients_and_state": (BlockGradients, "flush", "after"),
    "after_saving": (journal.Journal, "save", "after"),
}


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("step", STEPS)
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
