"""|error| against |value|, with what rounding allows drawn in."""

from collections.abc import Iterator
from typing import Any

from compare.numbers import finite, number
from compare.report.document import Json
from compare.report.figures.drawing import FINE, INK, WRONG, Drawing, draw


def draw_by_size(report: Json) -> Iterator[Drawing]:
    """Yields one figure, or none where nothing was bounded."""
    entries = report["entries"]
    if entries is None or not entries["sizes"]:
        return
    sizes = entries["sizes"]
    over = [_is_over(one) for one in sizes]

    def paint(figure: Any) -> None:
        axes = figure.subplots()
        _paint(axes, sizes, over)
        figure.legend(loc="outside upper left", ncols=1, handlelength=2.5)

    worst = max(sizes, key=lambda one: one["largest_error"])
    beyond = sum(over)
    yield draw(
        "error_by_size",
        paint,
        title="Error beside the size of the value",
        description=(
            f"The largest error, {number(worst['largest_error'])}, is in values between "
            f"2^{worst['exponent']} and 2^{worst['exponent'] + 1}. "
            + (
                f"In {beyond} of {len(sizes)} sizes it is larger than any bound there."
                if beyond
                else "Of no size is it above the largest bound of such values."
            )
        ),
        size=(400, 320),
    )


def _is_over(one: Json) -> bool:
    most = one["largest_allowed"]
    return most is not None and one["largest_error"] > most


def _paint(axes: Any, sizes: Any, over: list[bool]) -> None:
    # a float64 value can be as small as 2^-1074: a log axis takes what is not 0
    value = [2.0 ** max(one["exponent"], -1021) * 1.4 for one in sizes]
    least = finite([one["smallest_allowed"] for one in sizes])
    most = finite([one["largest_allowed"] for one in sizes])
    error = finite([one["largest_error"] or None for one in sizes])
    axes.set_xscale("log", base=2)
    axes.set_yscale("log")
    axes.fill_between(
        value,
        least,
        most,
        color=FINE,
        alpha=0.18,
        linewidth=0,
        label="rounding bounds, least to largest",
    )
    axes.plot(value, most, color=FINE, linewidth=1.5)
    axes.plot(value, least, color=FINE, linewidth=1, linestyle=(0, (4, 2)))
    axes.plot(
        value, error, color=INK, linewidth=0.8, marker="o", markersize=3.5, label="largest error"
    )
    if any(over):
        wrong = [(v, e) for v, e, bad in zip(value, error, over, strict=True) if bad]
        axes.scatter(
            *zip(*wrong, strict=True),
            marker="X",
            s=50,
            color=WRONG,
            zorder=3,
            label="larger than any bound",
        )
    axes.set_xlabel("|value|")
    axes.set_ylabel("|error|")
    axes.grid()
    axes.minorticks_off()
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(lambda value, _: f"{value:.0e}".replace("e-0", "e-"))
