"""A torch module that a user names on the command line."""

import inspect
from typing import Any

from torch import nn

from compare.errors import UsageError
from compare.implementations.user.loading import load_candidate
from compare.implementations.user.sandbox import contained, told


def load_module(reference: str) -> nn.Module:
    """Imports a module, or what makes one.

    Raises:
      UsageError: if there is no such thing, or it makes something else.
    """
    where = f"--module={reference}"
    found: Any = inspect.unwrap(load_candidate(reference, option="--module"))
    if not isinstance(found, nn.Module):
        try:
            with contained():
                found = found()
        except Exception as error:  # whatever the user's code raises
            raise UsageError(f"{where}: cannot be made: {told(error)}") from error
    if not isinstance(found, nn.Module):
        raise UsageError(
            f"{where}: expected a torch.nn.Module or what makes one, got {type(found).__name__}"
        )
    return found
