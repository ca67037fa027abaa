"""Who may import whom."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
HEAVY = {"jax", "torch", "absl", "matplotlib"}

# package or module -> what it may import beside the standard library; the first match counts
ALLOWED = {
    "torch_ref.convert": {"torch", "numpy", "ml_dtypes", "jaxmlp.base", "torch_ref"},
    "torch_ref": {"torch", "torch_ref"},
    "jaxmlp": {"jax", "numpy", "jaxmlp"},
    "compare.evidence": {
        "numpy",
        "ml_dtypes",
        "jax",
        "jaxmlp.base",
        "compare.evidence",
        "compare.problem.axes",
    },
    "compare.report.__main__": {"absl", "compare"},
    "compare.report.figures": {"numpy", "matplotlib", "compare.report", "compare.results"},
    "compare.report": {
        "numpy",
        "compare.errors",
        "compare.evidence",
        "compare.report",
        "compare.options.config",
        "compare.formats.atomic",
        "compare.results",
    },
    "compare.formats.precision": {"ml_dtypes", "numpy", "compare.errors"},
    "compare.formats.read.state_dict": {"numpy", "torch", "torch_ref.convert", "compare"},
    "compare.formats.read.safetensors": {"numpy", "ml_dtypes", "safetensors", "compare.errors"},
    "compare.formats.write.params": {
        "torch",
        "safetensors",
        "torch_ref",
        "numpy",
        "jaxmlp.base",
        "compare",
    },
    "compare.readers": {"numpy", "jaxmlp.base", "compare.readers", "compare.errors"},
    "compare.implementations.numpy_backprop": {"numpy"},
    "compare.implementations.table": {"numpy", "jaxmlp", "compare"},
    "compare.implementations.jax": {"jax", "numpy", "jaxmlp", "compare"},
    "compare.implementations.torch": {"torch", "numpy", "jaxmlp.base", "torch_ref", "compare"},
    "compare.implementations.torch_settings": {"torch", "compare"},
    # what a user brings may be of either framework, or of half precision
    "compare.implementations.user.function": {
        "jax",
        "torch_ref.convert",
        "numpy",
        "jaxmlp.base",
        "compare",
    },
    "compare.implementations.user.torch_module": {
        "torch",
        "torch_ref",
        "numpy",
        "jaxmlp.base",
        "compare",
    },
    "compare.implementations.user.returned": {
        "numpy",
        "jaxmlp.base",
        "torch_ref.convert",
        "compare",
    },
    "compare.problem.problem": {"numpy", "jaxmlp", "torch_ref.convert", "compare"},
    "compare.implementations.formulas": {"jax", "jaxmlp"},
    "compare.resume.processes": {"jax", "compare"},
    # trials of the comparison itself
    "compare.graph.torch_network": {"torch", "torch_ref", "compare"},
    "compare.graph.user_module": {"torch", "compare"},
    "compare.graph.jaxpr": {"jax", "numpy", "jaxmlp"},
    "compare.graph.drawing": {"pygraphviz"},
    "compare.graph.__main__": {"absl", "torch", "compare"},
    "compare.graph.written": {"torch", "compare"},
    "compare.graph": {"numpy", "compare"},
    "compare.selftest.__main__": {"absl", "numpy", "jaxmlp", "compare"},
    "compare.selftest.random_networks": {"jax", "numpy", "jaxmlp", "torch_ref", "compare"},
    "compare.pytest_plugin": {"pytest", "compare"},
    "compare.options.definitions": {"absl", "compare"},
    "compare.options.command_line": {"absl", "compare"},
    "compare.files": {"absl", "numpy", "compare"},
    "compare": {"numpy", "jaxmlp.base", "compare"},
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


@pytest.mark.parametrize("module", MODULES)
def test_import_direction(module):
    allowed = next(v for k, v in ALLOWED.items() if f"{module}.".startswith(f"{k}."))
    for name in imported(MODULES[module]):
        if name.partition(".")[0] in sys.stdlib_module_names:
            continue
        assert any(f"{name}.".startswith(f"{a}.") for a in allowed), f"{module} imports {name}"
        assert not name.startswith("compare.run"), "nothing imports run"


@pytest.mark.parametrize(
    ("statement", "never"),
    [
        ("import jaxmlp", {"torch", "absl", "compare"}),
        ("import torch_ref", {"jax", "jaxmlp", "absl", "compare"}),
        ("import compare", {"jax", "torch", "absl"}),
        ("import compare.options.flags, compare.run", {"jax", "torch"}),
        ("import compare.files", {"jax", "torch"}),
        ("import compare.graph, compare.graph.__main__", {"jax", "torch", "pygraphviz"}),
        ("import compare.graph", {"absl"}),
        ("import compare.formats.read.arrays", {"jax", "torch", "safetensors"}),
        ("import compare.formats.write.params", {"torch", "safetensors"}),
        ("from compare import compare_gradients", {"torch", "absl", "matplotlib"}),
        (
            "import compare.report.text.text, compare.report.json.write, compare.formats.write.dumps",
            {"torch", "jax"},
        ),
        ("import compare.report.page.html", {"torch", "jax", "absl", "matplotlib"}),
        ("import compare.report.__main__", {"torch", "jax", "matplotlib"}),
    ],
)
def test_what_is_never_loaded(statement, never):
    code = f"{statement}; import sys; print(*sorted({never!r} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert done.stdout.split() == []
