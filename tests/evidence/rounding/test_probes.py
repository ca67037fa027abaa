import jax
import ml_dtypes
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from compare.evidence.rounding.probes import probe
from compare.implementations import jax as on_jax
from compare.implementations import torch as on_torch
from compare.implementations.base import PRECISE, Settings
from compare.implementations.table import IMPLEMENTATIONS
from compare.implementations.torch_settings import matmul_precision
from jaxmlp import Layer
from tests.support.cases import network_of
from tests.support.products import multiplying

F32, F64 = np.dtype(np.float32), np.dtype(np.float64)
BFLOAT16 = np.dtype(ml_dtypes.bfloat16)
USUAL = (2, 10, 10, 1)


def ask(multiply, sizes=USUAL, dtype=F32, samples=64):
    return probe(multiply, sizes, dtype, samples=samples)


@pytest.mark.parametrize("truncate", [False, True])
@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("bits", [3, 7, 10, 13, 22])
def test_bits_of_either_factor_are_counted(bits, side, truncate):
    found = ask(multiplying(**{side: bits}, truncate=truncate))
    assert found.operand_bits == bits
    assert {one.operand_bits for one in found.products} == {bits}


@settings(deadline=None, max_examples=30)
@given(
    sizes=st.lists(st.integers(1, 12), min_size=2, max_size=4),
    samples=st.integers(1, 70),
    left=st.integers(1, 23),
    right=st.integers(1, 23),
    truncate=st.booleans(),
)
def test_at_any_shape(sizes, samples, left, right, truncate):
    found = ask(multiplying(left=left, right=right, truncate=truncate), sizes, samples=samples)
    assert found.operand_bits == min(left, right)


@pytest.mark.parametrize(
    ("pieces", "least", "most"), [(1, 7, 7), (2, 14, 17), (3, 23, 23)], ids=["x1", "x3", "x6"]
)
def test_factors_cut_into_bfloat16(pieces, least, most):
    assert least <= ask(multiplying(split=pieces)).operand_bits <= most


@pytest.mark.parametrize("bits", [7, 10, 20, 22])
@pytest.mark.parametrize("sizes", [(3, 1), (10, 1), USUAL, (40, 5, 3)])
def test_bits_of_sums_are_counted(bits, sizes):
    found = ask(multiplying(sums=bits), sizes, samples=200)
    assert found.sum_bits == bits


def test_short_sums_tell_nothing():
    assert ask(multiplying(sums=5), (2, 2)).sum_bits is None


def test_the_products_are_those_of_forward_and_backward():
    found = ask(multiplying())
    assert [one.name for one in found.products] == [
        *("h0 w1", "h1 w2", "h2 w3", "h2 delta3"),
        *("w3 delta3", "h1 delta2", "w2 delta2", "h0 delta1"),
    ]
    assert found.products[0].shape == (64, 2, 10)
    assert found.products[4].shape == (64, 1, 10)


def test_one_product_of_fewer_bits_is_found_among_the_others():
    """A library may choose another kernel for one shape."""
    whole, reduced = multiplying(), multiplying(left=10)

    def multiply(factors):
        return [
            (reduced if a.shape[1:] == (10,) and b.shape[1] == 1 else whole)([(a, b)])[0]
            for a, b in factors
        ]

    found = ask(multiply)
    assert {one.name for one in found.products if one.operand_bits == 10} == {"h2 w3"}
    assert found.operand_bits == 10


@pytest.mark.parametrize("dtype", [F32, F64, np.dtype(np.float16), BFLOAT16], ids=str)
@pytest.mark.parametrize("flush", [(), ("inputs",), ("results",), ("inputs", "results")])
def test_flushing_is_told_apart(flush, dtype):
    found = ask(multiplying(flush=flush), dtype=dtype)
    assert found.keeps_subnormal_inputs == ("inputs" not in flush)
    assert found.keeps_subnormal_results == ("results" not in flush)


def jax_engine(settings=PRECISE):
    return IMPLEMENTATIONS["jax_grad"](small(), network_of(small(), "relu"), "cpu", settings).engine


def torch_engine(settings=PRECISE):
    return IMPLEMENTATIONS["torch_autograd"](
        small(), network_of(small(), "relu"), "cpu", settings
    ).engine


def small():
    return (Layer(np.ones((1, 1), np.float32), np.ones(1, np.float32)),)


@pytest.mark.parametrize("dtype", [F32, F64])
@pytest.mark.parametrize("sizes", [USUAL, (2, 1), (784, 128, 10)], ids=str)
@pytest.mark.parametrize("engine", [jax_engine, torch_engine])
def test_libraries_on_the_cpu_use_all_bits(engine, sizes, dtype):
    found = ask(engine().multiply, sizes, dtype)
    bits = np.finfo(dtype).nmant
    assert (found.operand_bits, found.sum_bits) == (bits, None if sizes == (2, 1) else bits)


def test_xla_on_the_cpu_flushes_and_torch_does_not():
    by_jax, by_torch = ask(jax_engine().multiply), ask(torch_engine().multiply)
    assert not by_jax.keeps_subnormal_inputs
    assert not by_jax.keeps_subnormal_results
    assert by_torch.keeps_subnormal_inputs
    assert by_torch.keeps_subnormal_results


@pytest.mark.parametrize(("width", "ways"), [(16, 3), (17, 2)])
def test_products_of_narrow_networks_are_probed_by_entries_too(width, ways):
    a, b = torch.rand(5, 3).double(), torch.rand(3, width).double()
    found = on_torch._products(a, b)
    assert len(found) == ways
    for one in found:
        torch.testing.assert_close(one, a @ b, rtol=1e-14, atol=0)


@pytest.mark.usefixtures("threads_of_torch")
@pytest.mark.parametrize("precision", ["highest", "high", "default"])
def test_settings_hold_for_a_call_and_no_longer(precision):
    before = matmul_precision(), torch.get_num_threads()
    jax_before = jax.config.jax_default_matmul_precision
    seen = []
    with on_torch.torch_settings(Settings(precision)), on_jax.jax_settings(F32, precision):
        seen = [matmul_precision(), jax.config.jax_default_matmul_precision]
    if precision == "default":
        assert seen == [before[0], jax_before]
    else:
        assert seen == [precision, precision]
    assert (matmul_precision(), torch.get_num_threads()) == before
    assert jax.config.jax_default_matmul_precision == jax_before


def test_determinism_holds_for_a_call_and_no_longer():
    with on_torch.torch_settings(Settings(deterministic=True)):
        assert torch.are_deterministic_algorithms_enabled()
    assert not torch.are_deterministic_algorithms_enabled()


def test_settings_are_put_back_after_an_error():
    before = matmul_precision()
    with pytest.raises(ZeroDivisionError), on_torch.torch_settings(Settings("high")):
        1 / 0  # noqa: B018
    assert matmul_precision() == before


def test_engines_are_shared_by_those_on_the_same_device():
    assert jax_engine() is jax_engine()
    assert jax_engine() is not jax_engine(Settings("high"))
    assert torch_engine() is torch_engine()
