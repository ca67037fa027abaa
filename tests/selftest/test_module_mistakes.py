"""Mistakes planted in modules: each begins where it says, and nothing before is changed."""

import pytest
import torch

from compare.selftest.module_mistakes import MISTAKES, OUTPUT
from compare.selftest.modules import MODULES
from torch_ref.recording import recorded

SHOWS = 2.0**-20  # of the largest entry: beyond what rounding in float32 explains
SAME = 1e-12
EXAMPLES = {example.name: example for example in MODULES}


def record(module, inputs):
    """Returns values at places, the gradients that arrive there, and those of parameters."""
    parameters = dict(module.named_parameters())

    def run():
        output = module(*inputs)
        n = output.numel()
        factor = torch.linspace(-1, 2, n, dtype=output.dtype).reshape(output.shape)
        leaves = list(parameters.values())
        return output, torch.autograd.grad(output, leaves, factor, materialize_grads=True)

    (output, slopes), values, cotangents = recorded(module, run)
    arrived = {place: cotangents.get(place) for place in reversed(values)}
    return values | {OUTPUT: output.detach()}, arrived, dict(zip(parameters, slopes, strict=True))


def distance(right, wrong):
    """The largest difference, relative to the largest entry; no gradient is one of zeros."""
    if right is None or wrong is None:
        return 0.0 if right is wrong else 1.0
    if right.shape != wrong.shape:
        return float("inf")
    return float((right - wrong).abs().max() / right.abs().max())


@pytest.fixture(scope="module")
def right():
    """What each module computes, by its name; computed once."""
    known = {}

    def of(name):
        if name not in known:
            known[name] = record(*EXAMPLES[name].build(0).cast(torch.float64))
        return known[name]

    return of


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.name)
def test_a_mistake_begins_where_it_says(mistake, right):
    module, inputs = EXAMPLES[mistake.module].build(0).cast(torch.float64)
    state = {name: one.clone() for name, one in module.state_dict().items()}
    mistake.plant(module)
    assert list(module.state_dict()) == list(state)
    assert all(torch.equal(one, state[name]) for name, one in module.state_dict().items())
    names = ("forward", "backward", "gradient")
    passes = zip(names, right(mistake.module), record(module, inputs), strict=True)
    for name, expected, found in passes:
        away = {place: distance(one, found.get(place)) for place, one in expected.items()}
        if name != mistake.direction:
            assert max(away.values()) <= SAME, (name, away)
            continue
        assert away[mistake.place] > SHOWS, away
        before = list(away)[: list(away).index(mistake.place)]
        others = before if name != "gradient" else set(away) - {mistake.place}
        assert all(away[place] <= SAME for place in others), away
        return
    raise AssertionError(mistake.direction)


def test_there_are_as_many_as_promised():
    assert len({mistake.name for mistake in MISTAKES}) == len(MISTAKES) >= 60
    assert {mistake.module for mistake in MISTAKES} <= set(EXAMPLES)
    assert len({mistake.module for mistake in MISTAKES}) >= 15
