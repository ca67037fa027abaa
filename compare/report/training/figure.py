"""Figures of training runs: SVG that needs no package, in the colours of the page around it."""

import math
from collections.abc import Callable, Sequence

from compare.report.document import Json
from compare.report.page.markup import escaped

_WIDTH, _HEIGHT, _LEFT, _BOTTOM, _TOP = 720, 200, 64, 24, 12
_SMALLEST = 1e-4  # share that is drawn

Points = list[tuple[float, float]]
At = Callable[[float, float], str]  # step and value -> x,y


def shares(standing: Json) -> str:
    """Draws the shares of what rounding allows, step by step; 1 is all of it."""
    lines = [
        (label, dash, _points(standing, key, floor=_SMALLEST))
        for label, key, dash in (("gradients", "gradients", ""), ("updates", "update", "5 3"))
    ]
    label = f"Rounding used by {standing['name']}, step by step; over 1 it is no rounding"
    return _chart(label, lines, limit=1.0)


def runs(standing: Json) -> str:
    """Draws how far apart the runs are, beside rounding and what training has changed."""
    lines = [
        ("apart", "", _points(standing, "apart")),
        ("rounding", "5 3", _points(standing, "rounding")),
        ("moved", "1 3", _points(standing, "change")),
    ]
    label = f"Weights of {standing['name']}: largest difference from the reference after each step"
    return _chart(label, lines, limit=None)


def _points(standing: Json, key: str, *, floor: float = 0.0) -> Points:
    known = [(one["number"], one[key]) for one in standing["steps"]]
    return [(x, max(y, floor)) for x, y in known if y is not None and max(y, floor) > 0]


def _chart(label: str, lines: Sequence[tuple[str, str, Points]], *, limit: float | None) -> str:
    """Draws lines with a logarithmic axis of values; nothing if no value is above 0."""
    drawn = [one for one in lines if one[2]]  # a run may be nowhere apart
    values = [y for _, _, points in drawn for _, y in points] + ([limit] if limit else [])
    if not drawn:
        return ""
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    high = max(high, low + 1)
    steps = max(x for _, _, points in drawn for x, _ in points)

    def at(x: float, y: float) -> str:
        across = (x - 1) / max(1, steps - 1) * (_WIDTH - _LEFT - 150)
        up = (math.log10(y) - low) / (high - low) * (_HEIGHT - _TOP - _BOTTOM)
        return f"{_LEFT + across:.1f},{_HEIGHT - _BOTTOM - up:.1f}"

    parts = [_axis(at, low, high, steps)]
    if limit:
        (x0, y), (x1, _) = (at(x, limit).split(",") for x in (1, steps))
        parts.append(f'<path d="M{x0} {y}H{x1}" stroke="currentColor" stroke-width="2"/>')
    for number, (name, dash, points) in enumerate(lines):
        if points:
            parts.append(_line(name, dash, [at(x, y) for x, y in points], number))
    return (
        f'<figure><figcaption>{escaped(label)}</figcaption><svg viewBox="0 0 {_WIDTH} {_HEIGHT}" '
        f'role="img" aria-label="{escaped(label)}" fill="none" font-size="12">'
        f"{''.join(parts)}</svg></figure>"
    )


def _axis(at: At, low: int, high: int, steps: float) -> str:
    every = max(1, (high - low) // 4)
    texts = []
    for power in range(low, high + 1, every):
        x, y = at(1, 10.0**power).split(",")
        texts.append(
            f'<path d="M{x} {y}h-4" stroke="currentColor"/>'
            f'<text x="{float(x) - 8:.1f}" y="{float(y) + 4:.1f}" text-anchor="end" '
            f'fill="currentColor">1e{power}</text>'
        )
    for step in (1, steps):
        x = at(step, 10.0**low).split(",")[0]
        texts.append(
            f'<text x="{x}" y="{_HEIGHT - 6}" text-anchor="middle" fill="currentColor">'
            f"step {step:,.0f}</text>"
        )
    return "".join(texts)


def _line(name: str, dash: str, points: list[str], number: int) -> str:
    dashes = f' stroke-dasharray="{dash}"' if dash else ""
    colour = ("#0072b2", "#009e73", "#cc79a7")[number % 3]
    path = "M" + "L".join(one.replace(",", " ") for one in points)
    x, y = points[-1].split(",")
    mark = f'<circle cx="{x}" cy="{y}" r="2.5" fill="{colour}"/>'
    row = _TOP + 10 + 18 * number
    legend = (
        f'<path d="M{_WIDTH - 140} {row - 4}h24" stroke="{colour}" stroke-width="2"{dashes}/>'
        f'<text x="{_WIDTH - 110}" y="{row}" fill="currentColor">{escaped(name)}</text>'
    )
    return f'<path d="{path}" stroke="{colour}" stroke-width="2"{dashes}/>{mark}{legend}'
