"""The identity of a run: everything on which its results depend."""

import contextlib
import dataclasses
import json
import os
import sys
from collections.abc import Iterator
from typing import Any

from compare.implementations.environment import describe_environment
from compare.options.config import RUNNING, Config
from compare.pipeline.collect import KINDS

_FREE = ("out", *RUNNING)  # flags that may change while the results stay the same


def identity_of(config: Config) -> dict[str, Any]:
    """Returns everything on which the results depend, in JSON's types."""
    environment = describe_environment()
    flags = {k: v for k, v in dataclasses.asdict(config).items() if k not in _FREE}
    return {
        **json.loads(json.dumps(flags)),
        **environment["versions"],
        "processor": environment["processor"],
        "cores": _cores(),
        **environment["settings"],
        "evidence": [kind.name for kind in KINDS],
        **{f"the file {path}": _stamp(path) for path in _files(config)},
    }


def _cores() -> int:
    """Returns how many cores this process may use: so many threads share a product."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _files(config: Config) -> Iterator[str]:
    """Yields the files that a run reads."""
    yield from (p for p in (config.params, config.data, config.baseline) if p is not None)
    yield from config.gradients
    for reference in config.candidate:
        source, _, _ = reference.rpartition(":")
        file = (
            source if source.endswith(".py") else getattr(sys.modules.get(source), "__file__", None)
        )
        if file is not None:
            yield file


def _stamp(path: str) -> str:
    """Returns the size of a file and when it was changed."""
    with contextlib.suppress(OSError):
        found = os.stat(path)
        return f"{found.st_size} bytes, changed at {found.st_mtime_ns} ns"
    return "not there"


def first_difference(then: dict[str, Any], now: dict[str, Any]) -> str | None:
    """Says what differs first between two identities, if anything does."""
    for name in {**then, **now}:
        if then.get(name) != now.get(name):
            return f"{name}: {_shown(then.get(name))} then, {_shown(now.get(name))} now"
    return None


def _shown(value: Any) -> str:
    if value is None:
        return "not set"
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)
