"""A page and a report as files, written together when a comparison succeeds, or not at all."""

import contextlib
import json as json_format
from pathlib import Path
from typing import TYPE_CHECKING, Self

from compare.errors import UsageError
from compare.formats.atomic import Staging
from compare.formats.places import check_places, place_of

if TYPE_CHECKING:
    from compare.report.functions.report import FunctionReport


class Files:
    """Where a report is to appear; a context manager."""

    def __init__(self, *, html: str | None, json: str | None) -> None:
        """Takes the path of a page, and of a report for programs.

        Raises:
          UsageError: for another suffix, or if a file is in the way.
        """
        asked = {"html": html, "json": json}
        self._paths = {kind: Path(path) for kind, path in asked.items() if path is not None}
        for kind, path in self._paths.items():
            if path.suffix.lower() != f".{kind}":
                raise UsageError(f"--{kind} {path}: expected a name that ends with .{kind}")
        check_places(
            [place_of(str(path), option=f"--{kind}") for kind, path in self._paths.items()]
        )
        self._staged: dict[str, Staging] = {}
        self._stack = contextlib.ExitStack()

    @property
    def names(self) -> tuple[str, ...]:
        """The paths of all files."""
        return tuple(map(str, self._paths.values()))

    def __enter__(self) -> Self:
        """Makes sure that all can be written.

        Raises:
          UsageError: if one cannot.
        """
        with contextlib.ExitStack() as stack:
            for kind, path in self._paths.items():
                staging = Staging(path.parent, option=f"--{kind}")
                self._staged[kind] = stack.enter_context(staging)
            self._stack = stack.pop_all()
        return self

    def write(self, report: "FunctionReport") -> None:
        """Writes them; they appear when the context ends."""
        text = report.to_json()
        for kind, staging in self._staged.items():
            if kind == "html":
                from compare.report.functions.page.html import make_page

                staging.write(self._paths[kind].name, make_page(json_format.loads(text)))
            else:
                staging.write(self._paths[kind].name, text)

    def __exit__(self, *error: object) -> None:
        """Lets them appear, or removes what is there of them."""
        self._stack.__exit__(*error)  # type: ignore[arg-type]
