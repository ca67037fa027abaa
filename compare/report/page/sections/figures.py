"""Figures side by side, and the computational graphs."""

from collections.abc import Iterable

from compare.report.figures.drawing import Drawing
from compare.report.page.markup import caption, figure, section
from compare.report.words import FIGURES, GRAPHS, HEATMAPS


def entries(heatmaps: list[Drawing]) -> str:
    """Returns a heatmap of each layer; empty where there is none."""
    if not heatmaps:
        return ""
    return section("entries", "Every entry", caption(HEATMAPS), _grid(heatmaps))


def distribution(drawings: Iterable[Drawing]) -> str:
    """Returns the figures of distances along the samples and by size."""
    return section("distribution", "How far, where and how large", _grid(drawings))


def computational_graphs(svgs: Iterable[str]) -> str:
    """Returns computational graphs, each the text of an <svg> element."""
    shown = [_graph(svg) for svg in svgs]
    said = caption(GRAPHS) if shown else ""
    return section("graphs", "Computational graphs", said, *shown)


def _grid(drawings: Iterable[Drawing]) -> str:
    each = "\n".join(figure(one, said=FIGURES.get(one.name, "")) for one in drawings)
    return f'<div class="figures">{each}</div>' if each else ""


def _graph(svg: str) -> str:
    return f'<div class="box graph" tabindex="0" role="group" aria-label="graph">{svg}</div>'
