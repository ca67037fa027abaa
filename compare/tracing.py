"""One sample, step by step, out of every implementation."""

from collections.abc import Sequence

import numpy as np

from compare.blocks import Block, name_parameters
from compare.implementations import Implementation
from compare.report.base import Trace


def trace_sample(
    taking_part: Sequence[Implementation], block: Block, sample: int, *, layout: str
) -> Trace:
    """Collects the steps of one sample, from the very block that its gradient came from.

    At batch size 1 the gradient of a bias is delta, so delta is read off there.
    """
    row = sample - block.start
    steps: dict[str, dict[str, np.ndarray]] = {"x": {}, "y": {}}
    for one in taking_part:
        evaluation = block.evaluations[one.name]
        gradients = name_parameters(evaluation.grads, layout)
        preacts, acts = one.intermediates(block.padded)
        last = len(preacts)
        mine = {"x": block.batch.x[row], "y": block.batch.y[row]}
        for layer in range(1, last):
            mine[f"z{layer}"], mine[f"h{layer}"] = preacts[layer - 1][row], acts[layer][row]
        mine["yhat"], mine["loss"] = preacts[-1][row], evaluation.loss[row]
        for layer in range(last, 0, -1):
            mine[f"delta{layer}"] = gradients[f"b{layer}"][row]
            mine[f"dL/dw{layer}"] = gradients[f"w{layer}"][row]
            mine[f"dL/db{layer}"] = gradients[f"b{layer}"][row]
        for quantity, array in mine.items():
            steps.setdefault(quantity, {})[one.name] = array
    return Trace(sample, steps)
