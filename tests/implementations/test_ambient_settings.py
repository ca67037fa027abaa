"""What is set around a comparison changes nothing in it, and is as it was when it is over."""

import contextlib
import os
import warnings

import jax
import numpy as np
import pytest
import torch

from compare import CallStyle, Detail, Machine, compare_gradients
from compare.implementations.base import Settings
from compare.implementations.user.torch_module import recognise

pytestmark = pytest.mark.usefixtures("threads_of_torch")

# 32 units, since a product of few numbers is the same in bfloat16
RNG = np.random.default_rng(0)
LAYERS = [
    (RNG.normal(size=(n, m)).astype(np.float32), RNG.normal(size=m).astype(np.float32))
    for n, m in ((32, 32), (32, 2))
]
X = RNG.random((3, 32)).astype(np.float32)


def in_torch(params, x, y):
    leaves = [[leaf.clone().requires_grad_() for leaf in layer] for layer in params]
    (w1, b1), (w2, b2) = leaves
    (torch.tanh(x @ w1 + b1) @ w2 + b2 - y).square().sum().backward()
    return [(w.grad, b.grad) for w, b in leaves]


def in_jax(params, x, y):
    def loss(params):
        (w1, b1), (w2, b2) = params
        return ((jax.numpy.tanh(x @ w1 + b1) @ w2 + b2 - y) ** 2).sum()

    return jax.grad(loss)(params)


def module():
    made = torch.nn.Sequential(torch.nn.Linear(32, 32), torch.nn.Tanh(), torch.nn.Linear(32, 2))
    leaves = [leaf for w, b in LAYERS for leaf in (w.T, b)]
    for parameter, leaf in zip(made.parameters(), leaves, strict=True):
        parameter.data = torch.tensor(leaf)
    return made


MODULE = module()


@contextlib.contextmanager
def said(get, say, value):
    before = get()
    say(value)
    try:
        yield
    finally:
        say(before)


@contextlib.contextmanager
def warnings_as_errors():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def jax_option(name, value):
    return said(lambda: getattr(jax.config, name), lambda v: jax.config.update(name, v), value)


def default_dtype():
    return said(torch.get_default_dtype, torch.set_default_dtype, torch.float64)


AROUND = {
    "medium": lambda: said(
        torch.get_float32_matmul_precision, torch.set_float32_matmul_precision, "medium"
    ),
    "autocast": lambda: torch.autocast("cpu", dtype=torch.bfloat16),
    "no_grad": torch.no_grad,
    "inference_mode": torch.inference_mode,
    "default dtype": default_dtype,
    "default device": lambda: torch.device("meta"),
    "detect_anomaly": lambda: torch.autograd.set_detect_anomaly(True),
    "saved_tensors_hooks": lambda: torch.autograd.graph.saved_tensors_hooks(
        lambda saved: saved * 0.5, lambda saved: saved
    ),
    "bfloat16 products": lambda: jax.default_matmul_precision("BF16_BF16_F32"),
    "x64": lambda: jax.enable_x64(True),
    "debug_nans": lambda: jax_option("jax_debug_nans", True),
    "no jit": lambda: jax.disable_jit(True),
    "no transfers": lambda: jax.transfer_guard("disallow"),
    "np.errstate": lambda: np.errstate(all="raise"),
    "np.printoptions": lambda: np.printoptions(precision=1, threshold=2, legacy="1.13"),
    "warnings as errors": warnings_as_errors,
}


# Several at once, none of which hides another: a comparison takes longer than what is seen of one.
TOGETHER = [
    ("medium", "default dtype", "bfloat16 products", "np.errstate"),
    ("autocast", "x64", "np.printoptions"),
    ("no_grad", "no transfers", "warnings as errors"),
    ("inference_mode", "debug_nans"),
    ("default device", "detect_anomaly"),
    ("saved_tensors_hooks", "no jit"),
]


def settings():
    """All that a comparison might leave behind."""
    return (
        (torch.get_num_threads(), torch.get_default_dtype(), torch.get_default_device()),
        (torch.is_autocast_enabled("cpu"), torch.is_grad_enabled()),
        (torch.is_inference_mode_enabled(), torch.are_deterministic_algorithms_enabled()),
        (torch.backends.cuda.matmul.allow_bf16_reduced_precision_reduction,),
        (torch.get_float32_matmul_precision(), torch.initial_seed()),
        (jax.config.jax_enable_x64, jax.config.jax_default_matmul_precision),
        (jax.config.jax_transfer_guard, jax.config.jax_disable_jit),
        (np.geterr(), np.get_printoptions()),
    )


def compared(implementations, **options):
    return compare_gradients(
        LAYERS,
        X,
        activation="tanh",
        detail=Detail(witness=0),
        implementations=implementations,
        **options,
    )


@pytest.mark.filterwarnings("ignore:Please use the new API settings:UserWarning")
@pytest.mark.parametrize("names", TOGETHER, ids=", ".join)
def test_right_gradients_agree_whatever_is_set_around_them(names):
    with contextlib.ExitStack() as around:
        for name in names:
            around.enter_context(AROUND[name]())
        before = settings()
        reports = [
            compare_gradients(
                MODULE, X, implementations=["torch_autograd"], detail=Detail(witness=0)
            ),
            compared(["jax_grad"], candidates=[in_torch], call_style=CallStyle(arrays="torch")),
            compared(["torch_autograd"], candidates=[in_jax], call_style=CallStyle(arrays="jax")),
        ]
        assert settings() == before
    for report in reports:
        assert report.reason.startswith("every difference is rounding;")


def test_all_that_may_be_set_is():
    assert sorted(name for names in TOGETHER for name in names) == sorted(AROUND)


def test_a_module_computes_under_the_settings_of_the_run_and_is_probed_in_them():
    seen = []

    class Seen(torch.nn.Linear):
        def __call__(self, x):
            seen.append((torch.backends.mkldnn.matmul.fp32_precision, torch.get_num_threads()))
            return super().__call__(x)

    made = torch.nn.Sequential(Seen(32, 2))
    compare_gradients(made, X, machine=Machine(matmul_precision="high"), detail=Detail(witness=0))
    assert set(seen) == {("tf32", 1)}
    asked = Settings("high")
    engine = recognise(made, asked).implementation.engine
    assert engine is not None
    assert engine is not recognise(made).implementation.engine


def test_deterministic_leaves_the_environment_as_it_was(monkeypatch):
    monkeypatch.delenv("CUBLAS_WORKSPACE_CONFIG", raising=False)
    machine = Machine(deterministic=True)
    assert compared(["torch_autograd", "numpy_manual"], machine=machine).agrees
    assert "CUBLAS_WORKSPACE_CONFIG" not in os.environ
