"""Files that one process at a time can lock."""

import fcntl
from pathlib import Path
from typing import IO


def take(path: Path) -> IO[bytes] | None:
    """Locks a file until it is closed, or until this process ends.

    Returns:
      The open file; None if another process has locked it.

    Raises:
      OSError: if the file cannot be opened.
    """
    file = open(path, "ab")  # noqa: SIM115
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        return None
    return file


def is_taken(path: Path) -> bool:
    """Whether another process has locked a file."""
    file = take(path)
    if file is None:
        return True
    file.close()
    return False
