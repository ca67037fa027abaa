"""Modules beside their copies and ports: what `compare_functions` takes, and leaves as it is."""

import copy
import random

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch
from torch import nn

from compare import UsageError, compare_functions, cut

X = np.random.default_rng(0).standard_normal((3, 4)).astype(np.float32)


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc, self.norm = nn.Linear(4, 2), nn.BatchNorm1d(2)

    def forward(self, x):
        return self.norm(self.fc(x))


def port(state, x):
    z = cut(x @ state["fc.weight"].T + state["fc.bias"][None], "fc")
    z = (z - z.mean(0, keepdims=True)) / jnp.sqrt(z.var(0, keepdims=True) + 1e-5)
    return z * state["norm.weight"][None] + state["norm.bias"][None]


@pytest.fixture(scope="module")
def block():
    torch.manual_seed(0)
    return Block()


def test_a_module_beside_its_copy_a_port_and_a_function(block):
    def function(state, x):
        z = torch.nn.functional.linear(x, state["fc.weight"], state["fc.bias"])
        z = (z - z.mean(0)) / torch.sqrt(z.var(0, unbiased=False) + 1e-5)
        return z * state["norm.weight"] + state["norm.bias"]

    candidates = {"copy": copy.deepcopy(block), "port": port, "function": function}
    found = compare_functions(block, candidates, X)
    assert found.agrees, found.reason
    names = {one.name for one in found.candidates[0].checks if one.kind == "statistic"}
    assert {"norm.running_mean", "norm.running_var"} <= names


def test_a_module_beside_a_function_of_its_weights(block):
    state = {name: one for name, one in block.state_dict().items() if "tracked" not in name}
    found = compare_functions(port, copy.deepcopy(block), state, X)
    assert found.agrees, found.reason
    gradients = {one.name for one in found.candidates[0].checks if one.kind == "gradient"}
    assert "args[0]['fc.weight']" in gradients
    assert "args[0]['norm.running_mean']" not in gradients


def test_a_loss_of_what_a_module_returns(block):
    def loss(made):
        return torch.nn.functional.mse_loss(made, torch.zeros(3, 2))

    candidates = {"copy": copy.deepcopy(block), "port": lambda *args: jnp.mean(port(*args) ** 2)}
    found = compare_functions(block, candidates, X, loss=loss, wrt="fc")
    assert found.agrees, found.reason
    gradients = [one.name for one in found.candidates[0].checks if one.kind == "gradient"]
    assert gradients == ["fc.bias", "fc.weight"]


def test_a_loss_reaches_a_module_that_is_compiled(block):
    compiled = torch.compile(copy.deepcopy(block), backend="eager")
    for reference, candidate in ((block, compiled), (compiled, block)):
        found = compare_functions(reference, candidate, X, loss=lambda made: (made**2).sum())
        assert found.agrees, found.reason
        assert found.candidates[0].checks[-1].kind == "gradient"


def test_programs_may_change_their_inputs_in_place_and_be_called_under_no_grad():
    net = nn.Sequential(nn.ReLU(inplace=True), nn.Linear(4, 2))
    with torch.no_grad():
        assert compare_functions(net, copy.deepcopy(net), X).agrees
    assert compare_functions(lambda x: jnp.sin(x), lambda x: x.sin_(), X).agrees


def test_hooks_on_the_gradients_of_parameters_are_a_part_of_a_candidate(block):
    clipped = copy.deepcopy(block)
    clipped.fc.weight.register_hook(lambda slope: slope * 0.5)
    found = compare_functions(block, clipped, X)
    assert "the gradient by `fc.weight`" in found.candidates[0].sentence
    assert len(clipped.fc.weight._backward_hooks) == 1


def test_a_reference_that_float64_cannot_run_leaves_its_candidate_judged_without():
    inner = nn.Linear(4, 2)
    net = copy.deepcopy(inner)
    net.forward = lambda x: inner(x) * 1.001
    found = compare_functions(net, lambda s, x: x @ s["weight"].T + s["bias"][None], X, wrt=0)
    assert found.verdict == "disagree"
    assert "float64" not in found.headline


def test_nothing_of_the_users_is_changed(block):
    own, x = copy.deepcopy(block), torch.tensor(X, requires_grad=True)
    own.fc.weight.grad = torch.ones(2, 4)
    own.norm.eval()
    hook = own.fc.register_forward_hook(lambda *_: None)
    state, modes = copy.deepcopy(own.state_dict()), [one.training for one in own.modules()]
    hooks = dict(own.fc._forward_hooks)
    generators = (
        random.getstate(),
        np.random.get_state()[1].tolist(),
        torch.get_rng_state().tolist(),
    )
    candidates = {"copy": copy.deepcopy(own), "chance": lambda s, x: torch.nn.functional.dropout(x)}
    compare_functions(own, candidates["copy"], x)
    with pytest.raises(UsageError, match="draws from the random numbers of torch"):
        compare_functions(own, candidates, x)
    now = own.state_dict()
    assert all(torch.equal(now[name], one) for name, one in state.items())
    assert [one.training for one in own.modules()] == modes
    assert (own.fc.weight.grad == 1).all()
    assert x.grad is None
    assert dict(own.fc._forward_hooks) == hooks
    assert not torch.is_inference_mode_enabled()
    hook.remove()
    assert generators == (
        random.getstate(),
        np.random.get_state()[1].tolist(),
        torch.get_rng_state().tolist(),
    )


def test_a_reference_that_is_a_chain_of_layers_gets_the_certificate_of_a_network():
    net = nn.Sequential(nn.Linear(4, 3), nn.Tanh(), nn.Linear(3, 2))
    found = compare_functions(net, copy.deepcopy(net), X)
    assert (found.verdict, found.network.verdict) == ("agree", "agree")
    assert found.remarks[-1] == "as a network, sample by sample: every difference is rounding"
    assert compare_functions(jnp.sin, jnp.sin, X).network is None


class WrongTanh(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return torch.tanh(x)

    @staticmethod
    def backward(ctx, slope):
        return 1.01 * slope * (1 - torch.tanh(ctx.saved_tensors[0]) ** 2)


class Activation(nn.Module):
    def forward(self, x):
        return WrongTanh.apply(x)


def test_a_backward_of_the_reference_that_is_wrong_is_seen_in_its_network():
    def right(state, x):
        h = jnp.tanh(x @ state["0.weight"].T + state["0.bias"][None])
        return h @ state["2.weight"].T + state["2.bias"][None]

    net = nn.Sequential(nn.Linear(4, 3), Activation(), nn.Linear(3, 2))
    found = compare_functions(net, right, X)
    assert found.verdict == found.network.verdict == "disagree"
    assert "delta1 of module is 1.01 times what the chain rule gives" in found.headline


def test_a_network_that_is_right_is_not_told_of_beside_a_candidate_that_is_wrong():
    net, x = nn.Sequential(nn.Linear(3, 2)), np.linspace(-1, 1, 6, dtype=np.float32).reshape(2, 3)
    found = compare_functions(net, lambda state, x: x @ state["0.weight"].T, x)
    assert found.verdict == "disagree"
    assert (found.network.verdict, "as a network" in found.reason) == ("agree", False)


def test_a_compiled_module_is_run_as_a_whole_too():
    def wrong_if_fused(graph, _):
        layers = [node for node in graph.graph.nodes if "linear" in str(node.target)]
        factor = 1.001 if len(layers) > 1 else 1.0
        return lambda *args: tuple(one * factor for one in graph(*args))

    net = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 2))
    found = compare_functions(net, torch.compile(net, backend=wrong_if_fused), X)
    assert found.verdict == "disagree"


def test_a_module_that_was_compiled_in_place_is_refused(block):
    block.fc.compile(backend="eager")
    with pytest.raises(UsageError, match=r"candidate: fc \(Linear\) was compiled in place"):
        compare_functions(copy.deepcopy(block), block, X)


def test_a_reference_that_is_not_what_export_sees_is_told_of():
    class Other(nn.Linear):
        def forward(self, x):
            return super().forward(x) * (1.001 if torch.compiler.is_compiling() else 1.0)

    net = Other(4, 2)
    found = compare_functions(net, lambda s, x: 1.001 * (x @ s["weight"].T + s["bias"][None]), X)
    assert found.verdict == "agree"
    assert found.remarks[0].startswith("the reference: its rounding errors are beyond their bounds")


def test_submodules_that_make_nothing_are_passed_over():
    net = nn.Sequential(nn.Flatten(), nn.Linear(4, 2))
    report = compare_functions(net, copy.deepcopy(net), X, loss=torch.sum)
    assert "has no place" not in report.reason


def test_labels_of_jax_are_those_that_torch_takes():
    def loss(z, y):
        return -jnp.mean(jnp.take_along_axis(jax.nn.log_softmax(z), y[:, None], 1))

    y = jnp.array([1, 0, 3])
    assert compare_functions(loss, nn.functional.cross_entropy, X, y).agrees
