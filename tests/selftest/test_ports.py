"""Networks in other frameworks: each computes in float64 what torch computes."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch

from compare.selftest.everyday.evaluation import jax_as_it_comes
from compare.selftest.ports import PORTS
from tests.support.ports import outputs_of

SAME = 1e-10  # of the largest entry
NEAR = 1e-6
IN_FLOAT32 = "transformer, Flax nnx"  # the softmax of its attention, whatever the dtype


@pytest.fixture(autouse=True)
def _in_float64():
    with jax.enable_x64(True), jax_as_it_comes():
        yield


@pytest.mark.parametrize("port", PORTS, ids=lambda port: port.name)
def test_a_port_computes_the_same_in_float64(port):
    built = port.network.build(1).cast(torch.float64)
    state = {name: jnp.asarray(one.numpy(force=True)) for name, one in built.state.items()}
    inputs = port.inputs(*(jnp.asarray(one.numpy()) for one in built.inputs))
    parameters = dict(built.module.named_parameters())
    output = built.module(*built.inputs)
    factor = np.random.default_rng(0).standard_normal(tuple(output.shape))
    right = torch.autograd.grad(output, list(parameters.values()), torch.tensor(factor))

    def of_some(some):
        return outputs_of(port.make(state | some), *inputs)

    def gradient(some):
        value, pull = jax.vjp(of_some, some)
        return value, pull(jnp.asarray(factor))[0]

    allowed = NEAR if port.name == IN_FLOAT32 else SAME
    value, slopes = jax.jit(gradient)({name: state[name] for name in parameters})
    for name, one in zip(("", *parameters), (output, *right), strict=True):
        one, other = one.detach().numpy(), np.asarray(slopes[name] if name else value)
        assert one.shape == other.shape
        assert other.dtype == np.float64, name
        assert np.max(np.abs(one - other)) <= allowed * max(1, np.max(np.abs(one))), name
