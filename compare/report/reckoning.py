"""What a run will take, reckoned before it has taken it: time, disk and memory."""

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

from compare.errors import UsageError
from compare.formats.write.dumps import dump_format
from compare.options.config import Config
from compare.problem.problem import Problem
from jaxmlp.base import parameter_count

_MEASURED = 10.0  # seconds, after the first block, in which everything is compiled
_LONGEST = 86_400.0  # seconds that need no --long
_UNITS = (("years", 31_557_600.0), ("days", 86_400.0), ("hours", 3600.0), ("minutes", 60.0))
_SIZES = (("GB", 1e9), ("MB", 1e6), ("kB", 1e3), ("bytes", 1.0))


class Reckoning:
    """How long a run will take, by how far it has got in its first seconds."""

    def __init__(self, *, long: bool, clock: Callable[[], float] = time.monotonic) -> None:
        """Takes whether the user lets it take as long as it may."""
        self._asked = not long
        self._clock = clock
        self._begun: tuple[int, float] | None = None  # samples done at first, and when

    def update(self, done: int, total: int) -> None:
        """Takes how many samples are done.

        Raises:
          UsageError: once, if all will take more than a day, and the user has not asked for that.
        """
        now = self._clock()
        before, begun = self._begun = self._begun or (done, now)
        passed = now - begun
        if not self._asked or passed < _MEASURED or done == before:
            return
        self._asked = False
        left = (total - done) / (done - before) * passed
        if left > _LONGEST:
            raise UsageError(
                f"samples: the {total - done:,} still to do will take about {_words(left)}, "
                f"{(done - before) / passed:,.0f} a second as so far; with --long the same command "
                "goes on from here, and another one begins anew with --restart"
            )


def _words(seconds: float) -> str:
    unit, size = next((one for one in _UNITS if seconds >= 2 * one[1]), _UNITS[-1])
    return f"{seconds / size:,.0f} {unit}"


def check_room(config: Config, problem: Problem, n_brought: int) -> None:
    """Checks that there is room for the dumps of a run, and for its baseline, reckoned from below.

    A line of text has the number of a sample, which on average has at most two digits less than the
    number of samples; " w1 0 0 ", a digit and the end of the line are at least 10 characters more.
    An archive has the bytes of every entry; in which dtype a user's own code returns its gradients
    is not known yet.

    Args:
      config: of the run.
      problem: of the run.
      n_brought: how many implementations the user brings.

    Raises:
      UsageError: if there is not.
    """
    form, own = dump_format(config), len(config.implementations)
    entries = parameter_count(problem.layer_sizes) * problem.n_samples
    archives = entries * own * problem.dtype.itemsize
    lines = entries * (own + n_brought) * (max(1, len(str(problem.n_samples)) - 2) + 10)
    needed = {"text": lines, "npz": archives, "none": 0}[form]
    _check_free(f"--out {config.out}", config.out, "dumps", needed, "take --dumps=none, or")
    check_room_for_baseline(config, problem, n_brought)


def check_room_for_baseline(config: Config, problem: Problem, n_brought: int) -> None:
    """Checks that there is room for the baseline alone, if one is to be written.

    Its numbers have four bytes at least; arguments and errors are as in `check_room`.
    """
    if config.save_baseline is None:
        return
    own = len(config.implementations) * max(4, problem.dtype.itemsize)
    entries = parameter_count(problem.layer_sizes) * problem.n_samples
    option = f"--save_baseline {config.save_baseline}"
    folder = os.path.dirname(os.path.realpath(config.save_baseline))
    _check_free(option, folder, "a baseline", entries * (own + 4 * n_brought), "take")


def _check_free(option: str, folder: str, what: str, needed: int, remedy: str) -> None:
    disk = shutil.disk_usage(_existing(folder))
    if needed > disk.free and disk.total:  # which /proc has not
        raise UsageError(
            f"{option}: expected room for {what} of at least {_size(needed)}, got "
            f"{_size(disk.free)}; {remedy} fewer --samples"
        )


def _existing(folder: str) -> Path:
    """The innermost folder on the way to a folder that is there."""
    real = Path(os.path.realpath(folder))
    return next(one for one in (real, *real.parents) if os.path.isdir(one))


def _size(number: int) -> str:
    unit, size = next((one for one in _SIZES if number >= one[1]), _SIZES[-1])
    return f"{number / size:,.{int(size > 1)}f} {unit}"
