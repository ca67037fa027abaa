"""Mistakes planted in modules: each begins where it says, and nothing before is changed."""

import pytest
import torch

from compare.selftest.module_mistakes import MISTAKES, OUTPUT
from compare.selftest.modules import MODULES

SHOWS = 2.0**-20  # of the largest entry: beyond what rounding in float32 explains
SAME = 1e-12
EXAMPLES = {example.name: example for example in MODULES}


def record(module, inputs):
    """Returns outputs of submodules, the gradients that arrive there, and those of parameters."""
    values, slopes, calls = {}, {}, {}

    def hook(name):
        def called(_, __, made):
            calls[name] = calls.get(name, -1) + 1
            place = f"{name}@{calls[name]}" if calls[name] else name
            tensor = made[0] if isinstance(made, tuple) else made
            values[place] = tensor.detach().clone()
            tensor.register_hook(lambda slope: slopes.setdefault(place, slope))

        return called

    for name, submodule in module.named_modules():
        if name:
            submodule.register_forward_hook(hook(name))
    output = module(*inputs)
    values[OUTPUT] = output.detach()
    factor = torch.linspace(-1, 2, output.numel(), dtype=output.dtype).reshape(output.shape)
    parameters = dict(module.named_parameters())
    made = torch.autograd.grad(output, list(parameters.values()), factor, materialize_grads=True)
    return values, slopes, dict(zip(parameters, made, strict=True))


def distance(right, wrong):
    if wrong is None:
        return 1.0
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
