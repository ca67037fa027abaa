"""Figures side by side, and the computational graphs."""

from collections.abc import Iterable

from compare.report.document import Json
from compare.report.figures.drawing import Drawing
from compare.report.page.markup import figure, paragraph, section


def entries(report: Json, heatmaps: list[Drawing]) -> str:
    """Returns a heatmap of each layer; empty where there is none."""
    if not heatmaps:
        return ""
    said = (
        f"Of {report['entries']['samples']:,} samples, the largest of all pairs; up to 48 × 48 "
        "cells a matrix. What is over the bound, or not finite, has the colour of a failure, and a "
        "cross where there are few."
    )
    return section(
        "entries", "Entries of every parameter", paragraph(said, "note"), _grid(heatmaps)
    )


def distribution(drawings: Iterable[Drawing]) -> str:
    """Returns the figures of distances along the samples and by size."""
    return section("distribution", "How far, where and how large", _grid(drawings))


def computational_graphs(svgs: Iterable[str]) -> str:
    """Returns computational graphs, each the text of an <svg> element."""
    return section("graphs", "Computational graphs", *map(_graph, svgs))


def _grid(drawings: Iterable[Drawing]) -> str:
    each = "\n".join(map(figure, drawings))
    return f'<div class="figures">{each}</div>' if each else ""


def _graph(svg: str) -> str:
    return f'<div class="box graph" tabindex="0" role="group" aria-label="graph">{svg}</div>'
