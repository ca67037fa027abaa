"""The failed sample step by step: what its gradient contains, beside what is right there."""

from collections.abc import Iterator, Mapping

import numpy as np

from compare.evidence.hypotheses.assumption import Assumption
from compare.evidence.hypotheses.explanation import Figures, Step, figures
from compare.evidence.hypotheses.local import Local

_FAILED = 0  # the sample that is explained


def wrong_quantities(start: Assumption) -> Iterator[Figures]:
    """Yields what is not as its neighbours ask, forward before output before backward.

    The input that a gradient implies is wrong if what the layer makes of the right one does not
    fit either. If it does, dL/dw or dL/db alone is wrong.
    """
    local = start.local
    n = local.n_layers
    broken = {rule for rule, breaks in start.broken.items() if breaks[_FAILED]}
    alone = set()
    for layer in range(1, n + 1):
        rule = ("input" if layer == 1 else "activation", f"w{layer}")
        out = ("output", f"b{n}") if layer == n else ("activation", f"w{layer + 1}")
        if rule in broken and out in broken:
            yield _act(local, layer - 1)
        elif rule in broken or ("rank_one", f"w{layer}") in broken:
            alone.add(layer)
    for layer in range(n, 0, -1):
        if ("output" if layer == n else "chain", f"b{layer}") in broken:
            yield _delta(local, layer, f"dL/db{layer}" if layer in alone else f"delta{layer}")
        elif layer in alone:
            dw = local.case.grads[layer - 1][0]
            right = local.act(layer - 1).value[:, None] * local.found_delta(layer)
            yield figures(f"dL/dw{layer}", layer, np.asarray(dw), right)


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
