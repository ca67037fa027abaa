"""How many samples are how far apart, in ulp."""

from typing import Any

from compare.report.document import Json
from compare.report.figures.drawing import SERIES, Drawing, draw
from compare.report.figures.series import Series, left_out, series_of


def draw_histogram(report: Json) -> Drawing:
    """Draws a panel for every pair; pairs with one histogram share it."""
    found = [_bins(pair["ulp_histogram"]) for pair in report["pairs"]]
    shown = series_of(report, found)
    last = max(bins[-1][0] for bins in found)

    def paint(figure: Any) -> None:
        panels = figure.subplots(len(shown), 1, sharex=True, squeeze=False)[:, 0]
        for axes, one, style in zip(panels, shown, SERIES, strict=False):
            _panel(axes, one, style[0], last)
        panels[-1].set_xlabel("largest distance in a sample, ulp")
        figure.supylabel("samples", size=11)

    return draw(
        "histogram_ulp",
        paint,
        title="Samples by their largest distance",
        description=" ".join(map(_describe, shown)) + left_out(shown, found) + _unmeasured(report),
        size=(400, 84 + 100 * len(shown)),
    )


def _bins(histogram: Any) -> tuple[tuple[int, int], ...]:
    """(bin, samples): bin 0 is 0 ulp, bin k is 2^(k-1) ulp on."""
    return tuple((one["from"].bit_length(), one["samples"]) for one in histogram)


def _panel(axes: Any, one: Series, color: str, last: int) -> None:
    at, heights = zip(*one.values, strict=True)
    bars = axes.bar(at, heights, color=color, width=0.86)
    axes.set_yscale("log")
    axes.set_ylim(0.6, max(heights) * 8)
    axes.set_xlim(-0.7, max(last, 3) + 0.7)
    axes.set_title(one.label, loc="left")
    if len(at) <= 14:
        axes.bar_label(bars, [_short(height) for height in heights], size=9.5, padding=1)
    ticks = range(0, max(last, 3) + 1, max(1, -(-max(last, 3) // 9)))
    axes.set_xticks(ticks, [_edge(k) for k in ticks])
    axes.minorticks_off()
    axes.tick_params(axis="y", labelsize=11)
    axes.set_yticks(
        [10**k for k in range(len(str(max(heights))))][:: 1 + len(str(max(heights))) // 4]
    )
    axes.yaxis.set_major_formatter(lambda value, _: _short(int(value)))


def _edge(k: int) -> str:
    if k <= 10:
        return str(0 if k == 0 else 2 ** (k - 1))
    return f"2^{k - 1}"


def _short(count: int) -> str:
    for size, letter in ((10**6, "M"), (10**3, "k")):
        if count >= size:
            return f"{count / size:.3g}{letter}"
    return str(count)


def _unmeasured(report: Json) -> str:
    """Says that some entries have no distance, if that is so."""
    every = (one for pair in report["pairs"] for one in pair["parameters"])
    lost = any(one["nonfinite_same"] or one["nonfinite_differ"] for one in every)
    return " Entries that are not finite are left out." if lost else ""


def _describe(one: Series) -> str:
    each = ", ".join(f"{count:,} from {_edge(k)} ulp" for k, count in one.values)
    return f"{one.label}: {each}."
