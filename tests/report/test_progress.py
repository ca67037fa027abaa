import io

import pytest

from compare.report.progress import Progress


class Terminal(io.StringIO):
    def isatty(self):
        return True


def shown(stream, updates, total=1_000_000):
    """Updates at (seconds, samples done) and returns what was written."""
    now = [0.0]
    with Progress(stream, clock=lambda: now[0]) as progress:
        for now[0], done in updates:
            progress.update(done, total)
    return stream.getvalue()


SLOW = [(second, 10_000 * second) for second in range(1, 101)]


def test_nothing_within_two_seconds_on_a_terminal():
    assert shown(Terminal(), [(0.1 * i, 50_000 * i) for i in range(1, 20)]) == ""


def test_a_bar_that_is_cleared_at_the_end():
    written = shown(Terminal(), SLOW)
    states = written.split("\r\x1b[K")
    assert states[0] == states[-1] == ""
    assert len(states) > 90
    assert "[########........]  50 %  500,000 of 1,000,000, 10,000/s, 0:50 left" in states
    assert max(map(len, states)) < 80
    assert "\n" not in written


def test_a_line_now_and_then_in_a_pipe():
    lines = shown(io.StringIO(), SLOW).splitlines()
    assert lines[0] == "100,000 of 1,000,000 samples, 10,000 a second, 1:30 left"
    assert len(lines) == 4


def test_nothing_for_a_quick_run_in_a_pipe():
    assert shown(io.StringIO(), SLOW[:9]) == ""


def test_rate_of_what_this_run_has_done():
    lines = shown(io.StringIO(), [(0, 900_000), (10, 910_000)]).splitlines()
    assert lines == ["910,000 of 1,000,000 samples, 1,000 a second, 1:30 left"]


@pytest.mark.parametrize(("seconds", "text"), [(3725, "1:02:05"), (59.6, "1:00"), (4, "0:04")])
def test_time_left(seconds, text):
    lines = shown(io.StringIO(), [(0, 0), (10, 10)], total=10 + round(seconds, 1)).splitlines()
    assert lines[0].endswith(f" {text} left")


def test_a_narrow_terminal_is_not_wrapped(monkeypatch):
    monkeypatch.setenv("COLUMNS", "30")
    assert max(map(len, shown(Terminal(), SLOW).split("\r\x1b[K"))) < 30


def test_quiet():
    with Progress(None) as progress:
        progress.update(1, 2)
