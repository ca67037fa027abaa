"""Folders that one run at a time writes into."""

import fcntl
from pathlib import Path
from typing import IO


def take(path: Path) -> IO[bytes] | None:
    """Locks a file for as long as it stays open, which a process that dies does not keep it.

    Returns:
      The file, to be closed; None if another process has locked it.

    Raises:
      OSError: if there can be no such file.
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
