"""The identity of a run: everything on which its results depend."""

import dataclasses
import functools
import importlib.metadata
import json
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from compare.implementations.environment import describe_environment
from compare.options.config import RUNNING, Config
from compare.pipeline.collect import KINDS
from compare.resume.sources import UserFiles, digest_of, project_digests
from compare.resume.state import State

_FREE = ("out", *RUNNING)  # flags that may change while the results stay the same

_DIGEST = re.compile("[0-9a-f]{64}")


class Identity:
    """Everything on which the results of a run depend."""

    def __init__(self, config: Config, files: UserFiles) -> None:
        """Takes the config of a run, its candidates loaded, and the files that they use."""
        self._config, self.files = config, files
        self._project = project_digests()  # as soon after it was loaded as can be
        for file in _candidate_files(config):
            files.note(file)

    @functools.cached_property
    def values(self) -> dict[str, Any]:
        """All of it but a user's files, in JSON's types; reads the whole of all data files."""
        environment = describe_environment()
        flags = {k: v for k, v in dataclasses.asdict(self._config).items() if k not in _FREE}
        return {
            **json.loads(json.dumps(flags)),
            **environment["versions"],
            "processor": environment["processor"],
            "cores": _cores(),
            **environment["settings"],
            "evidence": [kind.name for kind in KINDS],
            **{f"the file {path}": digest_of(path) for path in _data_files(self._config)},
            **self._project,
            **(_installed() if self._config.candidate else {}),
        }

    def difference(self, state: State, *, here: bool) -> str | None:
        """Says what differs first from what a state was saved with, if anything does.

        Args:
          state: with the values of that time, and a user's files.
          here: whether it is of this process, and not of another one of the same run.
        """
        then = state.identity
        for name in {**then, **self.values}:
            if then.get(name) != self.values.get(name):
                return _difference(name, then.get(name), self.values.get(name))
        change = self.files.change_since(state.imports, state.opened, here=here)
        return None if change is None else _difference(*change)


def _cores() -> int:
    """Returns how many cores this process may use: so many threads share a product."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _installed() -> dict[str, str]:
    """Returns the version of every installed package, as a user's code may import any."""
    found = importlib.metadata.distributions()
    return {f"the package {one.name}": one.version for one in found if one.name}


def _data_files(config: Config) -> Iterator[str]:
    """Yields the files of numbers that a run reads."""
    yield from (p for p in (config.params, config.data, config.baseline) if p is not None)
    for path in config.gradients:
        yield from sorted(map(str, Path(path).iterdir())) if os.path.isdir(path) else (path,)


def _candidate_files(config: Config) -> Iterator[str]:
    """Yields the files that candidates are in, once they are loaded."""
    for reference in config.candidate:
        source, _, _ = reference.rpartition(":")
        module = sys.modules.get(source)
        is_file = source.endswith((".py", ".ipynb"))
        file = source if is_file else getattr(module, "__file__", None)
        if file is not None:
            yield file


def _difference(name: str, then: Any, now: Any) -> str:
    """Says what something was and what it is."""
    return f"{name}: {_shown(then)} then, {_shown(now)} now"


def _shown(value: Any) -> str:
    if value is None:
        return "not set"
    if _DIGEST.fullmatch(text := str(value)):
        return f"sha256 {text[:12]}"
    return ",".join(map(str, value)) if isinstance(value, list) else text
