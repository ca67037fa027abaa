import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch
from _pytest.logging import LogCaptureHandler, catching_logs
from torch import nn

from compare.aten.program import exported
from compare.errors import UsageError
from compare.problem.cuts import is_cotangent
from tests.support.cut_values import with_cuts
from tests.support.torch_programs import PROGRAMS, Net, Output, Swish
from torch_ref.convert import to_array
from torch_ref.recording import plain_name, recorded
from torch_ref.trees import mapped, parts_of


@pytest.fixture(autouse=True)
def _x64():
    with jax.enable_x64(True):
        yield


def _seeded(tensor):
    generator = torch.Generator().manual_seed(tensor.numel())
    return torch.randn(tensor.shape, generator=generator, dtype=tensor.dtype)


def _floats(tree):
    """Its tensors and arrays, a dataclass in the place of a dict and a dict in that of one."""
    plain = mapped(tree, lambda out: {"logits": out.logits, "hidden": out.hidden}, of=Output)
    return [leaf for _, leaf in sorted(parts_of(plain), key=_path) if hasattr(leaf, "shape")]


def _path(part):
    return part[0]


@functools.cache
def _exported(name):
    """A program of float64, the module and its arguments."""
    torch.manual_seed(0)
    module, args = PROGRAMS[name]()
    module = module.double()
    args = mapped(args, lambda x: x.double() if x.is_floating_point() else x, of=torch.Tensor)
    if name == "checkpoints":
        args[0].requires_grad_()
    return exported(module, args), module, args


def _run(module, args):
    results = _floats(module(*args))
    sum((result * _seeded(result)).sum() for result in results).backward()
    return [to_array(result) for result in results], [to_array(_seeded(r)) for r in results]


def _near(found, expected):
    found, expected = np.asarray(found), np.asarray(expected)
    assert found.shape == expected.shape
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12 * max(1, np.abs(expected).max()))


@pytest.fixture
def hardly_optimized():
    """What is compiled runs once."""
    before = jax.config.read("jax_disable_most_optimizations")
    jax.config.update("jax_disable_most_optimizations", True)
    yield
    jax.config.update("jax_disable_most_optimizations", before)


@pytest.mark.usefixtures("hardly_optimized")
@pytest.mark.parametrize("name", PROGRAMS)
def test_jax_computes_what_torch_does_at_every_place_forward_and_backward(name):
    program, module, args = _exported(name)
    (results, seeds), values, cotangents = recorded(module, lambda: _run(module, args))

    def loss(parameters):
        state = {**program.buffers, **parameters}
        outputs, statistics = program.call(state, *map(to_array, args))
        outputs = _floats(outputs)
        return sum((a * s).sum() for a, s in zip(outputs, seeds, strict=True)), (
            outputs,
            statistics,
        )

    differentiated = jax.jit(with_cuts(jax.value_and_grad(loss, has_aux=True)))
    ((_, (outputs, statistics)), gradients), found = differentiated(dict(program.parameters))

    for output, result in zip(outputs, results, strict=True):
        _near(output, result)
    own = {plain_name(module, key): p for key, p in module.named_parameters()}
    assert set(own) == set(gradients)
    for key, parameter in own.items():
        expected = torch.zeros_like(parameter) if parameter.grad is None else parameter.grad
        _near(gradients[key], to_array(expected))
    buffers = {plain_name(module, key): buffer for key, buffer in module.named_buffers()}
    for key, statistic in statistics.items():
        _near(statistic, to_array(buffers[key]))
    assert {cut for cut in found if not is_cotangent(cut)} == set(program.cuts)
    for cut in program.cuts:
        _near(found[cut], to_array(values[cut]))
        zero = torch.zeros_like(values[cut])  # JAX computes none where no gradient comes by
        _near(found.get(f"d:{cut}", to_array(zero)), to_array(cotangents.get(cut, zero)))


def test_the_places_are_named_by_submodule_call_and_part():
    cuts = {name: _exported(name)[0].cuts for name in PROGRAMS}
    assert cuts["LSTM"] == ()  # the module itself has none
    again = ("a", "a@1", "shared", "shared@1", "many.0", "many.1", "named.x", "a@2")
    assert cuts["parts called again"] == again
    assert cuts["trees of tensors"] == ("tree.a", "tree[0]", "tree[1]['mean']", "b")
    assert cuts["parts that pass on"] == ("a", "relu", "drop", "b")


def test_a_function_closes_over_its_constants_and_takes_trees():
    constant, module = torch.ones(3), nn.Linear(3, 3)

    def function(x, tree, *, scale, other=None):
        return {"o": module(x @ tree["w"]) + tree["b"][0] * constant, "n": scale * x}

    x, tree = torch.randn(2, 4), {"w": torch.randn(4, 3), "b": [torch.randn(3), None]}
    program = exported(function, (x, tree), {"scale": 2.0})
    assert (program.parameters, program.buffers, program.cuts) == ({}, {}, ())
    given = mapped((x, tree), to_array, of=torch.Tensor)
    with jax.enable_x64(False):
        outputs, statistics = jax.jit(program.call)({}, *given, scale=2.0)
    expected = function(x, tree, scale=2.0)
    assert statistics == {}
    for name in ("o", "n"):
        np.testing.assert_allclose(outputs[name], to_array(expected[name]), rtol=1e-5)


def test_a_backward_of_the_users_own_is_not_taken():
    class Wrong(Swish):
        @staticmethod
        def backward(ctx, grad):
            return grad * 7

    x = torch.randn(3, dtype=torch.float64)
    wrong, right = (exported(one.apply, (x,)) for one in (Wrong, Swish))
    slopes = [jax.grad(lambda x, p=p: p.call({}, x)[0].sum())(to_array(x)) for p in (wrong, right)]
    np.testing.assert_array_equal(*slopes)


def test_an_operation_says_the_submodule_that_it_is_of():
    program, _, args = _exported("transformer of tied weights")
    state = {**program.parameters, **program.buffers}
    made = jax.make_jaxpr(program.call)(state, to_array(args[0]))
    scopes = {str(equation.source_info.name_stack) for equation in made.eqns}
    assert "blocks.0.attention.q" in scopes


def test_a_module_is_left_as_it_was(capfd):
    def run(net, x):
        print("seen by nobody")
        net.calls += 1
        net.kept.append(net.a(x))
        net.last = net.kept[-1]
        return net.bn(net.last)

    module = Net(run, calls=0, kept=[], bn=nn.BatchNorm1d(4)).train()
    module.a.bias.requires_grad_(False)
    before, x = {k: v.clone() for k, v in module.state_dict().items()}, torch.randn(3, 4)
    generator = torch.get_rng_state()
    exported(module, (x,))
    after = torch.get_rng_state()
    assert capfd.readouterr() == ("", "")
    assert (module.calls, module.kept, module.training, hasattr(module, "last")) == (
        0,
        [],
        True,
        False,
    )
    assert not any(part._forward_hooks for part in module.modules())
    assert [p.requires_grad for p in module.a.parameters()] == [True, False]
    assert all(torch.equal(before[key], value) for key, value in module.state_dict().items())
    assert all(p.grad is None for p in module.parameters())
    assert torch.equal(generator, after)


def test_what_is_computed_with_is_a_copy():
    module = nn.Linear(2, 2)
    program = exported(module, (torch.ones(1, 2),))
    with torch.no_grad():
        module.weight.zero_()
    assert program.parameters["weight"].all()


@pytest.fixture(scope="module")
def linear():
    return exported(nn.Linear(3, 3), (torch.ones(2, 3),))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda state, x: ({"weight": state["weight"]}, x),
            "state: expected all parameters and buffers, got no bias",
        ),
        (
            lambda state, x: (state, x[:1]),
            r"args\[0\]: expected float32 of shape \(2, 3\), as the program was exported with, "
            r"got float32 of shape \(1, 3\)",
        ),
        (
            lambda state, x: (state, x.astype(jnp.int32)),
            r"args\[0\]: expected float32 of shape \(2, 3\), as .* got int32",
        ),
        (lambda state, x: (state, None), r"args\[0\]: expected an array, got None"),
        (
            lambda state, x: ({**state, "bias": np.ones(4, np.float32)}, x),
            r"bias: expected float32 of shape \(3,\), as .*\(4,\)",
        ),
    ],
)
def test_a_call_with_other_arrays_says_which(linear, change, message):
    state, x = change(dict(linear.parameters), jnp.ones((2, 3), jnp.float32))
    with pytest.raises(UsageError, match=message):
        linear.call(state, x)


def test_float64_is_not_computed_in_float32():
    program = exported(nn.Linear(3, 3).double(), (torch.ones(2, 3).double(),))
    with jax.enable_x64(False), pytest.raises(UsageError, match=r"args\[0\]: .* got x64 off"):
        program.call(program.parameters, np.ones((2, 3)))


def test_low_precision_stays_what_it_is():
    module, (x,) = PROGRAMS["residual block with batchnorm"]()
    x = x.bfloat16()
    program = exported(module.bfloat16(), (x,))
    state = {**program.parameters, **program.buffers}
    with jax.enable_x64(False):
        outputs, statistics = jax.eval_shape(program.call, state, to_array(x))
    assert statistics["bn1.running_mean"].dtype == outputs.dtype == jnp.bfloat16


def test_what_torch_compiled_has_the_names_that_it_had_before():
    inner = nn.Sequential(nn.Linear(4, 4), nn.Tanh())
    module = Net(lambda net, x: net.c(x), c=torch.compile(inner, backend="eager"))
    program = exported(module, (torch.ones(2, 4),))
    assert program.cuts == ("c.0", "c.1", "c")
    assert "c.0.weight" in program.parameters
    assert exported(torch.compile(inner, backend="eager"), (torch.ones(2, 4),)).cuts == ("0", "1")


def test_what_torch_logs_for_itself_is_not_captured_by_pytest():
    with catching_logs(LogCaptureHandler()) as captured:
        exported(nn.Linear(2, 2), (torch.ones(1, 2),))
    assert captured.records == []
