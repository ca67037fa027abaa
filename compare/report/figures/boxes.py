"""Where each gradient of a network stands in its picture, its rule, and whether it is wrong."""

from typing import NamedTuple

from compare.report.document import Json, steps_of

PITCH, WIDTH, HEIGHT = 100, 88, 46  # of boxes, in CSS pixels
TOP, MIDDLE, BOTTOM = 62, 140, 218
_SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


class Box(NamedTuple):
    """One place in the network, and the rule that holds there."""

    x: float
    y: float
    text: str
    rule: Json | None  # as in report.json; None where nothing was checked
    is_wrong: bool


def boxes_of(one: Json, layers: int) -> list[Box]:
    """Returns a box for the input of each layer, and for the gradients of its bias and weights.

    Wrong is what the steps of the failed sample say. Where no single step is known to be wrong, it
    is where a rule is broken.

    Args:
      one: an implementation, as in report.json.
      layers: of the network.
    """
    found = one["certificate"]
    silent = not found["certified"] and not found["failed"]  # then a ratio of 0 says nothing
    rules = {
        (rule["rule"], rule["parameter"]): rule
        for rule in found["rules"]
        if not silent or rule["ratio"] or rule["failed"]
    }
    wrong = {step.figures.quantity for step in steps_of(one) if not step.holds}

    def box(x: float, y: float, text: str, rule: tuple[str, str], *quantities: str) -> Box:
        here = rules.get(rule)
        is_broken = here is not None and here["failed"] > 0
        return Box(x, y, text, here, bool(wrong & set(quantities)) if wrong else is_broken)

    boxes = [box(column(0), TOP, "x", ("input", "w1"), "x")]
    for i in range(1, layers):
        text, rule = f"h{_sub(i)} = φ(z{_sub(i)})", ("activation", f"w{i + 1}")
        boxes.append(box(column(i), TOP, text, rule, f"h{i}"))
    for i in range(1, layers + 1):
        text, rule = f"db{_sub(i)} = δ{_sub(i)}", ("output" if i == layers else "chain", f"b{i}")
        boxes.append(box(column(i), BOTTOM, text, rule, f"delta{i}", f"dL/db{i}"))
        text = f"dw{_sub(i)} = {'x' if i == 1 else f'h{_sub(i - 1)}'}δ{_sub(i)}"
        boxes.append(box(column(i - 0.5), MIDDLE, text, ("rank_one", f"w{i}"), f"dL/dw{i}"))
    return boxes


def column(i: float) -> float:
    """Returns the middle of what stands after layer i, in CSS pixels from the left."""
    return 2 + PITCH * (i + 0.5)


def _sub(i: int) -> str:
    return str(i).translate(_SUBSCRIPTS)
