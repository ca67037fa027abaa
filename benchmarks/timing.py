"""Times of tasks that take turns: machines are noisy, so only ratios of such times mean much."""

import statistics
import time
from collections.abc import Callable, Mapping

Seconds = dict[str, list[float]]  # task -> as many as there were turns


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
