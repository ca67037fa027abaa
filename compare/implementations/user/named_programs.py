"""Programs that a user names on the command line: functions, modules, and what makes them."""

import contextlib
import inspect
from collections.abc import Iterator
from typing import Any

from compare.errors import UsageError, shown
from compare.implementations.programs.model import Model
from compare.implementations.user.loading import load_object
from compare.implementations.user.sandbox import contained, errors_told
from compare.implementations.user.torch_module import is_module


def load_program(reference: str, *, option: str, seed: int) -> Any:
    """Imports a program.

    A class, or a function that takes nothing, makes it: what that returns is meant.

    Args:
      reference: 'FILE.py:NAME', 'FILE.ipynb:NAME' or 'package.module:NAME'.
      option: named in errors.
      seed: of torch's random numbers while it is made; they go on as before afterwards.

    Raises:
      UsageError: if there is no such thing, or it cannot be made.
    """
    found = load_object(reference, option=option)
    if not _makes_one(found):
        return found
    where = f"{option}={reference}"
    with _seeded(seed), contained(), errors_told(f"{where}: cannot be made"):
        made = found()
    if not callable(made) and not isinstance(made, Model):
        raise UsageError(
            f"{where}: expected a function, a model, or what makes one without arguments, "
            f"got one that makes {shown(made)}"
        )
    return made


def load_programs(references: tuple[str, ...], *, option: str, seed: int) -> dict[str, Any]:
    """Imports several, by their names; by the whole reference where two have the same name."""
    names = [reference.rpartition(":")[2] for reference in references]
    return {
        reference if names.count(name) > 1 or name == "reference" else name: load_program(
            reference, option=option, seed=seed
        )
        for name, reference in zip(names, references, strict=True)
    }


def _makes_one(found: Any) -> bool:
    """Whether this is a class, or a function that takes no arguments."""
    if isinstance(found, type):
        return True
    if is_module(found) or not callable(found):
        return False
    try:
        return not inspect.signature(found).parameters
    except (TypeError, ValueError):  # of what is not written in Python
        return False


@contextlib.contextmanager
def _seeded(seed: int) -> Iterator[None]:
    import torch

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        yield
