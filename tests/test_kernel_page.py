"""docs/kernel_tests.md and the end of docs/kernels.md: kernels pass, or fail as the pages show."""

import functools
import importlib
import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from compare.testing import assert_within_rounding
from tests.support.paths import ROOT
from tests.test_pages import contains

PAGE = (ROOT / "docs" / "kernel_tests.md").read_text()
OTHER_PAGE = (ROOT / "docs" / "kernels.md").read_text()


def files(page):
    return dict(re.findall(r"`(\w+\.py)`:\s*```python\n(.*?)```", page, re.DOTALL))


def messages(page):
    return re.findall(r"```text\n(AssertionError: .*?)```", page, re.DOTALL)


FILES, MESSAGES = files(PAGE), messages(PAGE)
TESTS = [
    (name.removesuffix(".py"), test)
    for name, text in FILES.items()
    for test in re.findall(r"^def (test_\w+)", text, re.MULTILINE)
]


@pytest.fixture(scope="module")
def load(tmp_path_factory):
    """Returns what imports a file of the page."""
    folder = tmp_path_factory.mktemp("page")
    for name, text in (FILES | files(OTHER_PAGE)).items():
        (folder / name).write_text(text)
    with (
        pytest.MonkeyPatch.context() as patch,
        jax.numpy_rank_promotion("allow"),  # as a user has them
        jax.numpy_dtype_promotion("standard"),
    ):
        patch.syspath_prepend(folder)
        yield importlib.import_module


@pytest.mark.parametrize(("module", "test"), TESTS)
def test_a_kernel_passes(module, test, load, tmp_path):
    check = functools.partial(assert_within_rounding, save=tmp_path)
    given = {"seed": 1} if module == "test_seeds" else {}
    getattr(load(module), test)(check, **given)
    assert list(tmp_path.iterdir()) == []


def test_one_line_takes_the_place_of_another():
    (lines,) = re.findall(r"```python\n(assert_close.*?)```", PAGE, re.DOTALL)
    names = {"assert_close": np.testing.assert_allclose, "kernel": jnp.tanh, "formula": jnp.tanh}
    exec(
        lines,
        {**names, "x": np.ones(3, np.float32), "assert_within_rounding": assert_within_rounding},
    )


def failure(check, folder):
    with pytest.raises(AssertionError) as caught:
        check(functools.partial(assert_within_rounding, save=folder))
    return f"AssertionError: {caught.value}\n"


def test_the_mistake_that_it_plants_is_told_as_it_says(load, tmp_path, monkeypatch):
    right, wrong = "d = d - d.mean(-1, keepdim=True) - normed", "d = d - normed"
    names = {}
    assert FILES["torch_kernels.py"].count(right) == 1
    assert f"`{wrong} * (d * normed).mean(-1, keepdim=True)`" in PAGE
    exec(FILES["torch_kernels.py"].replace(right, wrong), names)
    tests = load("test_torch_kernels")
    monkeypatch.setattr(tests, "LayerNorm", names["LayerNorm"])
    assert contains(failure(tests.test_layer_norm, tmp_path), MESSAGES[0])


def test_a_kernel_that_rounds_after_every_operation_is_told_as_it_says(load, tmp_path, monkeypatch):
    tests = load("test_low_precision")
    monkeypatch.setattr(tests, "in_bfloat16", load("jax_kernels").layer_norm)
    assert contains(failure(tests.test_layer_norm, tmp_path), MESSAGES[1])


def test_the_kernel_of_the_other_page_fails_as_it_says(load, tmp_path):
    (message,) = messages(OTHER_PAGE)
    assert contains(failure(load("test_dense_gelu").test_dense_gelu, tmp_path), message)


def test_the_page_is_of_every_kernel_in_both_frameworks():
    both = [
        {test for file, test in TESTS if file == f"test_{one}_kernels"} for one in ("jax", "torch")
    ]
    assert both[0] == both[1] == {f"test_{name}" for name in NAMES}
    assert len(MESSAGES) == 2


NAMES = ("layer_norm", "cross_entropy", "attention", "linear_gelu")
