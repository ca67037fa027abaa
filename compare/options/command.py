"""The command line that a Config stands for."""

import dataclasses
import shlex
from collections.abc import Collection
from typing import Any

from compare.options.config import RUNNING, Config

_NOT_REPEATED = ("save_params", "save_baseline", *RUNNING)
_NOT_OF_ONE = (
    *("only_sample", "trace", "out"),
    *("dumps", "split_dumps"),  # of one sample there is no dump
    *_NOT_REPEATED,
)


def reproducing_command(config: Config, sample: int) -> str | None:
    """Returns one line for a shell that computes one sample again, in the block it belongs to.

    Args:
      config: of the run, its layer sizes and samples known.
      sample: its number.

    Returns:
      None where weights or samples did not come from flags, so that no flags bring them back.
    """
    words = _words(config, without=_NOT_OF_ONE)
    if words is None:
        return None
    words += [f"--only_sample={sample}", f"--out={config.out}/sample_{sample}"]
    return shlex.join(words)


def whole_command(config: Config) -> str | None:
    """Returns one line for a shell that makes the whole comparison again, or None as there."""
    words = _words(config, without=_NOT_REPEATED)
    return None if words is None else shlex.join(words)


def _words(config: Config, *, without: Collection[str]) -> list[str] | None:
    if config.params is None and config.init is None:
        return None
    words = ["python", "-m", "compare.run"]
    for field in dataclasses.fields(config):
        value = getattr(config, field.name)
        default = field.default
        if field.name == "samples" and config.data is not None:
            default = None  # which is all that the file has
        if value == default or value is None or field.name in without:
            continue
        if field.name == "layer_sizes" and config.params is not None:
            continue  # the file has them
        words += _flags(field.name, value)
    return words


def _flags(name: str, value: Any) -> list[str]:
    if isinstance(value, bool):
        return [f"--{name}" if value else f"--no{name}"]
    if name in ("candidate", "gradients"):  # each has a flag of its own
        return [f"--{name}={one}" for one in value]
    return [f"--{name}={','.join(map(str, value)) if isinstance(value, tuple) else value}"]
