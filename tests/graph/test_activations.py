"""What is said of each activation is right."""

import numpy as np
import pytest
import torch
from scipy import special

from compare.evidence.certificate.activations import ACTIVATIONS as EXPLAINED
from tests.support.graphs import evaluate
from tests.support.networks import ALL_ACTIVATIONS
from torch_ref import ACTIVATIONS


@pytest.mark.parametrize("activation", ALL_ACTIVATIONS)
def test_formulas_of_activations_are_right(activation):
    value, slope = EXPLAINED[activation].formula, EXPLAINED[activation].slope_formula
    z = np.linspace(-3, 3, 13)
    z = z[z != 0]  # where relu has no slope
    tensor = torch.tensor(z, requires_grad=True)
    h = ACTIVATIONS[activation](tensor)
    h.sum().backward()
    inner = np.sqrt(2 / np.pi) * (z + 0.044715 * z**3)
    known = {"z": z, "h": h.detach().numpy(), "t": np.tanh(inner), "log": np.log, "tanh": np.tanh}
    known |= {"max": np.maximum, "min": np.minimum, "erf": special.erf, "sqrt": np.sqrt}
    rtol = 1e-5 if activation in ("selu", "gelu_erf") else 1e-12  # constants of six digits
    if activation == "mish":
        known["t"] = np.tanh(np.log1p(np.exp(z)))
    got = evaluate(value.partition(" with ")[0], known)
    np.testing.assert_allclose(got, known["h"], rtol=rtol, atol=1e-15)
    # 3 * 0.044715 is written out, and the other constant is printed to six digits
    got = evaluate(slope, known)
    np.testing.assert_allclose(got * np.ones_like(z), tensor.grad.numpy(), rtol=rtol, atol=1e-15)
