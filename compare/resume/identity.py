"""The identity of a run: everything on which its results depend."""

import dataclasses
import functools
import hashlib
import importlib.metadata
import json
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from compare.errors import UsageError
from compare.implementations.environment import describe_environment
from compare.options.config import RUNNING, Config
from compare.pipeline.collect import KINDS
from compare.resume.sources import UserFiles, digest_of, project_digests
from compare.resume.state import State
from jaxmlp.base import Params

_FREE = ("out", *RUNNING)  # flags that may change while the results stay the same

_DIGEST = re.compile("[0-9a-f]{64}")


class Identity:
    """Everything on which the results of a run depend."""

    def __init__(self, config: Config, files: UserFiles, weights: Params = ()) -> None:
        """Takes the config of a run, its candidates loaded, and the files that they use.

        Args:
          config: of the run.
          files: of a user's.
          weights: those of a module, which may be drawn anew by each run.
        """
        self._config, self.files, self._weights = config, files, weights
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
            **_digest_of_weights(self._weights),
            **(_installed() if self._config.candidate or self._config.module else {}),
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


def _digest_of_weights(weights: Params) -> dict[str, str]:
    whole = hashlib.sha256()
    for leaf in (leaf for layer in weights for leaf in layer):
        whole.update(np.ascontiguousarray(leaf).tobytes())
    return {"the weights of the module": whole.hexdigest()} if weights else {}


def _cores() -> int:
    """Returns how many cores this process may use: so many threads share a product."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _installed() -> dict[str, str]:
    """Returns the version of every installed package, as a user's code may import any."""
    found = map(_name_and_version, importlib.metadata.distributions())
    return {f"the package {name}": version for name, version in found if name}


def _name_and_version(package: importlib.metadata.Distribution) -> tuple[str, str]:
    """Reads them once; `package.name` and `package.version` each parse all that is told of it."""
    head, _, _ = (package.read_text("METADATA") or "").partition("\n\n")
    name, version = (re.search(rf"^{key}: *(.*\S)", head, re.M) for key in ("Name", "Version"))
    if name and version:
        return name[1], version[1]
    return package.name, package.version


def _data_files(config: Config) -> Iterator[str]:
    """Yields the files of numbers that a run reads."""
    yield from (p for p in (config.params, config.data, config.baseline) if p is not None)
    for path in config.gradients:
        yield from sorted(map(str, Path(path).iterdir())) if os.path.isdir(path) else (path,)


def _candidate_files(config: Config) -> Iterator[str]:
    """Yields the files that candidates and a module are in, once they are loaded."""
    modules = () if config.module is None else (config.module,)
    for reference in (*config.candidate, *modules):
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


def refused(out: str, difference: str) -> UsageError:
    """Returns the error of a run that must not go on from what another one has left in --out."""
    return UsageError(
        f"--out {out}: it holds an unfinished run that was started otherwise ({difference}); start "
        "it as then to go on, pass --restart to begin anew, or choose another folder"
    )
