"""What all figures share: colours, and matplotlib's SVG made fit for a page and for a file."""

import html
import io
import re
from collections.abc import Callable
from typing import Any, NamedTuple

INK = "#010203"  # becomes currentColor, so that text follows the page in the dark
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
_DEFAULTS = (
    *("; stroke-linejoin: miter", "; stroke-linecap: square", "stroke-linejoin: round;"),
    " font-family: 'DejaVu Sans', sans-serif;",
)
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
    svg = _made_fit(stream.getvalue(), name, title, description)
    return Drawing(name, title, description, svg, size[0])


def _named_apart(svg: str, name: str) -> str:
    """Keeps the ids that something refers to, and makes them this figure's own."""
    used = set(re.findall(r'(?:url\(|href=")#([^)"]+)', svg))
    svg = re.sub(r' id="([^"]*)"', lambda found: found[0] if found[1] in used else "", svg)
    svg = svg.replace(' id="', f' id="{name}-')
    return svg.replace("url(#", f"url(#{name}-").replace('href="#', f'href="#{name}-')


def _shortened(tag: str) -> str:
    """Leaves out what changes nothing: defaults, no rotation, digits beyond a hundredth pixel."""
    if tag.startswith("<image"):
        return tag
    for default in _DEFAULTS:
        tag = tag.replace(default, "")
    return re.sub(r"(\d\.\d\d)\d+", r"\1", tag).replace("\n", " ")


def plain(text: str) -> str:
    """Returns a text in letters, digits and underscores."""
    return re.sub(r"[^A-Za-z0-9]+", "_", text).strip("_").lower()


def _made_fit(svg: str, name: str, title: str, description: str) -> str:
    """Gives a figure a name, texts for those who do not see it, and ids of its own."""
    box = re.search(r'viewBox="[^"]*"', svg)
    assert box is not None
    inner = svg[svg.index(">", svg.index("<svg")) + 1 :].strip()
    inner = re.sub(r"<metadata>.*?</metadata>\s*", "", inner, flags=re.DOTALL)
    inner = _named_apart(re.sub(r"\s*\n\s*", "\n", inner), name).replace(INK, "currentColor")
    inner = re.sub(r"<[^>]*>", lambda tag: _shortened(tag[0]), inner)
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        f'{box[0]} role="img" font-family="DejaVu Sans, sans-serif" '
        f'stroke-linejoin="round" aria-labelledby="{name}-title {name}-desc">'
        f'<title id="{name}-title">{html.escape(title)}</title>'
        f'<desc id="{name}-desc">{html.escape(description)}</desc>{inner}'
    )
