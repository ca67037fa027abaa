"""The steps of one sample, as every implementation computes them."""

from collections.abc import Mapping, Sequence

import numpy as np

from compare.implementations.base import Implementation
from compare.problem.answers import Answer, name_parameters
from compare.problem.blocks import Block
from compare.results import Trace


def trace_sample(
    taking_part: Sequence[Implementation],
    block: Block,
    answers: Mapping[str, Answer],
    sample: int,
    *,
    layout: str,
    output: str = "linear",
) -> Trace:
    """Collects the steps of one sample, from the very block that its gradient came from.

    At batch size 1 the gradient of a bias is delta, so delta is read off there. Implementations
    that give nothing but gradients have no forward steps.
    """
    row = sample - block.start
    steps: dict[str, dict[str, np.ndarray]] = {"x": {}, "y": {}}
    for one in taking_part:
        answer = answers[one.name]
        mine = {"x": block.batch.x[row], "y": block.batch.y[row]}
        if one.intermediates is not None:
            preacts, acts = one.intermediates(block)
            for layer in range(1, len(preacts)):
                mine[f"z{layer}"], mine[f"h{layer}"] = preacts[layer - 1][row], acts[layer][row]
            last = preacts[-1][row]
            if output == "linear" or answer.prediction is None:
                mine["yhat"] = last
            else:
                mine |= {f"z{len(preacts)}": last, "yhat": answer.prediction[row]}
        if answer.loss is not None:
            mine["loss"] = answer.loss[row]
        gradients = name_parameters(answer.grads, layout)
        for layer in range(len(answer.grads), 0, -1):
            of_bias = gradients.get(f"b{layer}")
            if of_bias is not None:
                mine[f"delta{layer}"] = of_bias[row]
            mine[f"dL/dw{layer}"] = gradients[f"w{layer}"][row]
            if of_bias is not None:
                mine[f"dL/db{layer}"] = of_bias[row]
        for quantity, array in mine.items():
            steps.setdefault(quantity, {})[one.name] = array
    return Trace(sample, steps)
