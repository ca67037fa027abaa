"""Charts, as SVG. matplotlib is loaded here alone, and only to draw."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.results import Table

_INK, _OURS, _SPREAD = "#9aa5b1", "#1f6fb2", "#3e4c59"


def draw_tables(tables: Sequence[Table], path: Path) -> None:
    """Draws every table as bars: multiples of the reference, and their quartiles."""
    tables = [table for table in tables if table.seconds]
    if not tables:
        return
    heights = [len(table.seconds) + 1.5 for table in tables]
    figure, all_axes = _subplots(
        len(tables), 1, figsize=(9, 0.32 * sum(heights)), height_ratios=heights
    )
    for table, axes in zip(tables, all_axes.flat, strict=True):
        found = table.ratios()
        names = list(found)[::-1]
        ratios = [found[name].median for name in names]
        spread = [
            [found[name].median - found[name].low for name in names],
            [found[name].high - found[name].median for name in names],
        ]
        ours = [name.startswith(("manual", "compare.run", "the whole")) for name in names]
        colors = [_OURS if one else _INK for one in ours]
        bars = axes.barh(names, ratios, xerr=spread, color=colors, ecolor=_SPREAD)
        axes.bar_label(bars, [f" {ratio:.3g}" for ratio in ratios], fontsize=8)
        axes.set_xscale("log")
        axes.margins(x=0.15)
        axes.set_title(
            f"{table.title}\nas a multiple of: {table.reference}", fontsize=8, loc="left"
        )
        axes.tick_params(labelsize=8)
        axes.xaxis.set_visible(False)  # the bars say it themselves
        axes.spines[["top", "right", "bottom"]].set_visible(False)
    figure.savefig(path)


def draw_growth(curves: Mapping[str, Mapping[int, tuple[float, float]]], path: Path) -> None:
    """Draws time and memory against each quantity: quantity -> value -> (seconds, bytes)."""
    figure, all_axes = _subplots(2, len(curves), figsize=(3.4 * len(curves), 5))
    for column, (quantity, points) in zip(all_axes.T, curves.items(), strict=True):
        for axes, i, label, unit in ((column[0], 0, "s", 1.0), (column[1], 1, "MB", 1e6)):
            axes.plot(
                list(points), [point[i] / unit for point in points.values()], "o-", color=_OURS
            )
            axes.set_xscale("log")
            axes.set_ylim(0, 1.1 * axes.get_ylim()[1])
            axes.set_ylabel(label)
            axes.set_xlabel(quantity)
            axes.grid(alpha=0.3)
    figure.savefig(path)


def _subplots(*shape: int, **options: Any) -> tuple[Any, Any]:
    import matplotlib

    matplotlib.use("svg")
    from matplotlib import pyplot

    return pyplot.subplots(*shape, layout="constrained", **{"squeeze": False, **options})
