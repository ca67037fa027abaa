"""Every table that is keyed by names of the catalogue has them all, and no others."""

import importlib.resources
import json

import numpy as np
import pytest

import jaxmlp
import torch_ref
from compare import catalogue
from compare.evidence.certificate import activations, losses
from compare.evidence.differences import allclose
from compare.formats import dtypes
from compare.formats.read import arrays
from compare.formats.read.dump import read_dump
from compare.formats.write.dump import COLUMNS, HEADER
from compare.formats.write.params import write_params
from compare.implementations import numpy_backprop, table
from compare.implementations.base import Settings
from compare.implementations.formulas import formula
from compare.implementations.jax import jax_settings
from compare.implementations.table import IMPLEMENTATIONS
from compare.implementations.torch_settings import torch_settings
from compare.options.exit_status import EXIT_STATUS
from compare.problem.network import make_network
from jaxmlp import Batch, init_params, mlp
from tests.support.paths import ROOT

SCHEMA = json.loads(
    importlib.resources.files("compare.report.json").joinpath("schema.json").read_text()
)

KEYS = {
    "activations_of_jaxmlp": (jaxmlp.ACTIVATIONS, catalogue.ACTIVATIONS),
    "activations_of_torch_ref": (torch_ref.ACTIVATIONS, catalogue.ACTIVATIONS),
    "activations_of_numpy": (numpy_backprop.ACTIVATIONS, catalogue.ACTIVATIONS),
    "activations_of_the_certificate": (activations.ACTIVATIONS, catalogue.ACTIVATIONS),
    "losses_of_jaxmlp": (jaxmlp.LOSSES, catalogue.ENDS),
    "losses_of_torch_ref": (torch_ref.LOSSES, catalogue.ENDS),
    "losses_of_numpy": (
        {*numpy_backprop.LOSSES, *(loss for _, loss in numpy_backprop.JOINED)},
        catalogue.LOSSES,
    ),
    "outputs_of_jaxmlp": (jaxmlp.losses.OUTPUTS, catalogue.OUTPUTS),
    "outputs_of_torch_ref": (torch_ref.OUTPUTS, catalogue.OUTPUTS),
    "outputs_of_numpy": (numpy_backprop.OUTPUTS, catalogue.OUTPUTS),
    "losses_of_the_certificate": (losses.LOSSES, catalogue.ENDS),
    "implementations": (table.IMPLEMENTATIONS, catalogue.IMPLEMENTATIONS),
    "inits": (mlp.INITS, catalogue.INITS),
    "dtypes_of_arithmetic": (dtypes.FLOAT_DTYPES, catalogue.DTYPES),
    **{f"dtypes_of_{rule}": (known, catalogue.DTYPES) for rule, known in allclose.RULES.items()},
    "layouts_of_the_schema": (
        SCHEMA["properties"]["config"]["properties"]["layout"]["enum"],
        catalogue.LAYOUTS,
    ),
    "verdicts_of_the_schema": (SCHEMA["properties"]["verdict"]["enum"], catalogue.VERDICTS),
    "exit_statuses": (EXIT_STATUS, catalogue.VERDICTS),
}


@pytest.mark.parametrize("name", KEYS)
def test_a_table_has_the_names_of_the_catalogue(name):
    found, expected = KEYS[name]
    assert set(found) == set(expected)


def test_weights_are_read_in_every_format_that_they_are_written_in():
    assert set(catalogue.WEIGHT_FILES) <= set(arrays.FORMATS)


@pytest.mark.parametrize("dtype", catalogue.DTYPES)
@pytest.mark.parametrize("layout", catalogue.LAYOUTS)
def test_dumps_are_read_in_every_dtype_and_layout(dtype, layout):
    header = HEADER.format(network="1-1 sigmoid", n=1, dtype=dtype, layout=layout)
    found = read_dump("x.dat", f"{header}\n{COLUMNS}\n0 w1 0 0 0.5\n")
    assert found.layout == layout
    assert found.arrays[0].values.dtype == dtypes.dtype_of(dtype)


@pytest.mark.parametrize("dtype", catalogue.DTYPES)
def test_so_many_digits_bring_back_the_bits_of_every_dtype(dtype):
    values = 1 + np.arange(256).astype(dtypes.dtype_of(dtype)) / 256
    texts = [f"{float(v):.{dtypes.decimal_digits(dtype)}g}" for v in values]
    np.testing.assert_array_equal(np.array(texts, float).astype(values.dtype), values)


@pytest.mark.parametrize("dtype", catalogue.DTYPES)
@pytest.mark.parametrize("suffix", catalogue.WEIGHT_FILES)
def test_weights_of_every_dtype_are_written_and_read_in_every_format(tmp_path, suffix, dtype):
    params = init_params(np.random.default_rng(0), (2, 3), dtype=dtypes.dtype_of(dtype))
    path = tmp_path / f"w{suffix}"
    write_params(path, params, suffix=suffix, layout="in_out")
    assert len(arrays.read_arrays(str(path), option="--params").named) == 2


@pytest.mark.parametrize("activation", catalogue.ACTIVATIONS)
@pytest.mark.parametrize("implementation", catalogue.IMPLEMENTATIONS)
def test_every_implementation_has_a_formula_for_every_activation(implementation, activation):
    params = init_params(np.random.default_rng(0), (2, 3, 1))
    batch = Batch(np.ones((1, 2), np.float32), np.zeros((1, 1), np.float32))
    network = make_network((2, 3, 1), activation)
    found = formula(IMPLEMENTATIONS[implementation].formula, network)(params, batch)
    assert found.loss.shape == (1,)


@pytest.mark.parametrize("name", catalogue.MATMUL_PRECISIONS)
def test_both_frameworks_know_every_matmul_precision(name):
    with jax_settings(np.dtype(np.float32), name), torch_settings(Settings(name)):
        pass


def test_the_readme_counts_what_there_is():
    said = " ".join((ROOT / "README.md").read_text().split())
    assert f"in any of {len(catalogue.ACTIVATIONS)} activations" in said
    assert f"any of {len(catalogue.ENDS)} pairs of output and loss" in said
