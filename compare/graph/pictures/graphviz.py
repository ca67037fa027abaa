"""Pictures of DOT text, by pygraphviz; its wheel brings Graphviz."""

import os
import re
import sys
import tempfile
from collections.abc import Callable

MISSING = 'pictures need pygraphviz, which brings Graphviz: pip install "jaxmlp[graph]"'
FORMATS = ("svg", "png", "pdf")

_DATE = re.compile(rb"(?<=/CreationDate \(D:)\d{14}")
_NO_DATE = b"19700101000000"  # as long as a date is: a PDF counts its bytes


def can_draw() -> bool:
    """Whether pygraphviz is installed."""
    try:
        import pygraphviz  # noqa: F401
    except ImportError:
        return False
    return True


def picture(dot: str, kind: str) -> bytes:
    """Draws a text, always to the same bytes.

    Args:
      dot: a digraph.
      kind: one of FORMATS.
    """
    import pygraphviz

    def draw() -> bytes:
        # A new graph each time: the second drawing of one graph ends the process.
        return bytes(pygraphviz.AGraph(string=dot).draw(format=kind, prog="dot"))

    drawn = _without_font_warnings(draw)
    return _DATE.sub(_NO_DATE, drawn) if kind == "pdf" else drawn


def _without_font_warnings(draw: Callable[[], bytes]) -> bytes:
    """Drops what fontconfig, a C library, says of the system's own font settings.

    It writes to file descriptor 2 past Python; whatever else comes there is passed on.
    """
    sys.stderr.flush()
    kept = os.dup(2)
    with tempfile.TemporaryFile() as said:
        os.dup2(said.fileno(), 2)
        try:
            return draw()
        finally:
            os.dup2(kept, 2)
            os.close(kept)
            said.seek(0)
            lines = said.read().decode(errors="replace").splitlines(keepends=True)
            sys.stderr.write("".join(one for one in lines if not one.startswith("Fontconfig")))
