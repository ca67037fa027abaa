"""Networks in other frameworks: each computes in float64 what torch computes."""

import jax
import numpy as np
import pytest
import torch

from compare.selftest.everyday.evaluation import jax_as_it_comes
from compare.selftest.ports import PORTS
from tests.support.ports import factor, in_float64, value_and_slopes

SAME = 1e-10  # of the largest entry
NEAR = 1e-6
IN_FLOAT32 = "transformer, Flax nnx"  # the softmax of its attention, whatever the dtype


@pytest.mark.parametrize("port", PORTS[::7], ids=lambda port: port.name)
def test_a_port_computes_the_same_in_float64(port):
    built = port.network.build(1).cast(torch.float64)
    parameters = dict(built.module.named_parameters())
    output = built.module(*built.inputs)
    arrives = torch.tensor(factor(output.shape))
    right = torch.autograd.grad(output, list(parameters.values()), arrives)
    with jax.enable_x64(True), jax_as_it_comes():
        state, inputs = in_float64(built, port)
        value, slopes = value_and_slopes(port.make, state, list(parameters), inputs)
    allowed = NEAR if port.name == IN_FLOAT32 else SAME
    for name, one in zip(("", *parameters), (output, *right), strict=True):
        one, other = one.detach().numpy(), np.asarray(slopes[name] if name else value)
        assert one.shape == other.shape
        assert other.dtype == np.float64, name
        assert np.max(np.abs(one - other)) <= allowed * max(1, np.max(np.abs(one))), name


def test_there_are_six_networks_in_four_frameworks():
    assert len({port.name for port in PORTS}) == len(PORTS) == 24
    assert len({port.framework for port in PORTS}) == 4
