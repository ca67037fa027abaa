"""How far a run has got: a bar on a terminal, a line now and then in a file or pipe."""

import shutil
import time
from collections.abc import Callable
from typing import TextIO

_PATIENCE = 2.0  # seconds before anything is shown
_REDRAWN = 0.2  # seconds between two states of a bar
_LINES = 30.0  # seconds between two lines
_WIDTH = 16  # of a bar


class Progress:
    """Shows how many samples are done; a context manager that clears its bar at the end."""

    def __init__(
        self, stream: TextIO | None, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Takes where to show it, None for nowhere."""
        self._stream, self._clock = stream, clock
        self._bar = stream is not None and stream.isatty()
        self._next = clock() + (_PATIENCE if self._bar else _LINES / 3)
        self._begun: tuple[int, float] | None = None  # samples done at first, and when
        self._drawn = False

    def update(self, done: int, total: int) -> None:
        """Shows that so many samples are done, if it is time to."""
        now = self._clock()
        before, begun = self._begun = self._begun or (done, now)
        if self._stream is None or now < self._next or now == begun:
            return
        self._next = now + (_REDRAWN if self._bar else _LINES)
        rate = (done - before) / (now - begun)
        left = (total - done) / rate if rate else float("inf")
        share = done / total
        if self._bar:
            bar = "#" * int(_WIDTH * share)
            counts = f"{done:,} of {total:,}, {rate:,.0f}/s, {_duration(left)} left"
            line = f"[{bar:.<{_WIDTH}}] {int(100 * share):3} %  {counts}"
            self._stream.write(f"\r\x1b[K{line[: shutil.get_terminal_size().columns - 1]}")
            self._drawn = True
        else:
            self._stream.write(
                f"{done:,} of {total:,} samples, {rate:,.0f} a second, {_duration(left)} left\n"
            )
        self._stream.flush()

    def __enter__(self) -> "Progress":
        return self

    def __exit__(self, *raised: object) -> None:
        """Leaves the terminal as it was."""
        if self._stream is not None and self._drawn:
            self._stream.write("\r\x1b[K")
            self._stream.flush()


def _duration(seconds: float) -> str:
    if seconds == float("inf"):
        return "unknown time"
    minutes, whole = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{whole:02}" if hours else f"{minutes}:{whole:02}"
