"""Where each gradient of a network stands in its picture, and which rule holds there."""

from collections.abc import Mapping
from typing import NamedTuple

from compare.report.document import Json

PITCH, WIDTH, HEIGHT = 100, 88, 46  # of boxes, in CSS pixels
TOP, MIDDLE, BOTTOM = 62, 140, 218
_SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


class Box(NamedTuple):
    """One place in the network, and the rule that holds there."""

    x: float
    y: float
    text: str
    rule: Json | None  # as in report.json; None where nothing was checked


def boxes_of(layers: int, rules: Mapping[tuple[str, str], Json]) -> list[Box]:
    """Returns a box for the input of each layer, and for the gradients of its bias and weights.

    Args:
      layers: of the network.
      rules: (rule, parameter) -> what was found of it.
    """
    boxes = [Box(column(0), TOP, "x", rules.get(("input", "w1")))]
    for i in range(1, layers):
        text = f"h{_sub(i)} = φ(z{_sub(i)})"
        boxes.append(Box(column(i), TOP, text, rules.get(("activation", f"w{i + 1}"))))
    for i in range(1, layers + 1):
        bias = ("output" if i == layers else "chain", f"b{i}")
        boxes.append(Box(column(i), BOTTOM, f"db{_sub(i)} = δ{_sub(i)}", rules.get(bias)))
        text = f"dw{_sub(i)} = {'x' if i == 1 else f'h{_sub(i - 1)}'}δ{_sub(i)}"
        boxes.append(Box(column(i - 0.5), MIDDLE, text, rules.get(("rank_one", f"w{i}"))))
    return boxes


def column(i: float) -> float:
    """Returns the middle of what stands after layer i, in CSS pixels from the left."""
    return 2 + PITCH * (i + 0.5)


def _sub(i: int) -> str:
    return str(i).translate(_SUBSCRIPTS)
