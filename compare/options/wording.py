"""An option as it is written: a flag of a command, or an argument of the library."""

from collections.abc import Callable
from typing import Any

Wording = Callable[[str, Any], str]  # (name, value) -> what a user writes


def as_flag(name: str, value: Any) -> str:
    """Writes --name=value, and --name or --noname for what is or is not."""
    if isinstance(value, bool):
        return f"--{name}" if value else f"--no{name}"
    return f"--{name}={','.join(map(str, value)) if isinstance(value, tuple) else value}"


def as_argument(name: str, value: Any) -> str:
    """Writes name=value, the value as Python does."""
    return f"{name}={value!r}"
