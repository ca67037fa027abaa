"""What an implementation says of itself."""

import numpy as np
import pytest
import torch

from compare.evidence.rounding.arithmetic import Arithmetic, plain_arithmetic
from compare.implementations.base import Computation, Implementation
from compare.implementations.formulas import FORMULAS, formula
from compare.implementations.table import IMPLEMENTATIONS
from compare.implementations.user.calling import Calling
from compare.implementations.user.function import candidate
from compare.implementations.user.torch_module import recognise
from compare.problem.network import make_network
from jaxmlp import init_params

F32, F64 = np.dtype(np.float32), np.dtype(np.float64)
TF32 = Arithmetic(F32, 10, 23)


def test_what_was_measured_counts_in_its_own_dtype_alone():
    assert Computation("torch", TF32).arithmetic_in(F32) == TF32
    assert Computation("torch", TF32).arithmetic_in(F64) == plain_arithmetic(F64)
    assert Computation().arithmetic_in(F32) == plain_arithmetic(F32)


@pytest.mark.parametrize(
    ("name", "stem", "expected"),
    [
        ("mine", None, "mine"),
        ("jax_grad", "jax_autograd", "jax_autograd"),
        ("jax_grad@cuda:0", "jax_autograd@cuda:0", "jax_autograd@cuda0"),
    ],
)
def test_files_are_named_by_the_stem(name, stem, expected):
    assert Implementation(name, "cpu", lambda block: None, dump_stem=stem).file_stem == expected


@pytest.mark.parametrize("name", IMPLEMENTATIONS)
def test_an_entry_says_what_it_builds(name):
    network = make_network((2, 3, 1), "tanh")
    params = init_params(np.random.default_rng(0), network.layer_sizes)
    made = IMPLEMENTATIONS[name](params, network, "cpu")
    assert made.name == name
    assert made.formula in FORMULAS
    assert made.file_stem == IMPLEMENTATIONS[name].dump_stem


@pytest.mark.parametrize("name", ["module", "torch_autograd", "jax_grad"])
def test_a_name_gives_a_candidate_no_formula(name):
    """One called `module` is bounded as any other that is brought, and not as torch is."""
    params = init_params(np.random.default_rng(0), (2, 3, 1))
    calling = Calling("in_out", "numpy", candidate_batched=False)
    made = candidate(name, "mine.py", lambda params, x, y: None, params, calling)
    assert made.formula is None


def test_what_evaluates_the_same_has_one_formula():
    network = make_network((2, 3, 1), "softplus")
    assert formula("torch", network) is formula("torch", network)
    assert formula("torch", network) is not formula("backprop", network)


def test_nobody_knows_by_which_formula_a_module_computes():
    """However it is recognised, its activations may be written out."""
    layers = (torch.nn.Linear(2, 3), torch.nn.GELU("tanh"), torch.nn.Linear(3, 1))
    assert recognise(torch.nn.Sequential(*layers)).implementation.formula is None
