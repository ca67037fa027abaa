"""Calls of the library from threads, from forks, and from inside what traces."""

import itertools
import os
import signal
import sys
import threading
import time
import types

import jax
import numpy as np
import pytest
import torch
from torch._subclasses.fake_tensor import FakeTensorMode

from compare import CallStyle, Detail, UsageError, compare_functions, compare_gradients
from compare.calls import exclusive
from torch_ref.convert import to_array

PARAMS = [
    (np.ones((2, 3), np.float32), np.zeros(3, np.float32)),
    (np.ones((3, 1), np.float32), np.zeros(1, np.float32)),
]
X = np.full((2, 2), 0.5, np.float32)


def compared(x=X, **options):
    return compare_gradients(
        PARAMS,
        x,
        detail=Detail(witness=0),
        implementations=("jax_grad", "torch_autograd"),
        **options,
    )


def torchs_settings():
    matmul = torch.backends.cuda.matmul
    return (
        torch.get_num_threads(),
        torch.get_float32_matmul_precision(),
        matmul.allow_bf16_reduced_precision_reduction,
    )


@pytest.mark.usefixtures("threads_of_torch")
def test_calls_from_threads_wait_for_one_another_and_leave_torch_as_it_was():
    callers = []

    def backward(params, x, y):
        callers.append(threading.get_ident())
        time.sleep(0.01)  # so that another call could come between
        return [(torch.zeros_like(w), torch.zeros_like(b)) for w, b in params]

    before = torchs_settings()
    options = {"candidates": [backward], "call_style": CallStyle(arrays="torch")}
    threads = [threading.Thread(target=compared, kwargs=options) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert torchs_settings() == before
    assert [len(list(calls)) for _, calls in itertools.groupby(callers)] == [len(X)] * 3


def test_a_call_takes_no_step_of_torchs_generator():
    before = torch.get_rng_state()
    compared()
    assert torch.equal(torch.get_rng_state(), before)


def test_a_call_may_call():
    verdicts = []
    compared(on_block=lambda start, answers: verdicts.append(compared().verdict))
    assert verdicts == ["agree"]


@pytest.mark.filterwarnings("ignore:os.fork:RuntimeWarning", "ignore:.*fork:DeprecationWarning")
def test_a_fork_of_a_process_in_which_jax_has_started_is_told():
    compared()
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        signal.alarm(20)  # ends it if it waits for ever after all
        try:
            compared()
        except BaseException as error:
            os.write(writing, str(error).encode())
        os._exit(0)
    os.close(writing)
    os.waitpid(child, 0)
    with open(reading, encoding="utf-8") as said:
        assert "the fork of one in which JAX has started" in said.read()


def in_jit(function):
    jax.jit(function)(X)


def in_vmap(function):
    jax.vmap(function)(X[None])


def in_grad(function):
    jax.grad(lambda x: (function(x), x.sum())[1])(X)


def in_torch_vmap(function):
    torch.func.vmap(lambda x: (function(x), x)[1])(torch.tensor(X)[None])


def in_torch_grad(function):
    torch.func.grad(lambda x: (function(x), x.sum())[1])(torch.tensor(X))


@pytest.mark.parametrize("inside", [in_jit, in_vmap, in_grad])
def test_what_jax_traces_has_no_numbers(inside):
    with pytest.raises(
        UsageError, match=r"^x: .* traces and that has none yet; .*outside jax\.jit"
    ):
        inside(lambda x: compared(x) and x)


def test_a_call_inside_jit_is_told():
    with pytest.raises(UsageError, match=r"^compare_gradients: .* inside jax\.jit"):
        in_jit(lambda x: compared() and x)
    assert compared().verdict == "agree"


def test_what_a_users_own_jit_raises_stays_as_it_is():
    with pytest.raises(jax.errors.TracerArrayConversionError):
        compared(on_block=lambda start, answers: in_jit(np.asarray))


def in_torch_functionalize(function):
    torch.func.functionalize(lambda x: (function(x), x)[1])(torch.tensor(X))


@pytest.mark.parametrize("inside", [in_torch_vmap, in_torch_grad, in_torch_functionalize])
def test_a_call_inside_torch_func_is_told(inside):
    with pytest.raises(UsageError, match=r"^compare_gradients: .* inside torch\.func"):
        inside(compared)
    assert compared().verdict == "agree"


def test_functions_are_not_compared_inside_torch_func():
    with pytest.raises(UsageError, match=r"^compare_functions: .* inside torch\.func"):
        in_torch_functionalize(lambda x: compare_functions(torch.sin, {"same": torch.sin}, X))


def test_a_call_while_another_thread_imports_torch(monkeypatch):
    monkeypatch.delitem(sys.modules, "torch.func")
    monkeypatch.setitem(sys.modules, "torch", types.ModuleType("torch"))
    assert exclusive(lambda: "called")() == "called"


def test_a_tensor_without_memory_is_not_read():
    with pytest.raises(RuntimeError, match="got one without memory"):
        in_torch_functionalize(to_array)


def test_a_call_under_fake_tensors_is_told():
    told = pytest.raises(UsageError, match=r"^compare_gradients: .* a mode that changes torch's")
    with told, FakeTensorMode():
        compared()
    assert compared().verdict == "agree"
