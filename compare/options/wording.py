"""An option as it is written: a flag of a command, or an argument of the library."""

import contextlib
import re
from collections.abc import Callable, Iterator
from typing import Any

from compare.errors import UsageError
from compare.options.config import OPTIONS
from compare.options.groups import FIELDS, GROUPS

Wording = Callable[[str, Any], str]  # (name, value) -> what a user writes

# Where what a file brings to a command is an object in Python.
_OBJECTS = {"candidate": "candidates", "data": "x", "module": "params"}
_FLAG = re.compile(r"--(?:no)?(\w+)(?:=([^\s;,()]*[^\s;,().]))?")
_START = re.compile(r"\A\w+(?=:)")


def as_flag(name: str, value: Any) -> str:
    """Writes --name=value, and --name or --noname for what is or is not."""
    if isinstance(value, bool):
        return f"--{name}" if value else f"--no{name}"
    return f"--{name}={','.join(map(str, value)) if isinstance(value, tuple) else value}"


def as_argument(name: str, value: Any) -> str:
    """Writes name=value, or group=Group(name=value), the value as Python does."""
    if name not in FIELDS:
        return f"{_OBJECTS.get(name, name)}={value!r}"
    argument, field = FIELDS[name]
    return f"{argument}={GROUPS[argument].__name__}({field}={value!r})"


@contextlib.contextmanager
def told_as_arguments() -> Iterator[None]:
    """Lets errors speak of arguments, whatever option of a command they are of.

    Raises:
      UsageError: as it was raised, but for the names; unchanged where it quotes a user's own code.
    """
    try:
        yield
    except UsageError as error:
        if not isinstance(error.__cause__, UsageError | None):
            raise
        raise UsageError(in_arguments(str(error))) from None


def in_arguments(sentence: str) -> str:
    """Returns a sentence that names options, by their names or as flags, with arguments instead."""
    sentence = _START.sub(lambda found: _path(found[0]), sentence)
    return _FLAG.sub(_said, sentence)


def _said(flag: re.Match[str]) -> str:
    name, value = flag.groups()
    if name not in OPTIONS:
        return flag[0]  # of another program, such as XLA
    if OPTIONS[name].kind == "flag":
        return as_argument(name, not flag[0].startswith("--no"))
    if value is None:
        return _path(_OBJECTS.get(name, name))
    return as_argument(name, _read(OPTIONS[name].kind, value))


def _path(name: str) -> str:
    """Returns 'call_style.arrays' of candidate_arrays; what is in no group as it is."""
    return ".".join(FIELDS.get(name, (name,)))


def _read(kind: str, value: str) -> Any:
    """Returns a value as Python has it, of a flag that a sentence proposes."""
    if kind == "integers":
        return tuple(map(int, value.split(",")))
    return {"integer": int, "number": float}.get(kind, str)(value)
