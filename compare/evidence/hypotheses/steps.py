"""The failed sample step by step: what its gradient contains, beside what is right there."""

from collections.abc import Iterator, Mapping

import numpy as np

from compare.evidence.hypotheses.assumption import Assumption, holding
from compare.evidence.hypotheses.deltas import right_chain
from compare.evidence.hypotheses.explanation import Figures, Step, figures
from compare.evidence.hypotheses.local import Local
from compare.evidence.hypotheses.outputs import output_check

_FAILED = 0  # the sample that is explained


def wrong_quantities(start: Assumption) -> Iterator[Figures]:
    """Yields what is not as its neighbours ask, forward before output before backward.

    The input that a gradient implies is wrong if what the layer makes of the right one does not
    fit either. If it does, dL/dw or dL/db alone is wrong.
    """
    local, layers = start.local, range(1, start.local.n_layers + 1)
    unfit = [layer for layer in layers if not local.input_fits(layer)[_FAILED]]
    off = [layer for layer in layers if not _delta_fits(local, layer)]
    forward = [layer for layer in unfit if layer + 1 in unfit or layer == layers[-1] in off]
    for layer in forward:
        yield _act(local, layer - 1)
    for layer in reversed(layers):
        alone = layer in unfit and layer not in forward
        if layer in off:
            yield _delta(local, layer, f"dL/db{layer}" if alone else f"delta{layer}")
        elif alone or ("rank_one", f"w{layer}") in start.broken:
            dw = local.case.grads[layer - 1][0]
            right = local.act(layer - 1).value[:, None] * local.found_delta(layer)
            yield figures(f"dL/dw{layer}", layer, np.asarray(dw), right)


def _delta_fits(local: Local, layer: int) -> bool:
    """Whether delta is what the layer above asks for, in the failed sample."""
    if layer == local.n_layers:
        return bool(holding(output_check(local))[_FAILED])
    return bool(holding(right_chain(local, layer))[_FAILED])


def steps_of(local: Local, wrong: Mapping[str, Figures]) -> tuple[Step, ...]:
    """Returns the forward and the backward pass of the failed sample.

    Args:
      local: of the case under which all holds, or of the one that failed.
      wrong: what is not right, by quantity.
    """
    n = local.n_layers
    acts = [_act(local, layer) for layer in range(n)]
    steps = [Step(wrong.get(one.quantity, one), one.quantity not in wrong) for one in acts]
    for layer in range(n, 0, -1):
        delta = _delta(local, layer, f"delta{layer}")
        steps.append(Step(wrong.get(delta.quantity, delta), delta.quantity not in wrong))
        gradients = (f"dL/dw{layer}", f"dL/db{layer}")
        steps += [Step(wrong[name], holds=False) for name in gradients if name in wrong]
    return tuple(steps)


def _act(local: Local, layer: int) -> Figures:
    expected = local.computed(layer) if layer else np.asarray(local.case.x)
    name = f"h{layer}" if layer else "x"
    return figures(name, layer + 1, local.implied(layer + 1), expected)


def _delta(local: Local, layer: int, name: str) -> Figures:
    return figures(name, layer, local.found_delta(layer), local.delta(layer))
