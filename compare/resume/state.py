"""The state of one process of a run, as a file that shows whether it is whole."""

import hashlib
import json
import sys
from pathlib import Path
from typing import Any, NamedTuple

from compare.errors import UsageError


class State(NamedTuple):
    """What one process has done so far, in JSON's types."""

    identity: dict[str, Any]  # of the run
    blocks: int
    samples: int
    complete: bool  # whether this is all that the process has to do
    found: dict[str, Any]  # the evidence of these samples


def write_state(path: Path, state: State) -> None:
    """Writes JSON, and a digest of it in the line above.

    Raises:
      OSError: if that fails.
    """
    text = json.dumps(state._asdict(), allow_nan=False).encode()
    path.write_bytes(_digest(text) + b"\n" + text)


def read_state(path: Path) -> State | None:
    """Reads a state; one that is damaged is set aside.

    Returns:
      The state; None if there is none that can be used.

    Raises:
      UsageError: if the file cannot be read.
    """
    try:
        digest, _, text = path.read_bytes().partition(b"\n")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise UsageError(f"--out {path}: {error.strerror or error}") from None
    if digest != _digest(text):
        set_aside(path, "is damaged")
        return None
    try:
        return State(**json.loads(text))
    except TypeError:  # it has other fields
        set_aside(path, "is of another version of compare")
        return None


def set_aside(path: Path, why: str) -> None:
    """Renames a state so that it is not read again, and says so."""
    aside = path.parent.parent / path.with_suffix(".damaged").name
    path.replace(aside)
    print(f"--out: {path} {why}; it is now {aside}, and is not used", file=sys.stderr)


def _digest(text: bytes) -> bytes:
    return hashlib.sha256(text).hexdigest().encode()
