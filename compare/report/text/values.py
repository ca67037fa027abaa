"""Single entries as every implementation has them, as a table for a terminal."""

import re
from collections.abc import Mapping, Sequence

import numpy as np

from compare.results import Values


def format_values(found: Sequence[Values], letters: Mapping[str, str]) -> str:
    """Returns each entry in decimal and, to the last bit, in hex.

    Args:
      found: the entries.
      letters: implementation -> what it is called for short, where it is.
    """
    rows = []
    for values in found:
        place = f"{short_name(values.quantity)}[{','.join(map(str, values.index))}]"
        rows += ["", f"{place.removesuffix('[]')} of sample {values.sample}"]
        for name, value in values.values.items():
            hexadecimal = re.sub(r"0*p", "p", value.hex()).replace(".p", "p")
            label = f"{letters.get(name, ' ')} {name}"
            digits = 9 if _is_float32(value) else 17
            rows.append(f"  {label:<28}{value:>24.{digits}g}  {hexadecimal}")
    return "\n".join(rows[1:])


def short_name(quantity: str) -> str:
    """Returns what tables call a quantity."""
    return "yhat" if quantity == "prediction" else quantity


def _is_float32(value: float) -> bool:
    with np.errstate(over="ignore"):
        return float(np.float32(value)) == value
