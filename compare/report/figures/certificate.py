"""The certificate of one implementation as a picture of the network: a wrong layer is seen at once.

The forward pass runs along the top from left to right, the backward pass along the bottom from
right to left, and between them stands the gradient of every weight matrix, made of both.
"""

import itertools
from collections.abc import Sequence
from typing import Any

from compare.numbers import counted, short_share
from compare.report.document import Json, letters_of, steps_of
from compare.report.figures.boxes import (
    BOTTOM,
    HEIGHT,
    MIDDLE,
    PITCH,
    TOP,
    WIDTH,
    Box,
    boxes_of,
    column,
)
from compare.report.figures.drawing import FINE, INK, WRONG, Drawing, draw, plain

_KINDS = ("certified", "failed", "silent")


def alike(report: Json) -> list[list[Json]]:
    """Puts implementations together of which the same was found: one picture is enough."""
    groups: dict[str, list[Json]] = {}
    for one in report["implementations"]:
        found = one["certificate"]
        counts = [found[kind] for kind in (*_KINDS, "at_kink")]
        key = repr([found["rules"], counts, steps_of(one)])
        groups.setdefault(key, []).append(one)
    return list(groups.values())


def draw_certificate(report: Json, group: Sequence[Json]) -> Drawing:
    """Draws the network with every rule at its place, for implementations that are alike."""
    layers = len(report["config"]["layer_sizes"]) - 1
    found = group[0]["certificate"]
    boxes = boxes_of(group[0], layers)
    names = [f"{letters_of(report)[one['name']]} {one['name']}" for one in group]

    def paint(figure: Any) -> None:
        axes = figure.add_axes((0, 0, 1, 1))
        axes.set(xlim=(0, width), ylim=(BOTTOM + 34, 0))
        axes.set_axis_off()
        _arrows(axes, layers)
        _heads(axes, report["config"]["layer_sizes"])
        for box in boxes:
            _draw_box(axes, box)

    width = (layers + 1) * PITCH + 4
    return draw(
        f"certificate_{plain(names[0])}",
        paint,
        title=f"{_joined(names)}: {_counts(found)}",
        description=_description(group[0]),
        size=(width, BOTTOM + 34),
        layout=None,
    )


def _heads(axes: Any, sizes: Any) -> None:
    for i, (inputs, outputs) in enumerate(itertools.pairwise(sizes), start=1):
        head = f"layer {i}: {inputs}→{outputs}"
        axes.text(column(i - 0.5), 16, head, ha="center", va="center", size=10.5)


def _arrows(axes: Any, layers: int) -> None:
    half, high = WIDTH / 2, HEIGHT / 2
    for i in range(1, layers + 1):
        _arrow(axes, (column(i - 1) + half, TOP), (column(i) - half, TOP))
        if i < layers:
            _arrow(axes, (column(i + 1) - half, BOTTOM), (column(i) + half, BOTTOM))
        near = column(i - 0.5)
        _arrow(axes, (column(i - 1), TOP + high), (near - 20, MIDDLE - high))
        _arrow(axes, (column(i), BOTTOM - high), (near + 20, MIDDLE + high))
    end = column(layers)
    axes.text(end, TOP, "ŷ, loss", ha="center", va="center", size=12)
    _arrow(axes, (end, TOP + 12), (end, BOTTOM - high))


def _arrow(axes: Any, start: tuple[float, float], end: tuple[float, float]) -> None:
    style = {"arrowstyle": "->", "color": INK, "alpha": 0.6, "shrinkA": 1, "shrinkB": 1}
    axes.annotate("", xy=end, xytext=start, arrowprops=style)


def _draw_box(axes: Any, box: Box) -> None:
    from matplotlib.patches import FancyBboxPatch

    rule, wrong = box.rule, box.is_wrong
    ratio = rule["ratio"] if rule else None
    shade = 0.08 + 0.4 * min(ratio or 0.0, 1.0)  # the more of its allowance is used, the darker
    corner = (box.x - WIDTH / 2, box.y - HEIGHT / 2)
    shape = FancyBboxPatch(corner, WIDTH, HEIGHT, boxstyle="round,pad=0,rounding_size=6")
    shape.set(facecolor=(FINE, shade), edgecolor=(INK, 0.55), linewidth=1)
    if wrong:
        shape.set(facecolor=WRONG, edgecolor=INK, linewidth=3)
    if rule is None and not wrong:
        shape.set(facecolor="none", linestyle=(0, (3, 3)))
    axes.add_patch(shape)
    color = "#ffffff" if wrong else INK
    said = "not checked" if rule is None else short_share(ratio, rule["failed"])
    if wrong:
        said = f"✗ {said}" if rule and rule["failed"] else "✗ wrong"
    style = {"ha": "center", "va": "center", "color": color}
    weight = "bold" if wrong else "normal"
    axes.text(box.x, box.y - 10, box.text, size=12, weight=weight, **style)
    axes.text(box.x, box.y + 10, said, size=11, weight=weight, **style)


def _counts(found: Json) -> str:
    return ", ".join(f"{found[kind]:,} {kind}" for kind in _KINDS if found[kind])


def _joined(names: Sequence[str]) -> str:
    return ", ".join(names) if len(names) < 4 else f"{names[0]} and {len(names) - 1} more"


def _description(one: Json) -> str:
    found = one["certificate"]
    rules = found["rules"]
    wrong = [step.figures.quantity for step in steps_of(one) if not step.holds]
    broken = [
        f"{rule['rule']} at {rule['parameter']} in {counted(rule['failed'], 'sample')}"
        for rule in rules
        if rule["failed"]
    ]
    if wrong:
        return f"Marked as wrong: {', '.join(wrong)}. Rules that are broken: {'; '.join(broken)}."
    if broken:
        return f"Rules that are broken: {'; '.join(broken)}. No other is."
    if not rules or found["worst"] is None:
        return "Nothing could be checked."
    tightest = max(rules, key=lambda rule: rule["ratio"] or 0.0)
    said = "No rule is broken, where it could be checked"
    if not found["silent"]:
        said = "Every rule holds at every layer"
    return (
        f"{said}; the tightest is {tightest['rule']} at {tightest['parameter']}, with "
        f"{short_share(tightest['ratio'], 0)}."
    )
