"""The figures of a report, each from its JSON alone; matplotlib is loaded only to draw."""

from collections.abc import Iterator

from compare.report.document import Json
from compare.report.figures.by_sample import draw_by_sample
from compare.report.figures.by_size import draw_by_size
from compare.report.figures.certificate import alike, draw_certificate
from compare.report.figures.drawing import Drawing
from compare.report.figures.heatmaps import draw_heatmaps
from compare.report.figures.histogram import draw_histogram

# The names of their files: how many there are, the report says.
FILES = ("certificate_*.svg", "heatmap_*.svg", "histogram_*.svg", "error_by_*.svg")


def draw_all(report: Json) -> Iterator[Drawing]:
    """Yields every figure that the report has numbers for."""
    for group in alike(report):
        yield draw_certificate(report, group)
    yield from draw_heatmaps(report)
    yield draw_histogram(report)
    yield draw_by_sample(report)
    yield from draw_by_size(report)
