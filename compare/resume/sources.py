"""The source files of everything that computes, by what is in them.

Size and time do not tell: a file can be written anew with the same of both.
"""

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


def _digest_of_all(folder: Path) -> str:
    whole = hashlib.sha256()
    for path in sorted(folder.rglob("*.py")):
        whole.update(f"{path.relative_to(folder)} {digest_of(path)}\n".encode())
    return whole.hexdigest()


class ImportedFiles(importlib.abc.MetaPathFinder):
    """As a context, notes the files of all modules that are imported, but of installed ones.

    So it notes what a user's code imports, also while it runs, and what is in it at that time.
    """

    def __init__(self) -> None:
        self.digests: dict[str, str] = {}  # path -> digest

    def __enter__(self) -> "ImportedFiles":
        sys.meta_path.insert(0, self)
        return self

    def __exit__(self, *raised: object) -> None:
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
            self.digests[path] = digest_of(path)

    def change_since(self, then: Mapping[str, str], *, here: bool) -> tuple[str, str, str] | None:
        """Compares with what was noted when a state was written.

        Args:
          then: path -> digest, at that time.
          here: whether that was by this process of the run: others may be on another machine, with
            other folders, and may have got further.

        Returns:
          The first file that is another one, and what is said of it then and now.
        """
        for path, digest in then.items():
            now = self.digests.get(path) or digest_of(path)
            if now != digest and (here or now != "not there"):
                return f"the file {path}", digest, now
        for path, digest in self.digests.items():
            if here and path not in then:
                return f"the file {path}", "not imported", digest
        return None
