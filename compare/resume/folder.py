"""The folder in --out that holds an unfinished run, and lets no other run in."""

import contextlib
import errno
import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from compare.errors import UsageError
from compare.formats.ours import STATE_FOLDER
from compare.resume import locks

_PREFIX = "process_"  # of the names in it


class StateFolder:
    """The folder with the state of every process, and gradients of blocks."""

    def __init__(self, out: str) -> None:
        """Takes the folder of --out; makes none."""
        self.path = Path(out, STATE_FOLDER)
        self._out = out
        self._locked: IO[bytes] | None = None

    def lock(self, process: int) -> None:
        """Makes the folder and keeps other runs out until `unlock`, or until this process ends.

        Raises:
          UsageError: if another run is there, or the folder cannot be made.
        """
        if self._locked is not None:
            return
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            self._locked = locks.take(self.path / f"{_PREFIX}{process}.lock")
        except OSError as error:
            said = f"--out {self.path}: expected a folder to keep a state in"
            raise UsageError(f"{said}: {error.strerror}; remove it") from None
        if self._locked is None:
            raise _in_use(self._out)

    def unlock(self) -> None:
        """Lets other runs in."""
        if self._locked is not None:
            self._locked.close()

    def state(self, process: int, processes: int) -> Path:
        """Returns the path of the state of one process of so many."""
        return self.path / f"{_PREFIX}{process}_of_{processes}.json"

    def processes(self) -> list[str]:
        """Returns for every state how many processes its run had."""
        names = sorted(path.stem for path in self.path.glob(f"{_PREFIX}*_of_*.json"))
        return [name.rpartition("_")[2] for name in names]

    def remove(self) -> None:
        """Removes the folder and everything in it, unless this run has not locked it."""
        if self._locked is not None:
            shutil.rmtree(self.path, ignore_errors=True)


def sync(path: str | Path) -> None:
    """Waits until a file, or the names in a folder, are on disk and outlive a loss of power.

    Raises:
      OSError: if the disk is full or fails; not where a file system knows no such thing.
    """
    try:
        opened = os.open(path, os.O_RDONLY)
    except PermissionError:  # of a folder that may be written into, but not read
        return
    try:
        os.fsync(opened)
    except OSError as error:
        if error.errno in (errno.EIO, errno.ENOSPC, errno.EDQUOT):
            raise
    finally:
        os.close(opened)


def sync_written(written: Sequence[str], out: str) -> None:
    """Waits until all files that a run has written are on disk.

    Raises:
      UsageError: if the disk fails.
    """
    try:
        for path in (*written, *{os.path.dirname(name) or "." for name in written}):
            sync(path)
    except OSError as error:
        raise UsageError(
            f"--out {out}: all was written, but may not be on disk: {error.strerror}; the same "
            "command writes it again"
        ) from None


def discard(out: str) -> None:
    """Removes what an unfinished run has left in --out.

    Raises:
      UsageError: if that run still goes on, or it cannot be removed.
    """
    folder = StateFolder(out)
    try:
        if folder.path.is_file() or folder.path.is_symlink():
            folder.path.unlink()
        for path in folder.path.glob(f"{_PREFIX}*.lock"):
            with contextlib.suppress(FileNotFoundError):
                if locks.is_taken(path):
                    raise _in_use(out)
        if folder.path.exists():
            shutil.rmtree(folder.path)
    except OSError as error:
        said = f"--out {folder.path}: what an unfinished run has left cannot be removed"
        raise UsageError(f"{said}: {error.strerror}; remove it, or choose another folder") from None


def _in_use(out: str) -> UsageError:
    return UsageError(
        f"--out {out}: expected a folder that no other run is writing into; wait for that run, or "
        "choose another folder"
    )
