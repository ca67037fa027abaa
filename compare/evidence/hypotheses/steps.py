"""The failed sample step by step: what its gradient contains, beside what is right there."""

import dataclasses
from collections.abc import Mapping

import numpy as np

from compare.evidence.certificate.rules import Check
from compare.evidence.hypotheses.assumption import Assumption, Claim, Rule, freed, holding
from compare.evidence.hypotheses.bias_gradients import delta_of_weights
from compare.evidence.hypotheses.explanation import Figures, Step, figures
from compare.evidence.hypotheses.local import Known, exactly, outer

_FAILED = 0  # the sample that is explained


def without_wrong_gradients(start: Assumption) -> Assumption:
    """Returns the gradient with dL/dw and dL/db as they should be where they alone are wrong.

    What a gradient implies is not the input of a layer, either because the input is wrong, and the
    layers above go on from it, or because dL/dw or dL/db is. It is the latter if more rules hold
    with the right one in its place. What has been replaced is claimed, in figures.
    """
    for layer in range(1, start.local.n_layers + 1):
        rank_one = ("rank_one", f"w{layer}") in _broken(start)
        if not start.case.network.has_bias(layer - 1):
            start = _with_right_weights(start, layer) if rank_one else start
            continue
        if not rank_one and _of_input(layer) not in _broken(start):
            continue
        left = [(len(_broken(one)), one) for one in _freed(start, layer)]
        least = min(count for count, _ in left)
        best = [one for count, one in left if count == least]
        if least < len(_broken(start)) and len(best) == 1:
            start = best[0]
        elif rank_one:
            start = left[0][1]
    return start


def steps_of(right: Assumption, wrong: Mapping[str, Figures]) -> tuple[Step, ...]:
    """Returns the forward and the backward pass of the failed sample.

    Args:
      right: the gradient without what is wrong.
      wrong: what is, by quantity.
    """
    steps = []
    for layer in range(1, (n := right.local.n_layers) + 1):
        name = f"h{layer - 1}" if layer > 1 else "x"
        steps.append(_step(right.checks[_of_input(layer)], name, layer, wrong))
    for layer in range(n, 0, -1):
        rule = ("output" if layer == n else "chain", f"b{layer}")
        check = right.checks[rule]
        network_is_right = f"h{layer}" not in wrong or rule in right.instead
        if layer < n and not steps[layer].holds and network_is_right:
            check = _as_far_as_known(check)
        steps.append(_step(check, f"delta{layer}", layer, wrong))
        gradients = (f"dL/dw{layer}", f"dL/db{layer}")
        steps += [Step(wrong[name], holds=False) for name in gradients if name in wrong]
    return tuple(steps)


def _step(check: Check, name: str, layer: int, wrong: Mapping[str, Figures]) -> Step:
    if name in wrong:
        return Step(wrong[name], holds=False)
    found = np.where(check.applies, check.found, np.nan)
    return Step(
        figures(name, layer, found, np.asarray(check.expected)), bool(holding(check)[_FAILED])
    )


def _as_far_as_known(check: Check) -> Check:
    """Asks for what was found where that may follow from a wrong h, and for nothing elsewhere."""
    is_allowed = np.abs(check.found - check.expected) <= check.allowed
    return check._replace(expected=np.where(is_allowed, check.found, np.nan))


def _of_input(layer: int) -> Rule:
    """Returns the rule of what the gradient of a layer implies."""
    return "input" if layer == 1 else "activation", f"w{layer}"


def _broken(start: Assumption) -> set[Rule]:
    return {rule for rule, breaks in start.broken.items() if breaks[_FAILED]}


def _with_right_weights(start: Assumption, layer: int) -> Assumption:
    """Returns the gradient with dL/dw as its neighbours ask for, where no dL/db tells delta."""
    n, found, right = start.local.n_layers, start.case.grads[layer - 1][0], start
    of_delta = ("output" if layer == n else "chain", f"b{layer}")
    for _ in range(2):  # a wrong dL/dw has spoiled delta of the layers above, too
        h, delta = (
            Known(np.asarray(check.expected), np.asarray(check.allowed))
            for check in (right.checks[_of_input(layer)], right.checks[of_delta])
        )
        dw = outer(h, delta)
        shown = figures(f"dL/dw{layer}", layer, np.asarray(found), dw.value)
        claim = Claim(shown.quantity, "", shown=shown)
        right = start.claiming(claim, freed(right.case, layer, dw=dw))
    return right


def _freed(start: Assumption, layer: int) -> list[Assumption]:
    """Returns the gradient with dL/dw, or dL/db, as the other of them and the input ask for.

    Of the first layer it is also what x is in the case that may be wrong.
    """
    local, below = start.local, start.checks[_of_input(layer)]
    h = Known(np.asarray(below.expected), np.asarray(below.allowed))
    dw = outer(h, exactly(local.found_delta(layer)))
    db = delta_of_weights(local, layer, h)
    of_w = figures(f"dL/dw{layer}", layer, np.asarray(local.case.grads[layer - 1][0]), dw.value)
    of_b = figures(f"dL/db{layer}", layer, local.found_delta(layer), db.value)
    ways = [(of_w, freed(local.case, layer, dw=dw)), (of_b, freed(local.case, layer, db=db))]
    if layer == 1:
        of_x = figures("x", 1, local.implied(1), np.asarray(local.case.x))
        ways.append((of_x, dataclasses.replace(local.case, x=local.implied(1))))
    return [start.claiming(Claim(of.quantity, "", shown=of), case) for of, case in ways]
