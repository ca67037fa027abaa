"""The first quantity of a gradient that is not what its neighbours ask for."""

import numpy as np

from compare.evidence.hypotheses.assumption import Assumption
from compare.evidence.hypotheses.explanation import Figures, figures

_FAILED = 0  # the sample that is explained


def first_wrong(start: Assumption) -> Figures | None:
    """Returns the first wrong quantity, forward before output before backward.

    The input that a gradient implies is wrong if what the layer makes of the right one does not
    fit either. If it does, dL/dw or dL/db alone is wrong.
    """
    local = start.local
    n = local.n_layers
    broken = {rule for rule, breaks in start.broken.items() if breaks[_FAILED]}
    for layer in range(1, n + 1):
        rule = ("input" if layer == 1 else "activation", f"w{layer}")
        out = ("output", f"b{n}") if layer == n else ("activation", f"w{layer + 1}")
        if rule in broken and out in broken:
            name = f"h{layer - 1}" if layer > 1 else "x"
            expected = local.computed(layer - 1) if layer > 1 else np.asarray(local.case.x)
            return figures(name, layer, local.implied(layer), expected)
    for layer in range(n, 0, -1):
        of_input = {("input", f"w{layer}"), ("activation", f"w{layer}"), ("rank_one", f"w{layer}")}
        of_delta = ("output" if layer == n else "chain", f"b{layer}")
        if of_delta in broken:
            name = f"dL/db{layer}" if of_input & broken else f"delta{layer}"
            return figures(name, layer, local.found_delta(layer), local.delta(layer))
        if of_input & broken:
            dw = local.case.grads[layer - 1][0]
            right = local.act(layer - 1).value[:, None] * local.found_delta(layer)
            return figures(f"dL/dw{layer}", layer, np.asarray(dw), right)
    return None
