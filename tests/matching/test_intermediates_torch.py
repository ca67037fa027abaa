"""All that functions of torch return, seen beside what submodules do."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from torch_ref.intermediates import results_seen
from torch_ref.recording import recorded

X = torch.linspace(-1, 1, 12).reshape(3, 4).double()


def record(f, x=X, **options):
    x = x.clone().requires_grad_()

    def run():
        made = f(x)
        return made, torch.autograd.grad(made.sum(), x)[0]

    def watch(see):
        return results_seen(see, **options)

    return recorded(nn.Module(), run, watch)


FUNCTIONS = {
    "functional": lambda x: functional.softmax(functional.gelu(x), -1),
    "methods and operators": lambda x: (x.sin() @ x.T).tanh(),
    "changed in place": lambda x: x.sin().mul_(2).add_(x),
    "an entry that is set": lambda x: torch.cat([x, x]).index_fill(0, torch.tensor([1]), 2.0),
    "a view": lambda x: x.sin().view(4, 3).t(),
    "checkpoint": lambda x: torch.utils.checkpoint.checkpoint(torch.sin, x, use_reentrant=False),
    "no_grad": lambda x: x.detach().sin() * x,
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_to_see_changes_nothing(name):
    f = FUNCTIONS[name]
    (made, slope), values, _ = record(f)
    x = X.clone().requires_grad_()
    plain = f(x)
    assert torch.equal(made, plain)
    assert torch.equal(slope, torch.autograd.grad(plain.sum(), x)[0])
    assert any(torch.equal(one, plain) for one in values.values())


def test_values_and_cotangents_are_seen():
    _, values, back = record(lambda x: 3 * x.sin())
    name = next(name for name, one in values.items() if torch.equal(one, X.sin()))
    np.testing.assert_array_equal(back[name], np.full((3, 4), 3.0))


def test_what_is_changed_in_place_later_stays_as_it_was():
    def f(x):
        y = x.sin()
        y[0] = 0
        y.mul_(3)
        return y * 2

    _, values, back = record(f)
    found = {name: one for name, one in values.items() if name in back}
    cut = X.sin()
    cut[0] = 0
    for wanted, slope in ((X.sin(), 6), (cut, 6), (3 * cut, 2)):
        name = next(name for name, one in found.items() if torch.equal(one, wanted))
        assert back[name][1:].eq(slope).all()


def test_only_what_is_chosen_is_seen():
    _, every, _ = record(FUNCTIONS["functional"])
    name = list(every)[-1]
    _, values, back = record(FUNCTIONS["functional"], chosen={name})
    assert set(values) == set(back) == {name}
    assert record(FUNCTIONS["functional"], sizes={5})[1] == {}


def test_names_are_the_same_in_another_dtype():
    def f(x):
        return functional.softmax(x.float() * 2, -1).to(x.dtype)

    names = [set(record(f, X.to(dtype))[1]) for dtype in (torch.float64, torch.bfloat16)]
    assert names[0] == names[1]


def test_hooks_of_submodules_are_not_seen():
    module = nn.Sequential(nn.Linear(4, 4), nn.ReLU()).double()
    _, values, _ = recorded(module, lambda: module(X), results_seen)
    assert sum(name.startswith("~") for name in values) == 2
    assert {"0", "1"} < set(values)
