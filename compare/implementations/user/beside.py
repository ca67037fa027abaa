"""What lies beside a candidate, for it to import, and no namesakes that lie beside another."""

import functools
import importlib.abc
import os
import sys
from collections.abc import Iterable, Sequence
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType
from typing import Any

from compare.implementations.user.call import Backward

_OURS = ("compare", "jaxmlp", "torch_ref")  # which nothing hides, wherever they lie
_folders: list[str] = []  # that candidates may lie in, the one in use first
_added: set[str] = set()  # those of them that imports did not look in before


def folder_of(source: str) -> str | None:
    """Returns where a file lies, or a module that is not installed, but in the working directory.

    Args:
      source: 'FILE.py', 'FILE.ipynb' or 'package.module'.
    """
    if source.endswith((".py", ".ipynb")):
        return str(Path(source).resolve().parent)
    here = os.getcwd()
    return None if PathFinder.find_spec(source.partition(".")[0], [here]) is None else here


def beside(folder: str | None, function: Backward) -> Backward:
    """The same function, that may import what lies beside it while it runs too."""
    if folder is None:
        return function

    @functools.wraps(function, updated=())
    def call(*arguments: Any) -> Any:
        look_beside(folder)
        return function(*arguments)

    return call


def look_beside(folder: str | None) -> None:
    """Lets imports find what lies in a folder, and no namesakes beside another candidate.

    Nothing in it hides the standard library, what is installed, or this project.
    """
    if folder is None or folder in _folders[:1]:
        return
    if not _folders:
        _folders.append(os.getcwd())  # where `python -m` looks first of all
        at = sys.meta_path.index(PathFinder) if PathFinder in sys.meta_path else 0
        sys.meta_path.insert(at, _Beside())
    _folders[:] = [folder, *(other for other in _folders if other != folder)]
    packages = [one for one in sys.modules.items() if "." not in one[0]]
    hidden = {name for name, module in packages if _is_namesake(name, module)}
    for name in [name for name in sys.modules if name.partition(".")[0] in hidden]:
        del sys.modules[name]
    if folder not in sys.path:
        _added.add(folder)
    sys.path[:] = [entry for entry in sys.path if entry not in _added]
    sys.path += [entry for entry in _folders if entry in _added]


class _Beside(importlib.abc.MetaPathFinder):
    """Finds what lies beside the candidate in use where a namesake lies beside another."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Finds a module that is in no package; any other lies where its package does."""
        del target
        found = None if path is not None or fullname in _OURS else PathFinder.find_spec(fullname)
        if found is None or not _are_of_others(found.origin, found.submodule_search_locations):
            return None
        own = PathFinder.find_spec(fullname, _folders[:1])
        if own is not None and own.submodule_search_locations is not None:
            # of a folder without __init__.py this would grow with sys.path
            own.submodule_search_locations = list(own.submodule_search_locations)
        return own


def _is_namesake(name: str, module: ModuleType) -> bool:
    """Whether a module, or a package, lies beside another candidate, and one so called here."""
    if name in _OURS or name.startswith("candidate_"):
        return False
    file = getattr(module, "__file__", None)
    if not _are_of_others(file, None if file else getattr(module, "__path__", None)):
        return False
    return PathFinder.find_spec(name, _folders[:1]) is not None


def _are_of_others(file: str | None, folders: Iterable[str] | None) -> bool:
    """Whether a module, or a package without a file, lies beside a candidate that is not in use."""
    places = list(folders or ()) if file is None else [file.removesuffix(f"{os.sep}__init__.py")]
    return any(os.path.dirname(place) in _folders[1:] for place in places)
