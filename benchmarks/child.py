"""A command in a process of its own: how long it takes, and how much memory.

A process inherits the peak of the one that starts it (Linux carries ru_maxrss over exec), so a
small one, this module, stands between a benchmark that holds gigabytes and what it measures.
"""

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from typing import NamedTuple

_LONGEST = 300  # seconds
_ANSWERED = (0, 2, 3)  # agree, disagree, undecided


class Measured(NamedTuple):
    """Of one process, from its start to its end."""

    seconds: float
    peak_bytes: int
    status: int
    said: str  # the last line on stderr

    @property
    def failed(self) -> bool:
        """Whether it has ended without an answer."""
        return self.status not in _ANSWERED


def measure(arguments: Sequence[str], env: Mapping[str, str] | None = None) -> Measured:
    """Runs Python with these arguments."""
    return start(arguments, env).result()


class Running(NamedTuple):
    """A process that has been started."""

    process: subprocess.Popen[str]

    def result(self) -> Measured:
        """Waits for it."""
        out, err = self.process.communicate()
        if self.process.returncode:
            last = (err.strip().splitlines() or ["no word"])[-1]
            return Measured(float(_LONGEST), 0, 1, last)
        return Measured(*json.loads(out))


def start(
    arguments: Sequence[str], env: Mapping[str, str] | None = None, cores: Sequence[int] = ()
) -> Running:
    """Starts Python with these arguments, on these cores if there are any."""
    command = [sys.executable, "-m", "benchmarks.child", ",".join(map(str, cores)), *arguments]
    environment = {**os.environ, **(env or {})}
    pipe = subprocess.PIPE
    return Running(subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, env=environment))


def main(cores: str, *arguments: str) -> None:
    """Prints what `Measured` has, as JSON."""
    if cores:
        os.sched_setaffinity(0, map(int, cores.split(",")))
    begin = time.perf_counter()
    done = subprocess.run(
        [sys.executable, *arguments],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
        timeout=_LONGEST,  # one that waits for another that has died would wait for ever
    )
    seconds = time.perf_counter() - begin
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    unit = 1 if sys.platform == "darwin" else 1024
    said = (done.stderr.strip().splitlines() or [""])[-1]
    print(json.dumps([seconds, peak * unit, done.returncode, said]))


if __name__ == "__main__":
    main(*sys.argv[1:])
