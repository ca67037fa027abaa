"""P6: two processes through jax.distributed, each on a core, against one on one core."""

import json
import os
import socket
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.child import Measured, start
from benchmarks.memory import comparison
from benchmarks.results import Goal, Part, Table
from benchmarks.timing import Seconds, paired

_GOAL = "1e6 samples: two processes at least 1.4x one on one core, identical results"
_ONE, _TWO = "one process on one core", "two processes, a core each"
_SAME = ("verdict", "reason", "pairs", "implementations")  # of a report; the rest tells of the run


def run(*, quick: bool) -> Part:
    """Takes turns, three times."""
    if not hasattr(os, "sched_getaffinity") or len(os.sched_getaffinity(0)) < 2:
        return _not_measured("two cores that processes can be pinned to are needed")
    cores = sorted(os.sched_getaffinity(0))[:2]
    n, repeats = (2_000, 1) if quick else (1_000_000, 3)
    seconds: Seconds = {_ONE: [], _TWO: []}
    reports: list[Any] = []
    for _ in range(repeats):
        for name, count in ((_ONE, 1), (_TWO, 2)):
            with tempfile.TemporaryDirectory() as out:
                begin = time.perf_counter()
                done = _compare(n, count, cores, out)
                seconds[name].append(time.perf_counter() - begin)
                failed = next((one for one in done if one.failed), None)
                if failed:
                    return _not_measured(f"{name}: status {failed.status}, {failed.said}")
                report = json.loads(Path(out, "report.json").read_text(encoding="utf-8"))
                reports.append({key: report.get(key) for key in _SAME})
    gain, same = paired(seconds, _ONE, _TWO), all(report == reports[0] for report in reports)
    title = f"The whole comparison of {n:,} samples, median of {repeats}"
    measured = f"{gain}, results {'identical' if same else 'DIFFER'}"
    reached = None if quick else gain.median >= 1.4 and same
    return Part((Table(title, seconds, _ONE),), (Goal("P6", _GOAL, measured, reached),))


def _compare(n: int, count: int, cores: list[int], out: str) -> list[Measured]:
    port = _free_port()
    running = []
    for i in range(count):
        flags = [f"--coordinator_address=127.0.0.1:{port}", f"--num_processes={count}"]
        own = [] if count == 1 else [*flags, f"--process_id={i}"]
        running.append(start(comparison(n, out, *own), cores=cores[i : i + 1]))
    return [one.result() for one in running]


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def _not_measured(why: str) -> Part:
    return Part((), (Goal("P6", _GOAL, why, None),))
