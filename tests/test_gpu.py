"""On a GPU: run by `make test-gpu`, where JAX may see one; elsewhere skipped at no cost."""

import functools
import json
import os
import subprocess
import sys

import jax
import numpy as np
import pytest
import torch

from compare import run
from compare.catalogue import DTYPES
from compare.errors import UsageError
from compare.evidence.rounding.probes import probe
from compare.implementations import jax as on_jax
from compare.implementations import torch as on_torch
from compare.implementations.base import Settings
from compare.implementations.table import IMPLEMENTATIONS
from compare.options.config import Config
from compare.pipeline.compare import compare_problem
from compare.problem.problem import Problem
from compare.selftest.correct_networks import Tally, try_network
from compare.selftest.random_networks import GPU_KINDS, draw_network, draw_program
from jaxmlp import Batch, Layer
from tests.evidence.certificate.test_activations import check_costs, check_exp
from tests.support.cases import network_of
from tests.support.networks import ALL_ACTIVATIONS, alone
from tests.support.paths import ROOT

pytestmark = pytest.mark.gpu

F32 = np.dtype(np.float32)
TF32_BITS = 10
NETWORKS = {"the usual one": "2,10,10,1", "784-128-10": "784,128,10"}
ON_GPU = ("jax_grad", "jax_manual", "torch_autograd")


@functools.cache
def absent(framework):
    """Why a framework has no GPU; empty if it has one."""
    if os.environ.get("JAX_PLATFORMS") == "cpu" and framework == "jax":
        return "JAX_PLATFORMS=cpu keeps JAX from the GPU"
    try:
        on_jax.jax_devices("gpu") if framework == "jax" else on_torch.torch_device("gpu")
    except UsageError as error:
        return f"{framework} has no GPU: {error}"
    return ""


@pytest.fixture
def jax_gpu(pytestconfig):
    """JAX's first GPU."""
    skip_without("jax", pytestconfig)
    return on_jax.jax_devices("gpu")[0]


@pytest.fixture
def torch_gpu(pytestconfig):
    """torch's first GPU."""
    skip_without("torch", pytestconfig)
    return on_torch.torch_device("gpu")


@pytest.fixture
def both(jax_gpu, torch_gpu):
    """The first GPU of JAX and of torch."""
    return jax_gpu, torch_gpu


def skip_without(framework, pytestconfig):
    if pytestconfig.option.markexpr != "gpu":
        pytest.skip("tests of a GPU are run by: make test-gpu")
    if absent(framework):
        pytest.skip(absent(framework))


def compare(out, *flags):
    """Runs in this process; returns the exit status."""
    return run.main(["compare.run", f"--out={out}", "--dumps=none", "--quiet", *flags])


def shell(out, *flags, unset=(), **environment):
    """Runs in a process of its own, in which neither library has begun."""
    kept = {name: value for name, value in os.environ.items() if name not in unset}
    return subprocess.run(
        [sys.executable, "-m", "compare.run", f"--out={out}", "--dumps=none", "--quiet", *flags],
        env={**kept, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def report(out):
    return json.loads((out / "report.json").read_text())


def on_gpu(found):
    """Engines that are no CPU."""
    return [engine for engine in found["engines"] if not engine["device"].startswith("cpu")]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("device", ["gpu", "cuda:0", "all"])
def test_all_agree(both, tmp_path, device, dtype):
    status = compare(tmp_path, f"--device={device}", f"--dtype={dtype}")
    found = report(tmp_path)
    assert (status, found["verdict"]) == (0, "agree"), found["reason"]
    assert {engine["framework"] for engine in on_gpu(found)} == {"jax", "torch"}
    assert all(engine["device"].startswith("cuda:0") for engine in on_gpu(found)[:2])
    assert {one["certificate"]["failed"] for one in found["implementations"]} == {0}


def test_all_is_every_pair_across_devices(both, tmp_path):
    compare(tmp_path, "--device=all")
    found = report(tmp_path)
    names = [one["name"] for one in found["implementations"]]
    assert {f"{name}@{at}" for name in ON_GPU for at in ("cpu", "cuda:0")} <= set(names)
    pairs = {frozenset((pair["a"], pair["b"])) for pair in found["pairs"]}
    assert len(pairs) == len(names) * (len(names) - 1) // 2
    for name in ON_GPU:
        assert {f"{name}@cpu", f"{name}@cuda:0"} in pairs


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("precision", ["default", "high"])
def test_reduced_products_agree_by_what_was_measured(both, tmp_path, precision, network):
    flags = f"--layer_sizes={NETWORKS[network]}", f"--matmul_precision={precision}"
    status = compare(tmp_path, "--device=gpu", *flags)
    found = report(tmp_path)
    assert (status, found["verdict"]) == (0, "agree"), found["reason"]
    for engine in on_gpu(found):
        for product in engine["products"]:
            assert product["operand_bits"] in (TF32_BITS, 23), (engine["framework"], product)


@pytest.mark.parametrize("network", NETWORKS)
def test_highest_is_all_of_float32(both, tmp_path, network):
    compare(tmp_path, "--device=gpu", f"--layer_sizes={NETWORKS[network]}")
    engines = on_gpu(report(tmp_path))
    assert {engine["framework"] for engine in engines} == {"jax", "torch"}
    for engine in engines:
        names = {product["name"] for product in engine["products"]}
        assert {"h1 w2", "w2 delta2", "h1 delta2"} <= names  # forward, backward, outer
        assert {product["operand_bits"] for product in engine["products"]} == {23}
        assert engine["sum_bits"] == 23


def test_torch_has_room_beside_jax(both, tmp_path):
    """JAX by itself would take three quarters of the memory at once."""
    code = (
        "import torch, jax\n"
        "from compare import run\n"
        "before, total = torch.cuda.mem_get_info(0)\n"
        f"assert run.main(['compare.run', '--device=gpu', '--out={tmp_path}', '--quiet']) == 0\n"
        "after, _ = torch.cuda.mem_get_info(0)\n"
        "assert before - after < total / 4, (before, after, total)\n"
        "held = torch.empty(after // 2, dtype=torch.uint8, device='cuda:0')\n"
        "assert jax.local_devices(backend='gpu')[0].memory_stats()['peak_bytes_in_use'] > 0\n"
    )
    kept = {k: v for k, v in os.environ.items() if k != "XLA_PYTHON_CLIENT_PREALLOCATE"}
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**kept, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_memory_is_counted_on_every_gpu_and_on_no_cpu(both, tmp_path):
    compare(tmp_path, "--device=all")
    for engine in report(tmp_path)["engines"]:
        if engine["device"].startswith("cpu"):
            assert engine["peak_bytes"] is None
        else:
            assert engine["peak_bytes"] > 0


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", ON_GPU)
def test_weights_and_samples_are_the_same_bits_there(both, name, dtype):
    """Each implementation checks what it holds, and raises a RuntimeError if a bit differs."""
    dtype = np.dtype(dtype)
    bits = dtype.itemsize * 8 - 1
    awkward = np.array([0, 1, 2**bits, 2**bits + 1, 3], f"u{dtype.itemsize}").view(dtype)
    w = np.concatenate([awkward, np.array([1, -1.25, 3], dtype)]).reshape(4, 2)
    params = (Layer(w, awkward[:2]), Layer(w[:2], awkward[2:4]))
    batch = Batch(awkward[None, :4], awkward[None, :2])
    evaluation = IMPLEMENTATIONS[name](params, network_of(params, "tanh"), "gpu").evaluate(
        alone(batch)
    )
    assert evaluation.dtype == dtype


def test_deterministic_runs_repeat_to_the_bit(both, tmp_path):
    """In a process of its own: XLA reads its flags once, and so does torch what cuBLAS is told."""
    unset = "CUBLAS_WORKSPACE_CONFIG", "XLA_FLAGS"
    done = shell(tmp_path, "--device=gpu", "--repeats=3", "--deterministic", unset=unset)
    assert done.returncode == 0, done.stderr
    noise = report(tmp_path)["noise"]
    assert set(noise) == set(ON_GPU)
    for name, found in noise.items():
        assert (found["runs"], found["moved"]) == (3, 0), name


@pytest.mark.parametrize("name", ALL_ACTIVATIONS)
def test_elementary_functions_cost_no_more_there(both, name):
    jax_device, torch_device = both
    with jax.default_device(jax_device), torch_device:
        check_costs(name)


def test_exp_is_within_the_table_there(both):
    jax_device, torch_device = both
    with jax.default_device(jax_device), torch_device:
        check_exp()


def multiplied_by_jax(a, b, device):
    with on_jax.jax_settings(a.dtype):
        return np.asarray(jax.jit(lambda a, b: a * b)(*jax.device_put((a, b), device)))


def multiplied_by_torch(a, b, device):
    a, b = (torch.tensor(array, device=device) for array in (a, b))
    return (a * b).cpu().numpy()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("framework", ["jax", "torch"])
def test_subnormals_are_probed_as_products_treat_them(request, framework, dtype):
    device = request.getfixturevalue(f"{framework}_gpu")
    multiply = multiplied_by_jax if framework == "jax" else multiplied_by_torch
    name = "jax_grad" if framework == "jax" else "torch_autograd"
    params = (Layer(np.ones((1, 1), dtype), np.ones(1, dtype)),)
    engine = IMPLEMENTATIONS[name](params, network_of(params, "relu"), "gpu").engine
    assert engine is not None
    probed = probe(engine.multiply, (1, 1), np.dtype(dtype), samples=8)
    tiny = float(np.finfo(dtype).smallest_normal)
    factors = np.array([tiny / 2, tiny], dtype), np.array([2, 0.5], dtype)
    kept = multiply(*factors, device) == np.array([tiny, tiny / 2], dtype)
    assert [probed.keeps_subnormal_inputs, probed.keeps_subnormal_results] == kept.tolist()


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("kind", GPU_KINDS, ids=[kind.name for kind in GPU_KINDS])
def test_random_correct_networks_are_never_refuted(both, kind, seed):
    rng, tally = np.random.default_rng(seed), Tally()
    for _ in range(24 // kind.share + 1):
        network = draw_network(rng, draw_program(rng, kind.dtype))
        assert list(try_network(network, kind, tally, rng, device="gpu")) == [], network.network


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("precision", ["default", "high"])
def test_random_correct_networks_never_disagree_in_reduced_products(both, seed, precision):
    rng = np.random.default_rng(seed)
    config = Config(device="gpu", matmul_precision=precision, witness=0)
    for _ in range(5):
        params, batch, made = draw_network(rng, draw_program(rng, F32))

        def samples(start, stop, batch=batch):
            return Batch(batch.x[start:stop], batch.y[start:stop])

        problem = Problem(params, made, len(batch.x), samples)
        found = compare_problem(problem, config)
        assert found.verdict != "disagree", (made, found.reason)


def test_where_jax_is_kept_to_the_cpu_torch_alone_has_the_gpu(torch_gpu, tmp_path):
    done = shell(tmp_path, "--device=all", JAX_PLATFORMS="cpu")
    assert done.returncode == 0, done.stderr
    assert {engine["framework"] for engine in on_gpu(report(tmp_path))} == {"torch"}
    assert "jax finds none" in done.stdout
    refused = shell(tmp_path, "--device=gpu", JAX_PLATFORMS="cpu")
    assert refused.returncode == 1
    assert refused.stderr.count("\n") == 1
    assert "JAX_PLATFORMS" in refused.stderr


def test_a_full_gpu_is_one_sentence(torch_gpu):
    """Asked for more than there is, as where something else has taken it."""
    _, total = torch.cuda.mem_get_info(torch_gpu)
    with (
        pytest.raises(UsageError, match="expected memory on cuda:0"),
        on_torch.explained(torch_gpu),
    ):
        torch.empty(2 * total, dtype=torch.uint8, device=torch_gpu)


def test_a_run_leaves_what_torch_is_told_as_it_was(torch_gpu, tmp_path):
    matmul = torch.backends.cuda.matmul
    before = matmul.allow_bf16_reduced_precision_reduction, torch.get_num_threads()
    assert compare(tmp_path, "--device=gpu", "--implementations=torch_autograd,numpy_manual") == 0
    assert before == (matmul.allow_bf16_reduced_precision_reduction, torch.get_num_threads())
    engine = on_torch.torch_engine(torch_gpu, Settings("default"))
    assert probe(engine.multiply, (2, 3, 1), F32, samples=8).operand_bits in (TF32_BITS, 23)
