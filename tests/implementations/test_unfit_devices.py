"""Devices that are not what they seem: one sentence each, and no traceback."""

import types
import warnings

import jax
import numpy as np
import pytest
import torch

from compare.errors import UsageError
from compare.implementations import jax as on_jax
from compare.implementations import torch as on_torch
from compare.implementations.base import Settings
from compare.implementations.products import furthest_off
from compare.implementations.table import IMPLEMENTATIONS
from tests.support.cases import network_of
from tests.support.networks import alone, make_network

TOO_OLD = (
    "CUDA initialization: The NVIDIA driver on your system is too old (found version 12040). "
    "Please update your GPU driver. (Triggered internally at /pytorch/c10/cuda/x.cpp:119.)"
)


def with_an_old_driver(monkeypatch):
    """torch as it is where NVML counts a device that CUDA cannot use."""

    def is_available():
        warnings.warn(TOO_OLD, stacklevel=1)
        return False

    monkeypatch.setattr(torch.cuda, "is_available", is_available)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)


def with_one_device(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)


@pytest.mark.parametrize("device", ["gpu", "cuda:0"])
def test_a_driver_that_is_too_old_is_named(monkeypatch, device):
    with_an_old_driver(monkeypatch)
    with pytest.raises(
        UsageError, match=r"found none \(CUDA init.* is too old .*driver\); install"
    ):
        on_torch.torch_device(device)


def test_among_all_devices_one_that_torch_cannot_use_is_a_warning(monkeypatch):
    with_an_old_driver(monkeypatch)
    with pytest.warns(UserWarning, match="driver on your system is too old"):
        assert on_torch.device_names() == ["cpu"]


def test_a_number_too_high_lists_what_there_is(monkeypatch):
    with_one_device(monkeypatch)
    with pytest.raises(UsageError, match=r"expected a cuda:3 that torch .* can use, found cuda:0;"):
        on_torch.torch_device("cuda:3")


def raising(error):
    def fail(*_, **__):
        raise error

    return fail


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (RuntimeError("CUDA error: no kernel image is available\nfor"), "got: CUDA .* available$"),
        (torch.OutOfMemoryError("CUDA out of memory. Tried to"), "memory on cuda:0 for what torch"),
    ],
)
def test_a_device_that_torch_cannot_compute_on(monkeypatch, error, message):
    with_one_device(monkeypatch)
    monkeypatch.setattr(torch, "ones", raising(error))
    with pytest.raises(UsageError, match=message):
        on_torch.torch_device("gpu")


FULL = "RESOURCE_EXHAUSTED: Out of memory while trying to allocate 1073741824 bytes."
FAILURES = {
    "jax": ("jax_grad", jax.errors.JaxRuntimeError(FULL), "memory on cpu:0 for what jax"),
    "torch": (
        "torch_autograd",
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB.\nmore"),
        "memory on cpu for what torch computes there, got: CUDA out of memory. .* 2 GiB; end",
    ),
    "cublas": (
        "torch_autograd",
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
        "memory on cpu for what torch",
    ),
    "workspace": (
        "torch_autograd",
        RuntimeError("it uses CuBLAS and you have CUDA >= 10.2: set CUBLAS_WORKSPACE_CONFIG"),
        "deterministic: expected CUBLAS_WORKSPACE_CONFIG=:4096:8",
    ),
}


@pytest.mark.parametrize("case", FAILURES)
def test_a_device_that_fails_while_it_computes(monkeypatch, case):
    name, error, message = FAILURES[case]
    failing = types.SimpleNamespace(gradients=raising(error))
    monkeypatch.setattr(on_jax, "_programs", lambda *_: failing)
    monkeypatch.setattr(on_torch, "per_sample_gradients", raising(error))
    params, batch = make_network("the_usual_one", np.float32)
    implementation = IMPLEMENTATIONS[name](params, network_of(params, "sigmoid"), "cpu")
    with pytest.raises(UsageError, match=message) as caught:
        implementation.evaluate(alone(batch))
    assert "\n" not in str(caught.value)


def test_another_failure_stays_what_it_is(monkeypatch):
    monkeypatch.setattr(
        on_torch, "per_sample_gradients", raising(RuntimeError("a mistake of ours"))
    )
    params, batch = make_network("the_usual_one", np.float32)
    implementation = IMPLEMENTATIONS["torch_autograd"](params, network_of(params, "sigmoid"), "cpu")
    with pytest.raises(RuntimeError, match="a mistake of ours"):
        implementation.evaluate(alone(batch))


def test_memory_that_nobody_counts_is_not_reported():
    for engine in (
        on_jax._engine(tuple(on_jax.jax_devices("cpu")), Settings()),
        on_torch.torch_engine(torch.device("cpu"), Settings()),
    ):
        assert engine.peak_bytes() is None


def test_of_two_ways_to_a_product_the_worse_one_counts():
    a, b = np.array([[1.5, 2]]), np.array([[1.0, 2], [3, 4]])
    right = a @ b
    ways = [right + np.array([0, 1]), right - np.array([2, 0])]
    np.testing.assert_array_equal(furthest_off(a, b, ways), right + np.array([-2, 1]))
    assert furthest_off(a[0], a[0], [right]) is right


class _ARoundedWay:
    """Kernels for weights read one way that keep 7 fraction bits."""

    def __init__(self, exact):
        self._exact = exact

    def __call__(self, *factors):
        *others, a, b = factors
        return self._exact(*others, a, b.bfloat16().float())


@pytest.mark.parametrize("kernel", ["bmm", "baddbmm"])
def test_torch_is_asked_for_both_directions(monkeypatch, kernel):
    monkeypatch.setattr(torch, kernel, _ARoundedWay(getattr(torch, kernel)))
    factors = [(np.ones((3, 4), np.float32), np.full((4, 2), 1 + 2.0**-20, np.float32))]
    (product,) = on_torch.torch_engine(torch.device("cpu"), Settings()).multiply(factors)
    np.testing.assert_array_equal(product, 4)
