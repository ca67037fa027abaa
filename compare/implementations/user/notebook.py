"""A Jupyter notebook as a module: its imports, definitions and constants, and nothing else of it.

A notebook trains, plots and reads files on its way. To get at a function in it none of that is run:
of its cells there are run imports, definitions of functions and classes, and assignments whose
right side is a literal, a lambda, or made of literals and of what is defined before by operators
and calls of numeric libraries, such as np.sqrt(2).
"""

import ast
import json
import linecache
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from compare.errors import UsageError, first_line
from compare.implementations.user.notebook_constants import Scope, names_of

_DEFINES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)
_WHOLE_MAGIC = re.compile(r"\s*%%(?!time\b|timeit\b|capture\b|prun\b)\w+")  # another language
_MAGIC = re.compile(r"(\s*)(?:[%!?].*|[\w., ]+=\s*[%!].*|[\w.]+\?{1,2}\s*)")
_ASSIGNED = re.compile(r"\s*([A-Za-z_]\w*)\s*=\s*[%!]")


class _Cell(NamedTuple):
    label: str  # as the user sees it: 'In [3]', or 'code cell 3' if it was never run
    lines: list[str]


class _LeftOut(NamedTuple):
    """Code that makes a name and is not run."""

    where: str
    said: str


class Notebook(NamedTuple):
    """What was run of a notebook, and what was not."""

    module: ModuleType
    left_out: dict[str, _LeftOut]  # by the names that it makes

    def reason(self, name: str) -> str | None:
        """Says why a name is not there, None where the notebook does not make it."""
        found = self.left_out.get(name)
        return found and (
            f"{name} is made in {found.where} by `{found.said}`, which is not run: of a notebook "
            "only imports, definitions and constants are"
        )


def run_notebook(path: Path, module: ModuleType, where: str) -> Notebook:
    """Runs what defines something in the code cells of a notebook, in their order.

    Args:
      path: the file.
      module: to run it in.
      where: the option that names it, for errors.

    Raises:
      UsageError: if it is no notebook of Python, with the cell and the line.
    """
    notebook = Notebook(module, {})
    scope = Scope()
    for cell in _cells(path, where):
        tree = _parsed(cell, where, notebook)
        file = f"{path.name}, {cell.label}"
        text = [f"{line}\n" for line in cell.lines]
        linecache.cache[file] = (sum(map(len, text)), None, text, file)  # for tracebacks
        for statement in tree.body:
            names = list(names_of(statement))
            is_run = isinstance(statement, _DEFINES) or scope.makes_constants(statement)
            for name in names:
                scope.discard(name)
                notebook.left_out.pop(name, None)
            if is_run:
                _run(compile(ast.Module([statement], []), file, "exec"), notebook)
                scope.add(statement)
            else:
                _leave_out(names, statement, cell, notebook)
    return notebook


def _run(code: Any, notebook: Notebook) -> None:
    try:
        exec(code, vars(notebook.module))
    except NameError as error:
        raise with_reason(error, notebook) from None


def with_reason(error: NameError, notebook: Notebook) -> NameError:
    """Returns the error with the reason why a notebook's name is not defined, if there is one."""
    reason = notebook.reason(error.name) if error.name else None
    if reason is None:
        return error
    told = NameError(f"{first_line(error)}: {reason}", name=error.name)
    return told.with_traceback(error.__traceback__)


def _cells(path: Path, where: str) -> Iterator[_Cell]:
    """Yields the cells of Python, magics and all."""
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
        cells = held["cells"]
        language = held.get("metadata", {}).get("kernelspec", {}).get("language", "python")
        code = [one for one in cells if one["cell_type"] == "code"]
        texts = ["".join(one["source"]) for one in code]
        counts = [one.get("execution_count") for one in code]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise UsageError(
            f"{where}: expected a Jupyter notebook of format 4, JSON with a list of cells"
        ) from None
    if str(language).lower() != "python":
        raise UsageError(f"{where}: expected a notebook of Python, got one of {language}")
    for i, (text, count) in enumerate(zip(texts, counts, strict=True), start=1):
        seen = isinstance(count, int) and counts.count(count) == 1
        label = f"In [{count}]" if seen else f"code cell {i}"
        if not _WHOLE_MAGIC.match(text):
            yield _Cell(label, text.splitlines())


def _parsed(cell: _Cell, where: str, notebook: Notebook) -> ast.Module:
    """Parses a cell, its magics left out where it is no Python with them."""
    try:
        return ast.parse("\n".join(cell.lines))
    except (SyntaxError, ValueError):
        lines = [_without_magic(line) for line in cell.lines]
    for i, line in enumerate(cell.lines, start=1):
        assigned = _ASSIGNED.match(line)
        if assigned:
            notebook.left_out[assigned[1]] = _LeftOut(f"{cell.label}, line {i}", line.strip())
    try:
        return ast.parse("\n".join(lines))
    except SyntaxError as error:
        said = f"{cell.label}, line {error.lineno}: {error.msg}"
    except ValueError as error:
        said = f"{cell.label}: {first_line(error)}"
    raise UsageError(f"{where}: {said}; expected Python")


def _without_magic(line: str) -> str:
    found = _MAGIC.fullmatch(line)
    return line if found is None else f"{found[1]}pass"


def _leave_out(names: list[str], statement: ast.stmt, cell: _Cell, notebook: Notebook) -> None:
    """Notes which names a statement would have made."""
    where = f"{cell.label}, line {statement.lineno}"
    said = cell.lines[statement.lineno - 1].strip()
    for name in names:
        notebook.left_out[name] = _LeftOut(where, said)
        vars(notebook.module).pop(name, None)  # it would be another value by now
