"""Who may import whom."""

import ast
import subprocess
import sys

import pytest

from tests.support.paths import ROOT

# Packages and modules of `compare`, low to high: none imports one of a later row.
ROWS = (
    ("errors", "catalogue", "activation_names", "quoting", "calls", "numbers"),
    ("options", "formats"),
    ("problem",),
    ("pairing",),
    ("matching",),
    ("aten",),
    ("evidence.rounding",),
    ("evidence.differences", "evidence.certificate", "evidence.relations", "evidence.local"),
    ("evidence.hypotheses", "evidence.witness", "evidence.pieces", "evidence.reasons"),
    ("evidence.batches", "steps.rules"),
    ("results", "function_results"),
    ("implementations", "verdict"),
    ("pipeline", "steps"),
    ("report", "graph"),
    ("resume",),
    ("api", "network_certificate", "function_api", "steps_api"),
    ("run", "files", "functions", "rounding", "testing", "pytest_plugin", "selftest", "__main__"),
)
HEIGHTS = {f"compare.{name}": height for height, row in enumerate(ROWS) for name in row}

# Package or module -> what it may import beside the standard library and `compare`. The first match
# counts; where there is none it is numpy and the types of `jaxmlp.base`.
ALLOWED = {
    "jaxmlp": {"jax", "numpy", "jaxmlp"},
    "torch_ref.convert": {"torch", "numpy", "ml_dtypes", "jaxmlp.base", "torch_ref"},
    "torch_ref": {"torch", "torch_ref"},
    "compare.options.parse": {"absl"},
    "compare.options": set(),
    "compare.formats.dtypes": {"numpy", "ml_dtypes"},
    "compare.formats.read.state_dict": {"numpy", "torch", "torch_ref.convert"},
    "compare.formats.read.safetensors": {"numpy", "ml_dtypes", "safetensors"},
    "compare.formats.write.params": {"numpy", "torch", "safetensors", "torch_ref", "jaxmlp.base"},
    "compare.problem.blocks": {"numpy", "jaxmlp.base", "jaxmlp.plan"},
    "compare.problem.problem": {"numpy", "jaxmlp.base", "jaxmlp.mlp"},
    "compare.problem.cuts": {"jax"},
    "compare.problem.narrowest": {"jax", "numpy"},
    "compare.problem.function": {"jax", "numpy"},
    "compare.problem.given_arguments": {"jax", "numpy"},
    "compare.problem.structure": {"jax"},
    "compare.problem.array_likes": {"numpy", "torch_ref.convert"},
    "compare.aten": {"jax", "numpy", "torch", "torch_ref"},
    "compare.evidence.rounding": {"numpy", "ml_dtypes", "jax", "jaxmlp.base", "scipy"},
    "compare.evidence": {"numpy", "ml_dtypes", "jax", "jaxmlp.base"},
    "compare.implementations.numpy_backprop": {"numpy"},
    "compare.implementations.programs.torch": {"torch", "numpy", "torch_ref"},
    "compare.implementations.programs.torch_copies": {"torch", "numpy", "torch_ref"},
    "compare.implementations.programs.models.nnx": {"jax", "numpy", "flax"},
    "compare.implementations.programs.models.equinox": {"jax", "numpy", "equinox"},
    "compare.implementations.programs.models.equinox_states": {"jax", "equinox"},
    "compare.implementations.programs.models.equinox_samples": {"jax", "equinox"},
    "compare.implementations.programs.weights": {"numpy", "torch_ref.module_checks"},
    "compare.implementations.programs": {"jax", "numpy", "torch_ref.convert"},
    "compare.implementations.jax": {"jax", "numpy", "jaxmlp"},
    "compare.implementations.activation_formulas": {"jax", "jaxmlp"},
    "compare.implementations.formulas": {"jax", "jaxmlp"},
    "compare.implementations.loss_formulas": {"jax", "jaxmlp"},
    "compare.implementations.overflows": {"jax", "jaxmlp"},
    "compare.implementations.table": {"jaxmlp"},
    "compare.implementations.torch": {"torch", "numpy", "torch_ref", "jaxmlp.base"},
    "compare.implementations.torch_settings": {"torch"},
    # what a user brings may be of either framework
    "compare.implementations.user": {"jax", "torch", "numpy", "torch_ref", "jaxmlp.base"},
    "compare.steps.rules.torch": {"torch", "numpy", "torch_ref.convert"},
    "compare.steps.rules": {"jax", "numpy"},
    "compare.steps.optimizers.torch": {"torch", "numpy", "torch_ref.convert"},
    "compare.steps.models": {"jax", "numpy", "torch", "torch_ref.convert"},
    "compare.steps": {"jax", "numpy"},
    "compare.report.figures": {"numpy", "matplotlib"},
    "compare.report.frame": {"pandas"},
    "compare.report.json": {"jsonschema"},
    "compare.graph.__main__": {"torch"},
    "compare.graph.jax": {"jax", "numpy", "jaxmlp"},
    "compare.graph.pictures.graphviz": {"pygraphviz"},
    "compare.graph.torch": {"torch", "torch_ref"},
    "compare.graph.explanation": {"torch"},
    "compare.graph": set(),
    "compare.resume.processes": {"jax"},
    "compare.pipeline.functions": {"jax", "numpy"},
    "compare.network_certificate": {"numpy", "torch_ref.module", "torch_ref.module_gradients"},
    "compare.function_api": {"jax", "numpy"},
    "compare.pytest_plugin": {"pytest"},
    "compare.selftest.everyday.layer_libraries": {"jax", "numpy", "flax", "equinox", "haiku"},
    "compare.selftest.everyday": {"jax", "numpy", "torch", "torch_ref.convert", "optax"},
    "compare.selftest.modules": {"jax", "torch"},
    "compare.selftest.ports": {"jax", "torch", "optax", "flax", "equinox", "haiku"},
    "compare.selftest.port_mistakes": {"jax", "numpy", "flax", "equinox", "haiku"},
    "compare.selftest.module_mistakes": {"torch"},
    "compare.selftest.optimizer_mistakes": {"jax", "numpy", "torch", "optax"},
    "compare.selftest.port_trial": {"torch_ref.convert"},
    "compare.selftest.module_trial": {"torch", "torch_ref.convert"},
    "compare.selftest.function_trial": {"jax", "numpy", "ml_dtypes"},
    "compare.selftest.costs": {"jax", "numpy", "torch_ref.convert", "ml_dtypes", "mpmath"},
    "compare.selftest.primitives.functions": {"jax", "numpy", "torch", "mpmath", "scipy"},
    "compare.rounding": {"jax", "numpy"},
    "compare.selftest.primitives": {"jax", "numpy", "torch", "ml_dtypes", "mpmath"},
    "compare.selftest.primitive_trial": {
        "jax",
        "numpy",
        "torch_ref.convert",
        "ml_dtypes",
        "mpmath",
    },
    "compare.selftest.sum_trial": {"jax", "numpy", "torch", "torch_ref.convert"},
    "compare.selftest.composed_trial": {"jax", "numpy", "ml_dtypes"},
    "compare.selftest.composed": {"jax", "numpy", "ml_dtypes", "mpmath", "scipy"},
    "compare.selftest": {"jax", "numpy", "jaxmlp", "torch_ref"},
}
MODULES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for package in ("jaxmlp", "torch_ref", "compare")
    for path in sorted((ROOT / package).rglob("*.py"))
}


def imported(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.fixture(scope="module")
def imports():
    """Every module, and every name that it imports."""
    return [(module, name) for module, path in MODULES.items() for name in imported(path)]


def within(name, package):
    return f"{name}.".startswith(f"{package}.")


def height(name):
    return next((HEIGHTS[room] for room in HEIGHTS if within(name, room)), None)


def allowed(module):
    return next((v for k, v in ALLOWED.items() if within(module, k)), {"numpy", "jaxmlp.base"})


def test_every_module_of_compare_has_a_room():
    without = {m for m in MODULES if within(m, "compare") and height(m) is None}
    assert without == {"compare", "compare.evidence"}


def test_a_lower_room_never_imports_an_upper_one(imports):
    heights = {name: height(name) for name in {*MODULES, *(name for _, name in imports)}}
    assert [
        f"{module} imports {name}"
        for module, name in imports
        if heights[module] is not None
        and within(name, "compare")
        and (heights[name] is None or heights[name] > heights[module])
    ] == []


def test_what_else_a_room_may_import(imports):
    assert [
        f"{module} imports {name}"
        for module, name in imports
        if name.partition(".")[0] not in sys.stdlib_module_names
        and not (within(module, "compare") and within(name, "compare"))
        and not any(within(name, one) for one in allowed(module))
    ] == []


@pytest.mark.parametrize(
    ("statement", "never"),
    [
        ("import jaxmlp", {"torch", "absl", "compare"}),
        ("import torch_ref", {"jax", "jaxmlp", "absl", "compare"}),
        ("import compare, compare.options.config", {"jax", "torch", "absl"}),
        ("import compare; compare.__version__, dir(compare)", {"jax", "torch", "numpy"}),
        ("from compare import Report", {"jax", "torch", "absl", "matplotlib"}),
        ("import compare.options.command_line, compare.run", {"jax", "torch"}),
        ("import compare.graph, compare.graph.__main__", {"jax", "torch", "pygraphviz"}),
        ("import compare.graph", {"absl"}),
        ("import compare.evidence.rounding", {"jax", "torch"}),
        ("import compare.formats.read.arrays", {"jax", "torch", "safetensors"}),
        ("import compare.formats.write.params", {"torch", "safetensors"}),
        ("import compare.formats.write.dumps", {"torch", "jax"}),
        ("from compare import compare_gradients", {"torch", "absl", "matplotlib"}),
        ("import compare.report.text.report, compare.report.json.write", {"torch", "jax"}),
        ("import compare.report.page.html", {"torch", "jax", "absl", "matplotlib"}),
        ("import compare.report.__main__", {"torch", "jax", "matplotlib", "jsonschema"}),
    ],
)
def test_what_is_never_loaded(statement, never):
    code = f"{statement}; import sys; print(*sorted({never!r} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert done.stdout.split() == []


@pytest.mark.parametrize("command", ["run", "files", "functions", "rounding", "report.__main__"])
def test_a_command_loads_little_before_it_can_tell_of_an_interrupt(command):
    code = f"import compare.{command}, sys; print(*{{'numpy', 'jax', 'torch'}} & set(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == []
