"""Dumps and prints of random gradients, as text."""

import itertools
import re

import numpy as np

from compare.formats.write.dump import COLUMNS, HEADER, text_lines


def gradients(sizes=(2, 3, 1), samples=2, dtype=np.float32):
    rng = np.random.default_rng(0)
    found = {}
    for i, (n_in, n_out) in enumerate(itertools.pairwise(sizes), start=1):
        found[f"w{i}"] = rng.standard_normal((samples, n_in, n_out)).astype(dtype)
        found[f"b{i}"] = rng.standard_normal((samples, n_out)).astype(dtype)
    return found


def dump(sizes=(2, 3, 1), samples=2, layout="in_out", parts="wb", dtype=np.float32, change=None):
    """Returns the text of a dump; `change` may alter its arrays, while they are in_out."""
    arrays = {k: v for k, v in gradients(sizes, samples, dtype).items() if k[0] in parts}
    if change:
        change(arrays)
    if layout == "out_in":
        arrays = {k: np.swapaxes(v, 1, 2) if v.ndim == 3 else v for k, v in arrays.items()}
    network = f"{'-'.join(map(str, sizes))} sigmoid"
    header = HEADER.format(network=network, n=samples, dtype=np.dtype(dtype), layout=layout)
    return "".join([header, "\n", COLUMNS, "\n", *text_lines(0, arrays)])


def printed(sizes=(2, 3, 1), flat=(), decimals=None):
    """Returns the only sample of such a dump as torch would print it."""
    arrays = {name: array[0] for name, array in gradients(sizes, samples=1).items()}
    arrays |= {name: arrays[name].ravel() for name in flat}
    lines = [f"{k}: tensor({v.tolist()}, grad_fn=<TBackward0>)" for k, v in arrays.items()]
    text = "\n".join(lines)
    if decimals is None:
        return text
    return re.sub(r"-?\d+\.\d+", lambda found: f"{float(found[0]):.{decimals}f}", text)
