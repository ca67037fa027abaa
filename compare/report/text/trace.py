"""One sample, step by step, as the experiments print it."""

import numpy as np

from compare.formats.dtypes import decimal_digits
from compare.results import Trace


def format_trace(trace: Trace, *, width: int) -> str:
    """Returns every quantity with its shape and values, implementations apart where they differ."""
    lines = [f"Sample {trace.sample}, forward and backward"]
    for quantity, arrays in trace.steps.items():
        shape = list(next(iter(arrays.values())).shape)
        groups = _groups(arrays)
        lines += ["", f"{quantity}  {shape if shape else ''}".rstrip()]
        for names, array in groups:
            if len(groups) > 1:
                lines.append(f"  {', '.join(names)}")
            lines += [f"    {line}" for line in _values(array, width - 4)]
    return "\n".join(lines)


def _groups(arrays: dict[str, np.ndarray]) -> list[tuple[list[str], np.ndarray]]:
    """Puts implementations with the same bits together."""
    groups: list[tuple[list[str], np.ndarray]] = []
    for name, array in arrays.items():
        for names, other in groups:
            if other.dtype == array.dtype and other.tobytes() == array.tobytes():
                names.append(name)
                break
        else:
            groups.append(([name], array))
    return groups


def _values(array: np.ndarray, width: int) -> list[str]:
    digits = decimal_digits(array.dtype.name)
    text = np.array2string(
        array.astype(np.float64),  # NumPy does not print bfloat16 as it is told to
        max_line_width=width,
        threshold=array.size + 1,
        formatter={"float_kind": lambda v: f"{v: .{digits}g}"},
    )
    return text.splitlines()
