"""A torch module that a user names on the command line."""

import inspect
from typing import Any

from torch import nn

from compare.errors import UsageError
from compare.implementations.user.loading import load_candidate
from compare.implementations.user.sandbox import contained, errors_told


def load_module(reference: str) -> nn.Module:
    """Imports a module, or what makes one.

    Raises:
      UsageError: if there is no such thing, or it makes something else.
    """
    where = f"--module={reference}"
    loaded = load_candidate(reference, option="--module")
    with contained(), errors_told(f"{where}: cannot be made"):
        found: Any = inspect.unwrap(loaded)
        if not isinstance(found, nn.Module):
            found = found()
    if not isinstance(found, nn.Module):
        raise UsageError(
            f"{where}: expected a torch.nn.Module or what makes one, got {type(found).__name__}"
        )
    return found
