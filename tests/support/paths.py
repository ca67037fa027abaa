"""Where the project lies, and where tests write."""

import contextlib
import os
import shutil
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent

_MEMORY = "/dev/shm"  # of Linux
_ROOM = 2 * 10**9  # bytes, far more than all tests together write


def write_in_memory():
    """Lets pytest have its temporary folders where no test waits for a disk, if there is room."""
    with contextlib.suppress(OSError):
        if os.access(_MEMORY, os.W_OK) and shutil.disk_usage(_MEMORY).free > _ROOM:
            os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", _MEMORY)
