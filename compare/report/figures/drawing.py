"""What all figures share: colours, a style, and how they are drawn."""

import io
import re
from collections.abc import Callable
from typing import Any, NamedTuple

from compare.quoting import quoted
from compare.report.figures.svg import INK, fit_for_a_page

WRONG = "#b34700"  # Okabe and Ito's vermilion, dark enough for white text (5.7 to 1)
FINE = "#0072b2"

# Okabe and Ito, "Color universal design" (2008), but for what means a mistake; never alone: each
# has a dash and a marker of its own too.
SERIES = (
    ("#0072b2", "-", "o"),
    ("#009e73", (0, (4, 2)), "s"),
    ("#cc79a7", (0, (1, 1.5)), "^"),
    ("#e69f00", (0, (5, 2, 1, 2)), "D"),
    ("#56b4e9", (0, (8, 2)), "v"),
    (INK, (0, (2, 4)), "P"),
)

_STYLE = {
    "axes.edgecolor": INK,
    "axes.grid": False,
    "axes.labelcolor": INK,
    "axes.labelsize": 11,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlecolor": INK,
    "axes.titlesize": 11,
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 11,
    "grid.alpha": 0.25,
    "grid.color": INK,
    "hatch.color": INK,
    "legend.fontsize": 10,
    "legend.frameon": False,
    "legend.labelcolor": INK,
    "svg.fonttype": "none",  # text stays text: searchable, and small
    "svg.image_inline": True,
    "text.color": INK,
    "xtick.color": INK,
    "xtick.labelsize": 10,
    "ytick.color": INK,
    "ytick.labelsize": 10,
}
_NO_METADATA = dict.fromkeys(("Creator", "Date", "Format", "Type"))


class Drawing(NamedTuple):
    """One figure."""

    name: str  # of its file, without suffix, and in front of its ids
    title: str
    description: str  # what is seen, for those who do not see it
    svg: str
    width: float  # in CSS pixels at 100 %

    @property
    def file(self) -> str:
        """The same as a file of its own, dark on white whatever is around it."""
        style = "<style>svg{color:#1b1f24;background:#fff}</style>"
        start = self.svg.index(">") + 1
        width, height = re.findall(r'viewBox="0 0 (\S+) (\S+)"', self.svg)[0]
        size = f'<svg width="{width}" height="{height}"'
        return f"{self.svg[:start].replace('<svg', size)}{style}{self.svg[start:]}\n"


def draw(
    name: str,
    paint: Callable[[Any], None],
    *,
    title: str,
    description: str,
    size: tuple[float, float],
    layout: Any = "constrained",
) -> Drawing:
    """Draws a figure, to the same text whenever it is drawn.

    Args:
      name: of letters, digits and underscores.
      paint: draws on a matplotlib Figure.
      title: what it shows.
      description: what is seen.
      size: width and height in CSS pixels.
      layout: matplotlib's, or None where everything has its place.
    """
    import matplotlib
    from matplotlib.figure import Figure

    with matplotlib.rc_context({**_STYLE, "svg.hashsalt": name}):
        figure = Figure(figsize=(size[0] / 72, size[1] / 72), layout=layout)
        paint(figure)
        stream = io.StringIO()
        figure.savefig(stream, format="svg", transparent=True, metadata=_NO_METADATA)
    drawn = quoted(stream.getvalue())  # control characters of names are no XML
    svg = fit_for_a_page(drawn, name, quoted(title), quoted(description))
    return Drawing(name, title, description, svg, size[0])


def plain(text: str) -> str:
    """Returns a text in letters, digits and underscores."""
    return re.sub(r"[^A-Za-z0-9]+", "_", text).strip("_").lower()
