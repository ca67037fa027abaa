"""Single entries as every implementation has them, as a table for a terminal."""

import re
from collections.abc import Mapping, Sequence

import numpy as np

from compare.numbers import entry
from compare.report.labels import short_quantity
from compare.results import Values


def format_values(found: Sequence[Values], letters: Mapping[str, str]) -> str:
    """Returns each entry in decimal and, to the last bit, in hex.

    Args:
      found: the entries.
      letters: implementation -> what it is called for short, where it is.
    """
    rows = []
    for values in found:
        place = entry(short_quantity(values.quantity), values.index)
        rows += ["", f"{place} of sample {values.sample}"]
        for name, value in values.values.items():
            hexadecimal = re.sub(r"0*p", "p", value.hex()).replace(".p", "p")
            label = f"{letters.get(name, ' ')} {name}"
            digits = 9 if _is_float32(value) else 17
            rows.append(f"  {label:<28}{value:>24.{digits}g}  {hexadecimal}")
    return "\n".join(rows[1:])


def _is_float32(value: float) -> bool:
    with np.errstate(over="ignore"):
        return float(np.float32(value)) == value
