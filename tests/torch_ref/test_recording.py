"""That every place has the values and cotangents of torch: tests/aten holds them against JAX."""

import pytest
import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

from tests.support.torch_programs import Net, Swish
from torch_ref.recording import recorded, submodules


@pytest.fixture
def x():
    return torch.randn(3, 4, generator=torch.Generator().manual_seed(0))


def run(module, *args):
    def call():
        result = module(*args)
        result.sum().backward()
        return result

    return recorded(module, call)


def hooks_of(module):
    return [hook for part in module.modules() for hook in part._forward_hooks]


def test_a_value_and_its_cotangent_are_those_before_a_change_in_place(x):
    def change(net, x):
        h = net.a(x)
        h[:, 0] = 0
        h.mul_(2)
        return net.b(net.act(h))

    net = Net(change, act=nn.ReLU(inplace=True))
    result, values, cotangents = run(net, x)
    before = net.a(x).detach()
    torch.testing.assert_close(values["a"], before, rtol=0, atol=0)
    after = torch.relu(2 * before * torch.tensor([0.0, 1, 1, 1]))
    torch.testing.assert_close(values["act"], after, rtol=0, atol=0)
    inner = (net.b.weight.sum(0) * (after > 0)).detach()
    torch.testing.assert_close(cotangents["act"], net.b.weight.sum(0).expand(3, 4).detach())
    torch.testing.assert_close(cotangents["a"], 2 * inner * torch.tensor([0.0, 1, 1, 1]))
    assert set(values) == {"a", "act", "b"} == set(cotangents)
    assert result.requires_grad


def test_places_are_named_by_submodule_call_and_part(x):
    net = Net(lambda net, x: net.a(net.lstm(net.a(net.a(x)))[0]), lstm=nn.LSTM(4, 4))
    _, values, _ = run(net, x)
    assert list(values) == ["a", "a@1", "lstm[0]", "lstm[1][0]", "lstm[1][1]", "a@2"]
    net = Net(lambda net, x: net.tree(x)["h"][0], tree=Net(lambda net, x: {"h": (x * 2, 3)}))
    assert list(recorded(net, lambda: net(x))[1]) == ["tree['h'][0]"]


def test_what_has_no_gradient_has_no_cotangent(x):
    def stop(net, x):
        with torch.no_grad():
            scale = net.a(x)
        return net.b(x) * scale + net.index(x).sum()

    net = Net(stop, index=Net(lambda net, x: x.argmax(-1)))
    _, values, cotangents = run(net, x)
    assert (set(values), set(cotangents)) == ({"a", "b"}, {"b"})
    with torch.inference_mode():
        assert set(recorded(net, lambda: net(x))[1]) == {"a", "b"}


def test_what_no_gradient_reaches_has_one_of_0_but_for_a_view_that_was_changed(x):
    def leave(net, x):
        flat = net.flat(net.a(x)[:, None])
        return net.b(flat.relu_()).sum() + net.c(x).detach()

    net = Net(leave, c=nn.Linear(4, 4), flat=nn.Flatten())
    _, values, cotangents = run(net, x)
    assert set(values) == {"a", "flat", "b", "c"}
    assert set(cotangents) == {"a", "b", "c"}
    assert not cotangents["c"].any()


def test_what_a_part_passes_on_has_the_cotangent_of_all_that_is_made_of_it(x):
    net = Net(lambda net, x: (lambda h: net.same(h) + h)(net.a(x)), same=nn.Identity())
    _, values, cotangents = run(net, x)
    torch.testing.assert_close(values["same"], values["a"])
    assert (cotangents["a"] == 2).all()
    assert (cotangents["same"] == 2).all()


def test_cotangents_of_several_backward_passes_are_added(x):
    net = Net(lambda net, x: net.a(x))

    def twice():
        result = net(x).sum()
        result.backward(retain_graph=True)
        result.backward()

    assert (recorded(net, twice)[2]["a"] == 2).all()


def test_gradients_that_the_forward_itself_computes_are_none_of_them(x):
    def force(net, x):
        h = net.a(x)
        (slope,) = torch.autograd.grad(h.sum(), h, retain_graph=True)
        return h * slope

    _, _, cotangents = run(Net(force), x)
    assert (cotangents["a"] == 1).all()


@pytest.mark.parametrize("use_reentrant", [False, True])
def test_what_checkpointing_computes_again_is_recorded_once(x, use_reentrant):
    def run_all(net, x):
        return net.b(checkpoint(net.deep, x, use_reentrant=use_reentrant))

    deep = nn.Sequential(nn.Linear(4, 4), nn.Tanh())
    net = Net(run_all, deep=deep)
    x.requires_grad_()
    _, values, cotangents = run(net, x)
    assert list(values) == ["deep.0", "deep.1", "deep", "b"]
    plain = run(Net(lambda net, x: net.b(net.deep(x)), deep=deep, b=net.b), x)[2]
    torch.testing.assert_close(cotangents, plain)


def test_the_module_is_left_as_it_was_whatever_happens(x):
    net = Net(lambda net, x: net.b(net.a(x)))
    run(net, x)
    assert hooks_of(net) == []
    kept = []
    leaf = Net(lambda net, x: net.weight(x) * x, weight=Net(lambda net, x: net.a.bias))
    run(leaf, x)  # a part that returns a parameter
    assert not leaf.weight.a.bias._backward_hooks
    with pytest.raises(ZeroDivisionError):
        recorded(net, lambda: kept.append(net(x)) or 1 / 0)
    assert hooks_of(net) == []
    kept[0].sum().backward()


def test_the_result_is_that_of_the_run_bit_for_bit(x):
    net = Net(lambda net, x: net.b(Swish.apply(net.a(x))))
    result, _, _ = run(net, x)
    recorded_gradient, net.a.weight.grad = net.a.weight.grad, None
    plain = net(x)
    plain.sum().backward()
    assert torch.equal(result, plain)
    assert torch.equal(recorded_gradient, net.a.weight.grad)


def test_a_compiled_part_and_a_wrapper_have_the_names_of_what_they_wrap(x):
    inner = nn.Sequential(nn.Linear(4, 4), nn.Tanh())
    net = Net(lambda net, x: net.c(x), c=torch.compile(inner, backend="eager"))
    assert list(submodules(net)) == ["a", "b", "c", "c.0", "c.1"]
    _, values, cotangents = run(net, x)
    assert set(values) == {"c", "c.0", "c.1"} == set(cotangents)
    assert list(submodules(nn.DataParallel(inner))) == ["0", "1"]


def test_inside_vmap_there_is_nothing_to_see(x):
    net = Net(lambda net, x: torch.vmap(net.a)(x) + net.b(x))
    assert set(run(net, x)[1]) == {"b"}
