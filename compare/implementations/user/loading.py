"""A user's function, found by the name of its file or module."""

import functools
import importlib
import importlib.util
import os
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from compare.errors import UsageError
from compare.formats.read.errors import readable
from compare.implementations.user.call import Backward
from compare.implementations.user.notebook import Notebook, run_notebook, with_reason
from compare.implementations.user.sandbox import contained, errors_told
from compare.numbers import first_few

_MOST_NAMED = 10  # functions of a file, where the one asked for is not there
_folders: list[str] = []  # that candidates lie in, the one in use first


def load_candidate(reference: str, *, option: str = "--candidate") -> Backward:
    """Imports a callable.

    Args:
      reference: 'FILE.py:NAME', 'FILE.ipynb:NAME' or 'package.module:NAME'. Of a notebook only
        imports, definitions and constants are run.
      option: named in errors; '' if the reference stands alone.

    Raises:
      UsageError: if there is no such file, module or callable, or importing it raises.
    """
    where = f"{option}={reference}" if option else reference
    source, name = _parts(reference, where)
    is_file = source.endswith(".py")
    if source.endswith(".ipynb"):
        return _of_notebook(Path(source), name, where)
    module = _imported(source, where)
    with contained(), errors_told(f"{where}: cannot be looked up", passes=UsageError):
        found = _find(module, name, where, source)
        return _beside(str(Path(source).resolve().parent), found) if is_file else found


def load_value(reference: str, *, option: str, default: Any = None) -> Any:
    """Takes a value from a file or a module: as it was imported for another name, or imports it.

    Args:
      reference: as in `load_candidate`.
      option: named in errors.
      default: what it is if there is no such name; None if that is an error.

    Raises:
      UsageError: if there is no such file, module or name, or importing it raises.
    """
    where = f"{option}={reference}"
    source, name = _parts(reference, where)
    module = _module(source, where)
    with contained(), errors_told(f"{where}: cannot be looked up"):
        value = getattr(module, name, default)
    if value is None:
        raise UsageError(f"{where}: there is no {name} in {source}")
    return value


def load_object(reference: str, *, option: str) -> Any:
    """Takes whatever a name means in a file or a module, imported once for all that is taken of it.

    A function of a file may import what lies beside it while it runs too.

    Args:
      reference: as in `load_candidate`.
      option: named in errors.

    Raises:
      UsageError: if there is no such file, module or name, or importing it raises.
    """
    where = f"{option}={reference}"
    source, name = _parts(reference, where)
    module = _module(source, where)
    with contained(), errors_told(f"{where}: cannot be looked up", passes=UsageError):
        first, *parts = name.split(".")
        found = getattr(module, first, None)
        for part in parts:
            found = getattr(found, part, None)
        if found is None:
            return load_candidate(reference, option=option)  # which says what there is
    is_function = callable(found) and hasattr(found, "__name__") and not isinstance(found, type)
    is_file = source.endswith((".py", ".ipynb"))
    return _beside(str(Path(source).resolve().parent), found) if is_function and is_file else found


def _module(source: str, where: str) -> ModuleType:
    """Returns a file or a module as it was imported for another name, or imports it."""
    known = sys.modules.get(f"candidate_{Path(source).stem}")
    if known is None or Path(str(known.__file__)).resolve() != Path(source).resolve():
        return _imported(source, where)
    return known


def _imported(source: str, where: str) -> ModuleType:
    """Imports a file or a module, or runs what can be of a notebook."""
    path = Path(source)
    if source.endswith(".ipynb"):
        return _run(path, where)[0]
    with contained(), errors_told(f"{where}: cannot be imported"):
        return _import_file(path) if source.endswith(".py") else importlib.import_module(source)


def _parts(reference: str, where: str) -> tuple[str, str]:
    """Returns the file or module that a reference names, and the name in it."""
    source, _, name = reference.rpartition(":")
    is_file = source.endswith((".py", ".ipynb"))
    if not source or not name or ("/" in source and not is_file):
        raise UsageError(
            f"{where}: expected FILE.py:NAME, FILE.ipynb:NAME or package.module:NAME, such as "
            "backward.py:gradients"
        )
    with readable(where):
        if is_file and not Path(source).is_file():
            raise UsageError(f"{where}: there is no file {source}")
    return source, name


def _of_notebook(path: Path, name: str, where: str) -> Backward:
    """Finds a callable in a notebook; errors are as in `load_candidate`."""
    module, notebook = _run(path, where)
    reason = notebook.reason(name.partition(".")[0])
    if reason is not None:
        raise UsageError(f"{where}: {reason}")
    with contained(), errors_told(f"{where}: cannot be looked up", passes=UsageError):
        found = _find(module, name, where, str(path))

    @functools.wraps(found, updated=())
    def call(*arguments: Any) -> Any:
        try:
            return found(*arguments)
        except NameError as error:
            raise with_reason(error, notebook) from None

    return _beside(str(path.resolve().parent), call)


def _run(path: Path, where: str) -> tuple[ModuleType, Notebook]:
    _look_beside(str(path.resolve().parent))
    module = ModuleType(f"candidate_{path.stem}")
    module.__file__ = str(path)
    sys.modules[module.__name__] = module
    with contained(), errors_told(f"{where}: cannot be imported", passes=UsageError):
        return module, run_notebook(path, module, where)


def _import_file(path: Path) -> ModuleType:
    _look_beside(str(path.resolve().parent))
    spec = importlib.util.spec_from_file_location(f"candidate_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses and pickles look it up there
    spec.loader.exec_module(module)
    return module


def _is_object(value: Any) -> bool:
    """Whether this is no function and no class, but an object such as a module of torch."""
    return not hasattr(value, "__name__")


def _find(module: ModuleType, name: str, where: str, source: str) -> Backward:
    missing = object()
    found: Any = module
    for part in name.split("."):
        found = getattr(found, part, missing)
    if callable(found):
        return found
    got = "" if found is missing else f", got {type(found).__name__}"
    own = [
        key
        for key, value in vars(module).items()
        if callable(value)
        and (_is_object(value) or getattr(value, "__module__", None) == module.__name__)
    ]
    there = first_few(own, _MOST_NAMED) or "none of its own"
    raise UsageError(f"{where}: expected a function {name} in {source}{got}; it has {there}")


def _beside(folder: str, function: Backward) -> Backward:
    """The same function, that may import what lies beside it while it runs too."""

    @functools.wraps(function, updated=())
    def call(*arguments: Any) -> Any:
        _look_beside(folder)
        return function(*arguments)

    return call


def _look_beside(folder: str) -> None:
    """Lets imports find what lies in a folder, and no namesakes beside another candidate.

    The folder comes last, so that nothing in it hides the standard library or this project.
    """
    if folder in _folders[:1]:
        return
    others = [other for other in _folders if other != folder]
    if others:
        _forget_what_lies_in(others)
    if folder not in sys.path or folder in _folders:
        _folders[:] = [folder, *others]
        sys.path[:] = [entry for entry in sys.path if entry not in _folders] + _folders


def _forget_what_lies_in(folders: list[str]) -> None:
    packages = {name for name in sys.modules if "." not in name and _home(name) in folders}
    if packages:
        for name in [name for name in sys.modules if name.partition(".")[0] in packages]:
            del sys.modules[name]


def _home(name: str) -> str | None:
    """The folder that a module, or a package with all that is in it, was found in."""
    if name.startswith("candidate_"):
        return None
    file = getattr(sys.modules.get(name), "__file__", None)
    if file is None:
        return None
    return os.path.dirname(file.removesuffix(f"{os.sep}__init__.py"))
