"""The largest distance along the samples: whether it is everywhere, or begins somewhere."""

from typing import Any

from compare.numbers import count
from compare.report.document import Json
from compare.report.figures.drawing import SERIES, WRONG, Drawing, draw
from compare.report.figures.series import left_out, series_of


def draw_by_sample(report: Json) -> Drawing:
    """Draws one line for every pair, over stretches of samples; equal ones share it."""
    found = [pair["largest_ulp_by_sample"] for pair in report["pairs"]]
    shown = series_of(report, found)
    only = report["config"].get("only_sample")
    first, total = (0, report["config"]["samples"]) if only is None else (only, 1)
    width = -(-total // 128)
    lost = _first_lost(report)

    def paint(figure: Any) -> None:
        axes = figure.subplots()
        for one, (color, dash, marker) in zip(shown, SERIES, strict=False):
            at = [first + (i + 0.5) * width - 0.5 for i in range(len(one.values))]
            few = marker if len(at) <= 40 else None
            options = {"linestyle": dash, "marker": few, "markersize": 3.5, "label": one.label}
            axes.plot(at, one.values, color=color, linewidth=1.3, **options)
        axes.set_yscale("symlog", linthresh=1)
        top = max(max(one.values) for one in shown)
        axes.set_ylim(-0.15, max(top, 1) * 3)
        _ticks(axes, top)
        if lost is not None:
            axes.axvline(lost, color=WRONG, linewidth=2, label="not finite on one side")
        axes.set_xlabel("sample" if width == 1 else f"sample, in stretches of {width:,}")
        axes.set_ylabel("largest distance, ulp")
        axes.grid(axis="y")
        axes.xaxis.set_major_locator(_whole())
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
        figure.legend(loc="outside upper left", ncols=3, handlelength=2.5)

    each = [
        f"{one.label}: between {count(min(one.values))} and {count(max(one.values))} ulp"
        for one in shown
    ]
    said = "; ".join(each) + "."
    if lost is not None:
        said += f" In sample {lost:,} for the first time an entry is finite on one side only."
    return draw(
        "error_by_sample",
        paint,
        title="Largest distance along the samples",
        description=said + left_out(shown, found),
        size=(400, 270),
    )


def _whole() -> Any:
    from matplotlib.ticker import MaxNLocator

    return MaxNLocator(5, integer=True)


def _ticks(axes: Any, top: float) -> None:
    powers = [k for k in range(20) if 10**k <= max(top, 1) * 3]
    kept = powers[:: max(1, -(-len(powers) // 6))]
    labels = [f"{10**k:,}" if k < 5 else f"1e{k}" for k in kept]
    axes.set_yticks([0, *(10**k for k in kept)], ["0", *labels])
    axes.minorticks_off()


def _first_lost(report: Json) -> int | None:
    """The first sample in which an entry is not finite on one side only."""
    known = [
        one["first_nonfinite_at"]["sample"]
        for pair in report["pairs"]
        for one in pair["parameters"]
        if one["nonfinite_differ"]
    ]
    return min(known, default=None)
