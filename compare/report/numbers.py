"""Numbers, names and places of a parsed report.json, as pages and figures write them."""

import math
import string
from collections.abc import Mapping, Sequence
from typing import Any

Json = Mapping[str, Any]


def letters_of(report: Json) -> dict[str, str]:
    """Returns what implementations are called for short: A to Z, then A1 and so on."""
    names = [one["name"] for one in report["implementations"]]
    letters = string.ascii_uppercase
    return {
        name: letters[i % 26] + (str(i // 26) if i >= 26 else "") for i, name in enumerate(names)
    }


def pair_letters(report: Json, pair: Json) -> str:
    """Returns 'A~B'."""
    letters = letters_of(report)
    return f"{letters[pair['a']]}~{letters[pair['b']]}"


def number(value: float | str | None) -> str:
    """Two digits of a difference; '-' for none."""
    if value is None:
        return "-"
    if isinstance(value, str):
        return value
    return f"{value:.1e}" if value else "0"


def count(value: float | None) -> str:
    """A distance in ulp, or any other count."""
    if value is None:
        return "-"
    return f"{int(value):,}" if value < 1e6 else f"{value:.1e}"


def share(ratio: float | None) -> str:
    """What part of an allowance is used, null being beyond any."""
    if ratio is None:
        return "∞"
    if 0 < ratio < 1e-4:
        return "<0.01 %"
    if ratio <= 1:
        return f"{100 * ratio:.2g} %" if ratio < 0.995 else "100 %"
    return f"{_many(ratio)} times"


def ratio_text(ratio: float | None, failed: int) -> str:
    """The same, so short that it fits into a box."""
    if not failed and ratio is not None:
        return f"{share(ratio)} used"
    return f"{'∞' if ratio is None else _many(ratio)}×"


def _many(ratio: float) -> str:
    """Three digits of what is over 1."""
    if ratio >= 1e6:
        return f"{ratio:.0e}".replace("e+0", "e").replace("e+", "e")
    return f"{float(f'{ratio:.3g}'):,.0f}" if ratio >= 100 else f"{ratio:.3g}"


def entry(quantity: str, index: Sequence[int]) -> str:
    """Returns 'w1[0,2]', or the quantity alone where it has no entries."""
    return f"{quantity}[{','.join(map(str, index))}]" if index else quantity


def place(at: Json | None) -> str:
    """Returns 'sample 3, [0,2]'."""
    if at is None:
        return ""
    index = f" [{','.join(map(str, at['index']))}]" if at["index"] else ""
    return f"{at['sample']:,}{index}"


def quantities(pair: Json, report: Json) -> list[Json]:
    """All that was compared in a pair: parameters, prediction and loss."""
    more = [
        one
        for kind in ("prediction", "loss")
        for one in report[kind]
        if (one["a"], one["b"]) == (pair["a"], pair["b"])
    ]
    return [*pair["parameters"], *more]


def is_wrong(one: Json) -> bool:
    """Whether rounding does not explain a difference: over its bound, or finite on one side."""
    ratio = one["bound_ratio"]
    return bool(one["nonfinite_differ"]) or ratio is None or ratio > 1


def largest(values: Sequence[float | None]) -> float | None:
    """The largest number there is; None, which is beyond any number, wins."""
    if any(value is None for value in values):
        return None
    return max((value for value in values if value is not None), default=0.0)


def finite(values: Sequence[float | None]) -> list[float]:
    """Returns null as NaN, which matplotlib leaves out."""
    return [math.nan if value is None else float(value) for value in values]
