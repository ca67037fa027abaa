"""The command line that a Config stands for."""

import dataclasses
import shlex

from compare.options.config import OPTIONS, Config, brought
from compare.options.wording import as_flag


def reproducing_command(config: Config, sample: int) -> str | None:
    """Returns one line for a shell that computes one sample again, in the block it belongs to.

    Args:
      config: of the run, its layer sizes and samples known.
      sample: its number.

    Returns:
      None where weights or samples did not come from flags, so that no flags bring them back.
    """
    return _command(reproducing_flags(config, sample))


def reproducing_flags(config: Config, sample: int) -> list[str] | None:
    """Returns the flags of that command."""
    of_one = f"--only_sample={sample}", f"--out={config.out}/sample_{sample}"
    return _flags(config, ("finding",), *of_one)


def whole_command(config: Config) -> str | None:
    """Returns one line for a shell that makes the whole comparison again, or None as there."""
    return _command(_flags(config, ("finding", "whole")))


def _command(flags: list[str] | None) -> str | None:
    return None if flags is None else shlex.join(["python", "-m", "compare.run", *flags])


def _flags(config: Config, purposes: tuple[str, ...], *more: str) -> list[str] | None:
    values = dataclasses.asdict(config)
    if config.init is None and not brought(OPTIONS["init"], values):
        return None
    words = []
    for name, option in OPTIONS.items():
        value, default = getattr(config, name), option.default
        if brought(option, values) and "data" not in option.brought_by:
            continue  # the weights have it
        if name == "samples" and config.data is not None:
            default = None  # which is all that the file has
        if option.purpose in purposes and value not in (default, None):
            each = value if option.kind == "repeated" else [value]
            words += [as_flag(name, one) for one in each]
    return [*words, *more]
