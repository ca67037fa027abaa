"""The state of one process of a run, as a file that shows whether it is whole."""

import hashlib
import itertools
import json
import sys
from pathlib import Path
from typing import Any, NamedTuple

from compare.errors import UsageError
from compare.formats.read.opening import open_file
from compare.resume.folder import sync


class State(NamedTuple):
    """What one process has done so far, in JSON's types."""

    name: str  # of the process: of the file, without its suffix
    identity: dict[str, Any]  # of the run
    blocks: int
    samples: int
    complete: bool  # whether this is all that the process has to do
    found: dict[str, Any]  # the evidence of these samples
    imports: dict[str, str]  # files of modules that a user's code has imported -> their digests
    opened: dict[str, str]  # files that it has opened to read, likewise
    gradients: dict[str, str]  # the first samples of the blocks kept -> digests of their files


def write_state(path: Path, state: State) -> None:
    """Writes JSON, and a digest of it in the line above, and waits until it is on disk.

    Raises:
      OSError: if that fails.
    """
    text = json.dumps(state._asdict(), allow_nan=False).encode()
    path.write_bytes(_digest(text) + b"\n" + text)
    sync(path)


def read_state(path: Path) -> State | None:
    """Reads a state; one that is damaged, or of another process, is set aside.

    Returns:
      The state; None if there is none that can be used.

    Raises:
      UsageError: if the file cannot be read.
    """
    try:
        with open_file(str(path), f"--out {path}") as file:
            digest, _, text = file.read().partition(b"\n")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise UsageError(f"--out {path}: {error.strerror or error}") from None
    if digest != _digest(text):
        set_aside(path, "is damaged")
        return None
    try:
        state = State(**json.loads(text))
    except TypeError:  # it has other fields
        set_aside(path, "is of another version of compare")
        return None
    if state.name != path.stem:
        set_aside(path, f"is the state of {state.name}")
        return None
    return state


def set_aside(path: Path, why: str) -> None:
    """Renames a state so that it is not read again, and says so."""
    out = path.parent.parent
    numbered = (out / path.with_suffix(f".set_aside_{i}").name for i in itertools.count(1))
    aside = next(name for name in numbered if not name.exists())
    path.replace(aside)
    print(f"--out: {path} {why}; it is now {aside}, and is not used", file=sys.stderr)


def _digest(text: bytes) -> bytes:
    return hashlib.sha256(text).hexdigest().encode()
