"""Times of tasks that take turns: machines are noisy, so only ratios of such times mean much."""

import statistics
import time
from collections.abc import Callable, Mapping
from typing import NamedTuple

Seconds = dict[str, list[float]]  # task -> as many as there were turns


class Ratio(NamedTuple):
    """How many times as long one task takes as another: turn by turn, so that noise is shared."""

    median: float
    low: float  # the quartiles
    high: float

    def __str__(self) -> str:
        return f"{self.median:.3g}x ({self.low:.3g} to {self.high:.3g})"


def paired(seconds: Mapping[str, list[float]], task: str, reference: str) -> Ratio:
    """Returns how many times as long a task takes as a reference that took turns with it."""
    ratios = [a / b for a, b in zip(seconds[task], seconds[reference], strict=True)]
    if len(ratios) == 1:
        return Ratio(ratios[0], ratios[0], ratios[0])
    return Ratio(
        statistics.median(ratios), *statistics.quantiles(ratios, n=4, method="inclusive")[::2]
    )


def interleaved(tasks: Mapping[str, Callable[[], object]], repeats: int) -> Seconds:
    """Times every task in turn; a short task is repeated for 20 ms and its mean is taken."""
    calls = {name: _calls_in(0.02, task) for name, task in tasks.items()}
    seconds: Seconds = {name: [] for name in tasks}
    for _ in range(repeats):
        for name, task in tasks.items():
            if calls[name] > 1:
                task()  # so that it does not start in the caches its predecessor left
            start = time.perf_counter()
            for _ in range(calls[name]):
                task()
            seconds[name].append((time.perf_counter() - start) / calls[name])
    return seconds


def medians(seconds: Seconds) -> dict[str, float]:
    """Returns the median of each task."""
    return {name: statistics.median(times) for name, times in seconds.items()}


def _calls_in(seconds: float, task: Callable[[], object]) -> int:
    task()
    start = time.perf_counter()
    task()
    return max(1, int(seconds / (time.perf_counter() - start)))
