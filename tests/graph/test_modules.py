"""Graphs of modules as people write them: what is said is true, and names are theirs."""

import re

import pytest
import torch
from torch import nn

from compare.errors import UsageError
from compare.graph import explain_network
from compare.graph.pictures.texts import dot_texts
from compare.graph.torch.network import chain_network, module_network, read_chain
from jaxmlp import Layer
from tests.graph.test_explanation import assert_explained
from tests.graph.test_torch import assert_true_of_torch
from tests.support.graphs import quantities
from tests.support.module_forms import FORMS, Form, Free, end_of, labels


def seen_twice(net, x):
    z = net.a(x)
    return net.c(z * z.view(1, -1).sigmoid())


FORMS = {**FORMS, "a view of z beside it": Form(lambda: Free(seen_twice), ("silu",))}
IN_ONE_DTYPE = "reshaped, cast and copied"
BY_CLASS = ("NLLLoss", "-log p[y]")  # whose y is no vector


@pytest.mark.parametrize("name", [name for name in FORMS if name not in (IN_ONE_DTYPE, *BY_CLASS)])
def test_labels_are_what_the_nodes_of_a_module_save_and_are_handed(name):
    form = FORMS[name]
    module = form.make()
    chain = read_chain(module)
    assert not isinstance(chain, str), chain
    module.double()
    network = chain_network(module, chain, {}).network
    x = torch.rand(3, dtype=torch.float64)
    (y,) = labels(end_of(form), form.outputs, 1).double()
    own = dict(module.named_parameters())
    params = []
    for layer in chain.layers:
        w, b = layer.of(own)
        params.append(Layer(w.detach().numpy().T, None if b is None else b.detach().numpy()))
    known = quantities(params, x.numpy(), y.numpy(), network)
    assert_true_of_torch(module_network(module, chain, network, (x, y)), known)


@pytest.mark.parametrize("name", [IN_ONE_DTYPE, *BY_CLASS])
def test_others_are_explained_too(name):
    explained = explain_network(FORMS[name].make())
    assert_explained(explained)
    assert {"z1", "h1"} <= {node.label for node in explained.torch.nodes}


def test_what_a_view_is_handed_beside_what_it_views():
    nodes = explain_network(FORMS["a view of z beside it"].make()).torch.nodes
    taken = [(node.kind, node.gradient) for node in nodes if node.label == "z1"]
    assert taken == [("AddmmBackward0", "delta1"), ("ViewBackward0", "part of delta1")]


def test_parameters_are_drawn_by_the_names_of_the_module():
    named = dot_texts(explain_network(FORMS["x @ W + b"].make()))["graph_torch"]
    assert re.search(r"<b>b1</b> .*?parameter \[4\]<", named)
    named = dot_texts(explain_network(FORMS["no bias"].make()))["graph_torch"]
    assert re.search(r"<b>0.weight</b> .*?>w1.T \[4, 3\]<", named)


class Square(torch.autograd.Function):
    @staticmethod
    def forward(ctx, a):
        ctx.save_for_backward(a)
        return a * a

    @staticmethod
    def backward(ctx, grad):
        return 2 * grad * ctx.saved_tensors[0]


class Net(nn.Module):
    """Parts by name, and a forward of the test."""

    def __init__(self, run, **parts):
        super().__init__()
        self.run = run
        for name, part in parts.items():
            setattr(self, name, part)

    def forward(self, *inputs):
        return self.run(self, *inputs)


def pictures():
    conv, norm, pool = nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.MaxPool2d(2)
    return nn.Sequential(conv, norm, nn.ReLU(), pool, nn.Flatten(), nn.Linear(18, 3))


# name -> (what makes it, labels and kinds of nodes, submodules that nodes stand in)
ANY = {
    "a convolution": (pictures, {"0", "2", "3", "0.weight", "ConvolutionBackward0"}, {"5"}),
    "a skip connection": (
        lambda: Net(
            lambda n, x: n.fc2(n.fc1(x).tanh()) + x, fc1=nn.Linear(3, 4), fc2=nn.Linear(4, 3)
        ),
        {"fc1", "tanh(fc1)", "fc2 + x", "fc2.weight.T"},
        {"fc1", "fc2"},
    ),
    "a layer twice": (
        lambda: Net(lambda n, x: n.fc(n.fc(x)), fc=nn.Linear(3, 3)),
        {"fc", "fc (2)", "fc.weight"},
        {"fc"},
    ),
    "a recurrence": (
        lambda: Net(lambda n, x: n.rnn(x)[0], rnn=nn.RNN(3, 4, batch_first=True)),
        {"rnn", "rnn.weight_hh_l0"},
        {"rnn"},
    ),
    "an embedding and attention": (
        lambda: Net(
            lambda n, x: n.attn(e := n.emb(x), e, e)[0],
            emb=nn.Embedding(7, 4),
            attn=nn.MultiheadAttention(4, 2, batch_first=True),
        ),
        {"emb", "attn", "attn.in_proj_weight", "EmbeddingBackward0"},
        {"emb", "attn"},
    ),
    "a backward of its own": (
        lambda: Net(lambda n, x: n.b(Square.apply(n.a(x))), a=nn.Linear(3, 4), b=nn.Linear(4, 2)),
        {"a", "a * a", "SquareBackward"},
        {"a", "b"},
    ),
    "two inputs": (
        lambda: Net(lambda n, x: n.a(x) * n.b(x), a=nn.Linear(3, 2), b=nn.Linear(3, 2)),
        {"a", "b", "a * b"},
        {"a", "b"},
    ),
    "in half precision": (lambda: pictures().to(torch.bfloat16), {"0", "2"}, {"5"}),
    "dropout in train mode": (
        lambda: nn.Sequential(nn.Linear(3, 4), nn.Dropout(), nn.Linear(4, 2)),
        {"0", "1", "2"},
        {"1"},
    ),
    "a loss that nobody knows": (
        lambda: Net(lambda n, x: (n.a(x) ** 4).sum().exp(), a=nn.Linear(3, 2)),
        {"a", "a^4", "sum(a^4)"},
        {"a"},
    ),
}


@pytest.mark.parametrize("name", ANY)
def test_any_module_is_drawn(name):
    make, names, places = ANY[name]
    module, state = make(), torch.get_rng_state()
    before = {key: one.clone() for key, one in module.state_dict().items()}
    explained = explain_network(module)
    nodes = explained.torch.nodes
    assert_explained(explained)
    assert names <= {text for node in nodes for text in (node.label, node.kind)}
    assert places <= {node.own for node in nodes}
    assert explained.jax is None
    assert explained.rows == ()
    assert explained.reason
    assert module.training
    assert all(torch.equal(before[key], one) for key, one in module.state_dict().items())
    assert all(p.grad is None for p in module.parameters())
    assert torch.equal(torch.get_rng_state(), state)


def test_nobodys_node_is_called_as_autograd_calls_it():
    explained = explain_network(ANY["a backward of its own"][0]())
    (node,) = (node for node in explained.torch.nodes if node.kind == "SquareBackward")
    assert "a torch.autograd.Function of the module's own" in node.explanation


def test_a_shape_that_no_layer_tells():
    module = Net(lambda n, x: n.fc(x.mean((2, 3))), fc=nn.Linear(3, 2))
    with pytest.raises(UsageError, match=r"cannot be called: IndexError: Dim.*; pass input_shape"):
        explain_network(module)
    explained = explain_network(module, input_shape=(3, 4, 5))
    assert explained.torch.nodes[0].shape == (1, 3, 4, 5)


@pytest.mark.parametrize(
    ("loss", "formula"),
    [
        (nn.MSELoss(), "sum((yhat - y)^2) / 2"),
        (lambda yhat, y: 0.5 * ((yhat - y) ** 2).sum(), "sum((yhat - y)^2) / 2"),
        (nn.CrossEntropyLoss(), "-sum(y * log(softmax(z2)))"),
        (nn.L1Loss(reduction="sum"), "sum(abs(yhat - y))"),
    ],
)
def test_a_loss_of_a_users_own(loss, formula):
    module = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))
    for network in (module, (3, 4, 2)):
        explained = explain_network(network, loss=loss)
        assert explained.formula == formula
        assert_explained(explained)
    names = {node.own for node in explain_network(module, loss=loss).torch.nodes}
    assert {"0.weight", "2.bias", "0", "2"} <= names
