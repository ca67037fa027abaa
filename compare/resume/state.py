"""The state of one process of a run: a file that says of what it is, and whether it is whole."""

import hashlib
import json
import sys
from pathlib import Path
from typing import Any, NamedTuple

from compare.errors import UsageError


class State(NamedTuple):
    """What one process has done so far, in JSON's types."""

    of: dict[str, Any]  # see `identity`
    blocks: int
    samples: int
    complete: bool  # whether this is all that the process has to do
    found: dict[str, Any]  # of these samples


def write_state(path: Path, state: State) -> None:
    """Writes JSON below a digest of it.

    Raises:
      OSError: if that fails.
    """
    text = json.dumps(state._asdict(), allow_nan=False).encode()
    path.write_bytes(_digest(text) + b"\n" + text)


def read_state(path: Path) -> State | None:
    """Returns what was written, if there is any; what is damaged is set aside.

    Raises:
      UsageError: if the file cannot be read.
    """
    try:
        digest, _, text = path.read_bytes().partition(b"\n")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise UsageError(f"--out {path}: {error.strerror or error}") from None
    if digest == _digest(text):
        return State(**json.loads(text))
    set_aside(path, "is damaged")
    return None


def set_aside(path: Path, why: str) -> None:
    """Moves a state out of the way, and says so."""
    aside = path.parent.parent / path.with_suffix(".damaged").name
    path.replace(aside)
    print(f"--out: {path} {why}; it is now {aside}, and is not used", file=sys.stderr)


def _digest(text: bytes) -> bytes:
    return hashlib.sha256(text).hexdigest().encode()
