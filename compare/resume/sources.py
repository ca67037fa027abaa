"""The files of everything that computes, by what is in them.

Size and time do not tell: a file can be written anew with the same of both.
"""

import functools
import hashlib
import importlib.abc
import importlib.machinery
import itertools
import os
import site
import stat
import sys
import sysconfig
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from compare.options.process_exit import exits_refused_here

_ROOT = Path(__file__).parents[2]
_PACKAGES = ("compare", "jaxmlp", "torch_ref")
_KINDS = ("stdlib", "platstdlib", "purelib", "platlib")
# Where installed modules are, which versions stand for, and this project, which has digests.
_ELSEWHERE = tuple(
    os.path.join(folder, "")
    for found in (
        *map(sysconfig.get_path, _KINDS),
        *site.getsitepackages(),
        site.getusersitepackages(),
        *(str(_ROOT / package) for package in _PACKAGES),
    )
    for folder in {found, os.path.realpath(found)}
)
_CHANGING = ("/dev/", "/proc/", "/sys/")  # what is in these is no file of a user's,
_MEMORY = "/dev/shm/"  # but what is in this may be
_noting: "list[UserFiles]" = []  # those in use as a context


def digest_of(path: str | Path) -> str:
    """Returns a digest of what is in a file, or 'not there'; of a pipe, when it was written."""
    try:
        if not stat.S_ISREG((found := os.stat(path)).st_mode):
            return f"no regular file, changed at {found.st_mtime_ns} ns"
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return "not there"


def project_digests() -> dict[str, str]:
    """Returns a digest of the sources of each package of this project."""
    return {f"the source of {package}": _digest_of_all(_ROOT / package) for package in _PACKAGES}


@functools.cache
def _digest_of_all(folder: Path) -> str:
    """Once a process, since what it has loaded stays what it was."""
    whole = hashlib.sha256()
    found = (os.path.join(at, name) for at, _, names in os.walk(folder) for name in names)
    for path in sorted(name for name in found if name.endswith(".py")):  # thousands, at each start
        whole.update(f"{path.removeprefix(str(folder))} {digest_of(path)}\n".encode())
    return whole.hexdigest()


class UserFiles(importlib.abc.MetaPathFinder):
    """As a context, notes the files of all modules that are imported, but of installed ones.

    So it notes what a user's code imports, also while it runs, and what is in it at that time. It
    also notes what that code opens to read, by Python's own means and in the thread that we call.
    """

    def __init__(self) -> None:
        self.imported: dict[str, str] = {}  # path -> digest
        self.opened: dict[str, str] = {}  # likewise

    def __enter__(self) -> "UserFiles":
        sys.meta_path.insert(0, self)
        _hear_of_opened_files()
        _noting.append(self)
        return self

    def __exit__(self, *raised: object) -> None:
        _noting.remove(self)
        sys.meta_path.remove(self)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Finds what the finders after this one find."""
        _, *later = itertools.dropwhile(lambda finder: finder is not self, sys.meta_path)
        for finder in later:
            find = getattr(finder, "find_spec", None)
            spec = None if find is None else find(fullname, path, target)
            if spec is not None:
                # a module in an archive has no file but the archive
                self.note(getattr(spec.loader, "archive", None) or spec.origin)
                return spec
        return None

    def note(self, file: str | None) -> None:
        """Notes what is in the file of a module, if that is for us to know."""
        if file is not None and os.path.isfile(file) and not file.startswith(_ELSEWHERE):
            path = os.path.abspath(file)
            self.imported[path] = ""  # to read it opens it, which is no use of a user's
            self.imported[path] = digest_of(path)

    def note_opened(self, file: str) -> None:
        """Notes what is in a file of a user's when it is first opened."""
        path = os.path.abspath(file)
        changing = path.startswith(_CHANGING) and not path.startswith(_MEMORY)
        other = path.endswith(".pyc") or path.startswith(_ELSEWHERE) or changing
        if not other and path not in {**self.imported, **self.opened} and os.path.isfile(path):
            self.opened[path] = ""  # likewise
            self.opened[path] = digest_of(path)

    def change_since(
        self, imported: Mapping[str, str], opened: Mapping[str, str], *, here: bool
    ) -> tuple[str, str, str] | None:
        """Compares with what was noted when a state was written.

        Args:
          imported: path -> digest, at that time.
          opened: likewise; one that is gone may have been for a while only.
          here: whether that was by this process of the run: others may be on another machine, with
            other folders, and may have got further.

        Returns:
          The first file that is another one, and what is said of it then and now.
        """
        now = {**self.opened, **self.imported}
        for path, digest in {**opened, **imported}.items():
            found = now.get(path) or digest_of(path)
            gone = found == "not there"
            if found != digest and not (gone and (path in opened or not here)):
                return f"the file {path}", digest, found
        for path, digest in self.imported.items():
            if here and path not in {**opened, **imported}:
                return f"the file {path}", "not imported", digest
        return None


@functools.cache
def _hear_of_opened_files() -> None:
    """Lets Python tell of every file that is opened; it has no way to end that."""
    sys.addaudithook(_heard)


def _heard(event: str, arguments: tuple[Any, ...]) -> None:
    """Notes a file that a user's code is about to read."""
    if event != "open" or not _noting or not exits_refused_here():
        return
    file, _, flags = arguments
    read = isinstance(flags, int) and flags & os.O_ACCMODE != os.O_WRONLY and not flags & os.O_TRUNC
    if read and isinstance(file, str | bytes):
        for one in _noting:
            one.note_opened(os.fsdecode(file))
