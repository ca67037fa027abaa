import copy
import warnings
from collections import OrderedDict

import pytest
import torch
from torch import nn
from torch.nn import functional
from torch.nn.utils import parametrizations

from torch_ref import ACTIVATIONS, MLP, per_sample_gradients
from torch_ref.module import ModuleError, module_gradients, read_module

ULPS = {
    torch.float32: 2**-23,
    torch.float64: 2**-52,
    torch.bfloat16: 2**-7,
    torch.float16: 2**-10,
}
LOW = (torch.bfloat16, torch.float16)


class Net(nn.Module):
    """Layers a, b and c, and a forward(net, x) of the test."""

    def __init__(self, run, **parts):
        super().__init__()
        self.a, self.b, self.c = nn.Linear(3, 4), nn.Linear(4, 4), nn.Linear(4, 2)
        self.run = run
        for name, part in parts.items():
            setattr(self, name, part)

    def forward(self, x):
        return self.run(self, x)


def between(act, **parts):
    return Net(lambda net, x: net.c(act(net.b(act(net.a(x))))), **parts)


def stack(*parts):
    """a, an activation and so on: Linear 3-4, what is given, Linear 4-2."""
    return nn.Sequential(nn.Linear(3, 4), *parts, nn.Linear(4, 2))


def linear_with(change, n_in=4, n_out=2):
    linear = nn.Linear(n_in, n_out)
    return change(linear) or linear


class Scaled(nn.Linear):
    def forward(self, x):
        return 2 * super().forward(x)


class Renamed(nn.Linear):
    pass


class Backwards(nn.Module):
    """Registers its layers in another order than it calls them, and takes an option."""

    def __init__(self):
        super().__init__()
        self.last, self.first = nn.Linear(4, 2), nn.Linear(3, 4)
        self.also_first = self.first

    def forward(self, x, mask=None):
        return self.last(torch.tanh(self.first(x))) if mask is None else mask


class TwoInputs(nn.Linear):
    def forward(self, x, y):
        return super().forward(x) + y


class Root(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(3, 2)

    def forward(self, x, y):
        return self.fc(x + y)


class Loose(nn.Module):
    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(4))
        self.net = nn.Linear(3, 4)

    def forward(self, x):
        return self.net(x) * self.scale


class WrongRelu(torch.autograd.Function):
    """A relu whose backward forgets the mask, and which vmap cannot follow."""

    @staticmethod
    def forward(ctx, x):
        return torch.relu(x)

    @staticmethod
    def backward(ctx, grad):
        return grad


def nested():
    return nn.Sequential(
        nn.Sequential(nn.Linear(3, 4), nn.SiLU()),
        nn.Sequential(nn.Linear(4, 4), nn.SiLU(), nn.Linear(4, 2)),
    )


def named():
    parts = [("one", nn.Linear(3, 4)), ("act", nn.Tanh()), ("two", nn.Linear(4, 2))]
    return nn.Sequential(OrderedDict(parts))


FUNCTIONS = {
    "torch.relu": (torch.relu, "relu"),
    "F.relu": (functional.relu, "relu"),
    "F.relu in place": (lambda z: functional.relu(z, inplace=True), "relu"),
    "x.relu": (lambda z: z.relu(), "relu"),
    "x.relu_": (lambda z: z.relu_(), "relu"),
    "torch.relu by keyword": (lambda z: torch.relu(input=z), "relu"),
    "torch.sigmoid": (torch.sigmoid, "sigmoid"),
    "F.sigmoid": (functional.sigmoid, "sigmoid"),
    "x.sigmoid": (lambda z: z.sigmoid(), "sigmoid"),
    "x.sigmoid_": (lambda z: z.sigmoid_(), "sigmoid"),
    "expit": (torch.special.expit, "sigmoid"),
    "torch.tanh": (torch.tanh, "tanh"),
    "F.tanh": (functional.tanh, "tanh"),
    "x.tanh_": (lambda z: z.tanh_(), "tanh"),
    "F.silu": (functional.silu, "silu"),
    "F.silu in place": (lambda z: functional.silu(z, inplace=True), "silu"),
    "F.gelu": (lambda z: functional.gelu(z, approximate="tanh"), "gelu"),
    "F.softplus": (functional.softplus, "softplus"),
    "F.softplus by position": (lambda z: functional.softplus(z, 1, 40), "softplus"),
    "nothing": (lambda z: z, "identity"),
}

ACCEPTED = {
    "sequential": (lambda: stack(nn.Sigmoid()), ["0", "2"], "sigmoid"),
    "nested": (nested, ["0.0", "1.0", "1.2"], "silu"),
    "named": (named, ["one", "two"], "tanh"),
    "inplace relu": (lambda: stack(nn.ReLU(inplace=True)), ["0", "2"], "relu"),
    "gelu": (lambda: stack(nn.GELU(approximate="tanh")), ["0", "2"], "gelu"),
    "softplus": (lambda: stack(nn.Softplus()), ["0", "2"], "softplus"),
    "softplus just high enough": (
        lambda: stack(nn.Softplus(threshold=18)),
        ["0", "2"],
        "softplus",
    ),
    "softplus of float64": (
        lambda: stack(nn.Softplus(threshold=40)).double(),
        ["0", "2"],
        "softplus",
    ),
    "float64": (lambda: stack(nn.Tanh()).double(), ["0", "2"], "tanh"),
    "identity inside": (
        lambda: nn.Sequential(nn.Identity(), *stack(nn.Tanh(), nn.Identity()), nn.Identity()),
        ["1", "4"],
        "tanh",
    ),
    "no activation": (stack, ["0", "1"], "identity"),
    "linear": (lambda: nn.Linear(3, 2), [""], "identity"),
    "linear of a subclass": (lambda: Renamed(3, 2), [""], "identity"),
    "one linear": (lambda: nn.Sequential(nn.Linear(3, 2)), ["0"], "identity"),
    "other order, an option, a second name": (Backwards, ["first", "last"], "tanh"),
    "one activation module, used twice": (
        lambda: Net(lambda net, x: net.c(net.act(net.b(net.act(net.a(x))))), act=nn.Tanh()),
        ["a", "b", "c"],
        "tanh",
    ),
    "a part never called": (lambda: between(torch.tanh, off=nn.Dropout()), ["a", "b", "c"], "tanh"),
    "frozen": (lambda: stack(nn.ReLU()).requires_grad_(False), ["0", "2"], "relu"),
    "our own": (lambda: MLP((3, 4, 2), activation="gelu"), ["layers.0", "layers.1"], "gelu"),
    "compiled": (lambda: torch.compile(stack(nn.ReLU()), backend="eager"), ["0", "2"], "relu"),
    "data parallel": (lambda: nn.DataParallel(stack(nn.ReLU())), ["0", "2"], "relu"),
    **{
        name: (lambda act=act: between(act), ["a", "b", "c"], activation)
        for name, (act, activation) in FUNCTIONS.items()
    },
}


def swap(net, layer, change):
    change(getattr(net, layer))
    return net


def on_relu(change, layer="a"):
    return lambda: swap(between(torch.relu), layer, change)


def double_b(net):
    net.b.double()
    return net


def hooked(register, hook=lambda *args: None):
    return on_relu(lambda linear: getattr(linear, register)(hook))


def compiled_in_place():
    net = stack(nn.ReLU())
    net.compile(backend="eager")
    return net


def old_weight_norm():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it is deprecated
        return nn.Sequential(nn.utils.weight_norm(nn.Linear(3, 2)))


def scripted():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it is deprecated
        return torch.jit.script(stack(nn.ReLU()))


def autocast(net, x):
    with torch.autocast("cpu", dtype=torch.bfloat16):
        return net.c(torch.relu(net.b(torch.relu(net.a(x)))))


def set_on_instance(linear):
    linear.forward = lambda x: x


def plain_weight(linear):
    weight = linear.weight.detach()
    del linear.weight
    linear.weight = weight


def tie(net):
    net.b.weight = nn.Parameter(net.b.weight.detach())
    net.b.bias = net.a.bias
    return net


def unused_result(net, x):
    net.b(net.a(x))
    return net.c(net.a(x))


REFUSED = {
    "no module": (lambda: "net.pt", ["expected a torch.nn.Module", "str"]),
    "no bias": (lambda: nn.Sequential(nn.Linear(3, 2, bias=False)), ["0 (Linear)", "no bias"]),
    "relu on the output": (
        lambda: nn.Sequential(nn.Linear(3, 2), nn.ReLU()),
        ["1 (ReLU)", "relu on the output"],
    ),
    "sigmoid on the output, functional": (
        lambda: Net(lambda net, x: torch.sigmoid(net.c(net.b(net.a(x))))),
        ["the module (Net), sigmoid", "sigmoid on the output"],
    ),
    "mixed": (
        lambda: nn.Sequential(*stack(nn.ReLU()), nn.Tanh(), nn.Linear(2, 1)),
        ["relu at 1 (ReLU)", "tanh at 3 (Tanh)"],
    ),
    "activation missing once": (
        lambda: nn.Sequential(*stack(nn.ReLU()), nn.Linear(2, 1)),
        ["relu at 1 (ReLU)", "identity at 2 (Linear) to 3 (Linear)"],
    ),
    "two in a row": (lambda: stack(nn.ReLU(), nn.Tanh()), ["2 (Tanh)", "tanh after relu"]),
    "before the first": (
        lambda: nn.Sequential(nn.ReLU(), nn.Linear(3, 2)),
        ["0 (ReLU)", "before the first layer"],
    ),
    "no linear": (nn.Sequential, ["got none"]),
    "identity alone": (nn.Identity, ["got none"]),
    "dropout": (lambda: stack(nn.ReLU(), nn.Dropout()), ["2 (Dropout)", "nn.Identity"]),
    "dropout in eval mode": (lambda: stack(nn.Dropout()).eval(), ["1 (Dropout)", "eval mode"]),
    "functional dropout": (
        lambda: between(lambda z: functional.dropout(z, training=False)),
        ["the module (Net), dropout", "remove it"],
    ),
    "convolution": (lambda: stack(nn.Conv1d(4, 4, 1)), ["1 (Conv1d)", "got Conv1d"]),
    "batch norm": (lambda: stack(nn.BatchNorm1d(4)), ["1 (BatchNorm1d)", "take it out"]),
    "layer norm": (lambda: stack(nn.LayerNorm(4)), ["1 (LayerNorm)"]),
    "lstm": (lambda: stack(nn.LSTM(4, 4)), ["1 (LSTM)"]),
    "flatten": (lambda: stack(nn.Flatten()), ["1 (Flatten)"]),
    "reshape": (lambda: between(lambda z: z.reshape(-1, 4)), ["(Net), reshape"]),
    "view of the shape": (lambda: between(lambda z: z.view(z.shape[0], 4)), ["(Net), getattr"]),
    "squeeze": (lambda: Net(lambda n, x: n.c(n.b(n.a(x))).squeeze(-1)), ["squeeze"]),
    "detach": (lambda: between(lambda z: torch.relu(z).detach()), ["detach"]),
    "leaky relu": (lambda: stack(nn.LeakyReLU()), ["1 (LeakyReLU)"]),
    "elu": (lambda: stack(nn.ELU()), ["1 (ELU)", "sigmoid, tanh, relu"]),
    "prelu": (lambda: stack(nn.PReLU()), ["1 (PReLU)"]),
    "functional leaky relu": (lambda: between(functional.leaky_relu), ["leaky_relu"]),
    "gelu by erf": (lambda: stack(nn.GELU()), ["1 (GELU)", "approximate='tanh'"]),
    "functional gelu by erf": (lambda: between(functional.gelu), ["gelu", "approximate='tanh'"]),
    "softplus with beta": (lambda: stack(nn.Softplus(beta=2)), ["1 (Softplus)", "beta=1", "got 2"]),
    "functional softplus with beta": (
        lambda: between(lambda z: functional.softplus(z, 2)),
        ["got 2"],
    ),
    "softplus of float64": (lambda: stack(nn.Softplus()).double(), ["float64", "threshold=40"]),
    "softplus with a low threshold": (lambda: stack(nn.Softplus(threshold=5)), ["threshold=40"]),
    "softplus just too low": (lambda: stack(nn.Softplus(threshold=17)), ["threshold=40"]),
    "softplus that overflows": (lambda: stack(nn.Softplus(threshold=99)), ["threshold=40"]),
    "shared linear": (
        lambda: Net(lambda net, x: net.c(net.b(net.b(net.a(x))))),
        ["b.weight and b.weight", "used twice"],
    ),
    "shared bias": (lambda: tie(between(torch.relu)), ["b.bias and a.bias", "used twice"]),
    "skip connection": (
        lambda: Net(lambda net, x: net.c((h := net.a(x)) + net.b(h))),
        ["(Net), add", "skip connections"],
    ),
    "branch": (
        lambda: Net(lambda net, x: (net.a(x), net.c(net.b(torch.relu(net.a(x)))))[1]),
        ["a (Linear)", "branches"],
    ),
    "unused result": (lambda: Net(unused_result), ["a (Linear)", "branches"]),
    "dead end": (
        lambda: Net(lambda net, x: (h := net.c(net.b(net.a(x))), h.relu())[0]),
        ["return one tensor"],
    ),
    "several inputs": (Root, ["torch.fx cannot follow", "missing 1 required"]),
    "several outputs": (lambda: Net(lambda net, x: (net.c(net.b(net.a(x))), 1)), ["one tensor"]),
    "a dict": (lambda: Net(lambda net, x: {"y": net.c(net.b(net.a(x)))}), ["one tensor"]),
    "arithmetic": (lambda: between(lambda z: torch.relu(z) * 2), ["(Net), mul", "got mul"]),
    "arithmetic in a part": (
        lambda: nn.Sequential(nn.Linear(3, 3), between(lambda z: 1 - z)),
        ["1 (Net), sub"],
    ),
    "a tensor of its own": (Loose, ["scale", "a tensor by itself"]),
    "control flow": (
        lambda: Net(lambda net, x: net.a(x) if x.sum() > 0 else x),
        ["torch.fx cannot follow", "control flow"],
    ),
    "numpy": (lambda: Net(lambda net, x: net.a(x).numpy() + 1), ["the module (Net), numpy"]),
    "an error": (lambda: Net(lambda net, x: net.d(x)), ["torch.fx cannot follow", "'d'"]),
    "do not chain": (
        lambda: nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(5, 2)),
        ["2 (Linear)", "expected 4 inputs", "0 (Linear)", "got 5"],
    ),
    "odd bias": (
        on_relu(lambda linear: setattr(linear, "bias", nn.Parameter(torch.ones(1)))),
        ["a (Linear)", "[4, 3] and [1]"],
    ),
    "unused parameters": (
        lambda: Net(lambda net, x: net.b(torch.relu(net.a(x)))),
        ["c.weight", "does not use"],
    ),
    "linear with another forward": (lambda: stack(Scaled(4, 4)), ["1 (Scaled)", "forward of its"]),
    "two inputs of a linear": (lambda: stack(TwoInputs(4, 4)), ["1 (TwoInputs)"]),
    "parametrization": (
        lambda: stack(linear_with(parametrizations.weight_norm, 4, 4)),
        ["1 (ParametrizedLinear)", "remove_parametrizations"],
    ),
    "old weight norm": (old_weight_norm, ["0 (Linear)", "hook"]),
    "forward hook": (hooked("register_forward_hook"), ["a (Linear)", "hook"]),
    "forward pre-hook": (hooked("register_forward_pre_hook"), ["a (Linear)", "hook"]),
    "backward hook": (hooked("register_full_backward_hook"), ["a (Linear)", "hook"]),
    "backward pre-hook": (hooked("register_full_backward_pre_hook"), ["a (Linear)", "hook"]),
    "hook on a parameter": (
        on_relu(lambda linear: linear.weight.register_hook(lambda grad: 2 * grad) and None),
        ["a (Linear)", "hook on its weight"],
    ),
    "hook after a gradient": (
        on_relu(lambda linear: linear.bias.register_post_accumulate_grad_hook(print)),
        ["a (Linear)", "hook on its bias"],
    ),
    "forward on the instance": (on_relu(set_on_instance), ["a (Linear)", "on the instance"]),
    "weight that is no parameter": (on_relu(plain_weight), ["a (Linear)", "no parameter"]),
    "lazy": (lambda: nn.Sequential(nn.LazyLinear(2)), ["0 (LazyLinear)", "call the module once"]),
    "meta": (lambda: stack(nn.ReLU()).to("meta"), ["0.weight", "meta device"]),
    "mixed dtypes": (
        lambda: double_b(between(torch.relu)),
        ["a.weight is torch.float32", "b.weight is torch.float64"],
    ),
    "float8": (
        lambda: stack(nn.ReLU()).to(torch.float8_e5m2),
        ["0.weight", "bfloat16 or float16, got torch.float8_e5m2", ".float()"],
    ),
    "complex": (
        on_relu(lambda linear: setattr(linear, "bias", nn.Parameter(linear.bias * 1j))),
        ["a.bias", "torch.complex64"],
    ),
    "integers": (
        on_relu(
            lambda linear: setattr(
                linear, "weight", nn.Parameter(torch.ones(4, 3, dtype=torch.int32), False)
            )
        ),
        ["a.weight", "torch.int32"],
    ),
    "not finite": (
        on_relu(lambda linear: linear.bias.data.__setitem__(1, torch.inf)),
        ["module: a.bias has entries that are not finite"],
    ),
    "scripted": (scripted, ["torch.jit"]),
    "compiled in place": (compiled_in_place, ["compiled"]),
    "a compiled part": (
        lambda: nn.Sequential(torch.compile(nn.Linear(3, 2), backend="eager")),
        ["0 (OptimizedModule)", "compiled or wrapped"],
    ),
    "autocast inside": (lambda: Net(autocast), ["their own dtype", "autocast"]),
}


@pytest.fixture(autouse=True)
def _seeded():
    torch.manual_seed(1)


@pytest.mark.parametrize(("make", "names", "activation"), ACCEPTED.values(), ids=ACCEPTED)
def test_accepts(make, names, activation):
    module = make()
    chain = read_module(module, n_inputs=3)
    assert [name for name, _ in chain.linears] == names
    assert chain.activation == activation
    plain = getattr(module, "_orig_mod", getattr(module, "module", module))
    assert all(plain.get_submodule(name) is linear for name, linear in chain.linears)


@pytest.mark.parametrize("dtype", LOW, ids=str)
@pytest.mark.parametrize(("make", "names", "activation"), ACCEPTED.values(), ids=ACCEPTED)
def test_accepts_in_low_precision(make, names, activation, dtype):
    chain = read_module(make().to(dtype), n_inputs=3)
    assert [name for name, _ in chain.linears] == names
    assert chain.activation == activation


@pytest.mark.parametrize("dtype", LOW, ids=str)
def test_accepts_what_overflows_in_low_precision(dtype):
    module = stack(nn.ReLU()).to(dtype)
    with torch.no_grad():
        module[0].bias[:] = torch.finfo(dtype).max
        module[2].weight[:] = torch.tensor([[1, -1, 1, -1], [2, 2, 2, 2]])
        module[2].weight *= 2
        assert not module(torch.ones(1, 3, dtype=dtype)).isfinite().all()
    assert read_module(module).activation == "relu"


@pytest.mark.parametrize(("make", "words"), REFUSED.values(), ids=REFUSED)
def test_refuses(make, words):
    with pytest.raises(ModuleError) as caught:
        read_module(make())
    message = str(caught.value)
    assert all(word in message for word in words), message
    assert "\n" not in message


def test_every_activation_is_read():
    assert {activation for _, _, activation in ACCEPTED.values()} == set(ACTIVATIONS)


def test_refuses_another_number_of_inputs():
    with pytest.raises(ModuleError, match=r"0 \(Linear\): expected 2 inputs.*got 3"):
        read_module(stack(nn.ReLU()), n_inputs=2)


HIDDEN = {  # what a forward does to its output when nobody traces it
    "scaled": (lambda y: y * (1 + 1e-3), "does not compute what its layers do"),
    "not a number": (lambda y: y * torch.nan, "does not compute what its layers do"),
    "another dtype": (lambda y: y.double(), "does not compute what its layers do"),
    "another shape": (lambda y: y[:, 0], r"expected an output \[8, 2\]"),
    "a pair": (lambda y: (y, y), "expected an output .* got tuple"),
    "an error": (lambda y: y.view(3), "fails on a sample: shape"),
}


@pytest.mark.parametrize(("change", "words"), HIDDEN.values(), ids=HIDDEN)
def test_refuses_what_no_trace_shows(change, words):
    def forward(net, x):
        y = net.c(net.b(net.a(x)))
        return y if isinstance(y, torch.fx.Proxy) else change(y)

    with pytest.raises(ModuleError, match=words):
        read_module(Net(forward))
    for dtype in LOW:
        with pytest.raises(ModuleError, match=words):
            read_module(Net(forward).to(dtype))


@pytest.mark.parametrize("dtype", LOW, ids=str)
def test_refuses_what_low_precision_hides(dtype):
    """1.0001 is 1 in float16 and bfloat16."""

    def forward(net, x):
        y = net.c(net.b(net.a(x)))
        return y if isinstance(y, torch.fx.Proxy) else y * (1 + 1e-4)

    with pytest.raises(ModuleError, match="does not compute what its layers do"):
        read_module(Net(forward).to(dtype))


@pytest.mark.parametrize("dtype", LOW, ids=str)
def test_refuses_what_low_precision_alone_does(dtype):
    def forward(net, x):
        y = net.c(net.b(net.a(x)))
        return y if isinstance(y, torch.fx.Proxy) or y.dtype != dtype else 2 * y

    with pytest.raises(ModuleError, match="does not compute what its layers do"):
        read_module(Net(forward).to(dtype))


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("run", ["read", "gradients", "loop"])
def test_changes_nothing(run, training):
    act = WrongRelu.apply if run == "loop" else torch.relu
    module = between(act).train(training)
    module(torch.ones(1, 3)).sum().backward()
    chain = read_module(module)
    state = copy.deepcopy(module.state_dict())
    parameters = dict(module.named_parameters())
    gradients = {name: p.grad.clone() for name, p in parameters.items()}
    random = torch.get_rng_state()
    if run == "read":
        read_module(module)
    else:
        module_gradients(module, chain, torch.ones(2, 3), torch.ones(2, 2))
    assert torch.equal(torch.get_rng_state(), random)
    assert all(part.training is training for part in module.modules())
    for name, p in module.named_parameters():
        assert p is parameters[name]
        assert torch.equal(p, state[name])
        assert torch.equal(p.grad, gradients[name])


def test_random_forward_leaves_the_random_state():
    module = between(lambda z: z + torch.rand(1))
    random = torch.get_rng_state()
    with pytest.raises(ModuleError, match="a tensor by itself"):
        read_module(module)
    assert torch.equal(torch.get_rng_state(), random)


def samples(dtype, n=5):
    generator = torch.Generator().manual_seed(1)
    return (torch.rand(n, k, generator=generator, dtype=dtype) for k in (3, 2))


def assert_near(ours, theirs, dtype, ulps=16):
    """Within a few ulp of the largest number of the tensor."""
    assert ours.dtype == theirs.dtype == dtype
    assert ours.shape == theirs.shape
    assert not ours.requires_grad
    scale = max(float(theirs.abs().max()), 1e-3)
    assert float((ours - theirs).abs().max()) <= ulps * ULPS[dtype] * scale


@pytest.mark.parametrize("dtype", ULPS, ids=str)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_gradients_are_those_of_autograd(activation, dtype):
    model = MLP((3, 5, 4, 2), activation=activation, dtype=dtype)
    x, y = samples(dtype)
    found = module_gradients(model, read_module(model), x, y)
    expected = per_sample_gradients(model, x, y)
    assert_near(found.prediction, expected.prediction, dtype)
    assert_near(found.loss, expected.loss, dtype)
    for field in ("grads", "preacts", "acts"):
        for ours, theirs in zip(getattr(found, field), getattr(expected, field), strict=True):
            assert_near(ours, theirs, dtype)


@pytest.mark.parametrize("make", [make for make, *_ in ACCEPTED.values()], ids=ACCEPTED)
def test_gradients_are_in_the_order_of_the_chain(make):
    module = make()
    chain = read_module(module)
    sizes = [3, *(linear.out_features for _, linear in chain.linears)]
    dtype = chain.linears[0][1].weight.dtype
    model = MLP(sizes, activation=chain.activation, dtype=dtype)
    for ours, (_, theirs) in zip(model.layers, chain.linears, strict=True):
        ours.load_state_dict(theirs.state_dict())
    x, y = samples(dtype)
    found = module_gradients(module, chain, x, y)
    for ours, theirs in zip(found.grads, per_sample_gradients(model, x, y).grads, strict=True):
        assert_near(ours, theirs, dtype)


def test_gradients_are_those_of_the_forward_itself():
    """A wrong backward in the module is seen, which vmap cannot follow."""
    module = between(WrongRelu.apply)
    chain = read_module(module)
    x, y = samples(torch.float32)
    found = module_gradients(module, chain, x, y)
    expected = []
    for x_i, y_i in zip(x, y, strict=True):
        loss = (module(x_i[None])[0] - y_i).square().sum()
        expected.append(torch.autograd.grad(loss, list(module.parameters())))
    for ours, rows in zip(found.grads, zip(*expected, strict=True), strict=True):
        assert_near(ours, torch.stack(rows), torch.float32)
    right = module_gradients(between(torch.relu), chain, x, y)
    assert not torch.allclose(found.grads[0], right.grads[0])


@pytest.mark.parametrize("act", [torch.relu, WrongRelu.apply], ids=["vmap", "loop"])
def test_layer_that_the_forward_cuts_off_has_no_gradient(act):
    def forward(net, x):
        with torch.no_grad():
            h = act(net.a(x))
        return net.c(act(net.b(h)))

    module = Net(forward)
    grads = module_gradients(module, read_module(module), *samples(torch.float32)).grads
    assert not any(bool(g.any()) for g in grads[:2])
    assert all(bool(g.any()) for g in grads[2:])


def test_forward_that_torch_cannot_differentiate():
    def forward(net, x):
        with torch.inference_mode():
            return net.c(net.b(net.a(x)))

    module = Net(forward)
    with pytest.raises(ModuleError, match="cannot differentiate it: "):
        module_gradients(module, read_module(module), *samples(torch.float32))
