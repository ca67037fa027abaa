"""The page and the figures of a report as files, drawn from its report.json alone."""

import contextlib
import importlib.util
from collections.abc import Sequence
from typing import TYPE_CHECKING

from compare.errors import UsageError
from compare.formats.atomic import Staging, writing_told
from compare.formats.places import Place, places_in
from compare.report.document import Json, network_in

if TYPE_CHECKING:
    from compare.report.figures.drawing import Drawing

LARGEST = 500_000  # bytes of a page


class Visuals:
    """report.html in a folder and figures in another; a context manager."""

    def __init__(self, *, html: bool, plots: str | None) -> None:
        """Takes what is wanted.

        Args:
          html: whether a page is.
          plots: the folder for figures, if they are.

        Raises:
          UsageError: if matplotlib, which draws them, is not installed.
        """
        self._html, self._folder = html, plots
        self._plots: Staging | None = None
        self._stack = contextlib.ExitStack()
        if html or plots is not None:
            check_drawing("--html" if html else f"--plots {plots}")

    def places(self, folder: str) -> list[Place]:
        """Returns where all of it is to appear, the page in this folder."""
        page = places_in(folder, ["report.html"] if self._html else [], option="--out")
        if self._folder is None:
            return page
        from compare.report.figures import FILES

        return page + places_in(self._folder, FILES, option="--plots")

    def __enter__(self) -> "Visuals":
        """Makes sure that figures can be written.

        Raises:
          UsageError: if they cannot.
        """
        if self._folder is not None:
            self._plots = self._stack.enter_context(Staging(self._folder, option="--plots"))
        return self

    def write(self, staging: Staging, report: Json) -> None:
        """Draws; the page goes where the report is.

        Args:
          staging: of that folder.
          report: parsed report.json.
        """
        if not self._html and self._plots is None:
            return
        # here, so that a run without figures starts as fast as it can
        from compare.report.figures import draw_all

        drawings = list(draw_all(report))
        if self._html:
            page = _page_with_graphs(report, drawings)
            staging.write("report.html", page)
        if self._plots is not None and self._folder is not None:
            with writing_told(self._folder, option="--plots"):
                for one in drawings:
                    self._plots.write(f"{one.name}.svg", one.file)

    def __exit__(self, *raised: object) -> None:
        """Lets the figures appear, or removes them after an exception."""
        self._stack.__exit__(*raised)  # type: ignore[arg-type]

    @property
    def names(self) -> tuple[str, ...]:
        """Of the figures."""
        return () if self._plots is None else self._plots.names


def check_drawing(option: str) -> None:
    """Checks that figures can be drawn, for an option that asks for them.

    Raises:
      UsageError: if matplotlib, which draws them, is not installed.
    """
    if importlib.util.find_spec("matplotlib") is None:
        raise UsageError(
            f"{option}: figures are drawn by matplotlib, which is not installed; "
            'pip install "jaxmlp[report]"'
        )


def page_of(report: Json) -> str:
    """Returns the whole page of a parsed report.json."""
    from compare.report.figures import draw_all

    return _page_with_graphs(report, list(draw_all(report)))


def _page_with_graphs(report: Json, drawings: "Sequence[Drawing]") -> str:
    """Makes a page with as many computational graphs as it has room for."""
    from compare.graph.pictures.svg import inline_graphs
    from compare.report.page.html import make_page

    page = make_page(report, drawings=drawings)
    room = LARGEST - 1000 - len(page.encode())
    graphs = inline_graphs(network_in(report), room=room)
    return make_page(report, drawings=drawings, graphs=graphs)
