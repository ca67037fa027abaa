"""What the verdict says beside the verdict: a GPU that multiplies in TF32, as no CPU does."""

import json
import re

import numpy as np
import pytest

from compare import run
from compare.implementations import devices
from compare.implementations.base import Engine
from compare.implementations.table import IMPLEMENTATIONS
from compare.problem.answers import answer_of
from compare.selftest.reduced_precision import ReducedPrecision, evaluate
from compare.verdict.circumstances import untested
from tests.support.products import multiplying


def plant_tf32(monkeypatch, *, admits=True):
    """Makes jax_manual compute as on a GPU; without admitting it, its engine claims all bits."""

    def reduced(params, network, *_):
        engine = Engine(
            "jax",
            "cuda:0",
            multiplying(left=10, right=10) if admits else multiplying(),
            lambda: 3 << 20,
        )

        def answer(block):
            precision = ReducedPrecision(10, True, True)
            made = evaluate(params, block.padded, network.activations[0], precision)
            return answer_of(made, block.size)

        return IMPLEMENTATIONS["jax_manual"](params, network, "cpu")._replace(
            device="cuda:0", evaluate=answer, engine=engine
        )

    table = {**IMPLEMENTATIONS, "jax_manual": IMPLEMENTATIONS["jax_manual"]._replace(build=reduced)}
    monkeypatch.setattr("compare.implementations.devices.IMPLEMENTATIONS", table)


def compare(out, *flags):
    return run.main(["compare.run", f"--out={out}", "--samples=20", *flags])


def report(out):
    return json.loads((out / "report.json").read_text())


@pytest.mark.parametrize("activation", ["sigmoid", "relu", "gelu"])
def test_tf32_is_judged_as_such_and_named(tmp_path, capsys, monkeypatch, activation):
    plant_tf32(monkeypatch)
    flags = ["--matmul_precision=default", f"--activation={activation}", "--verbose"]
    assert compare(tmp_path, *flags) == 0
    found = report(tmp_path)
    jax, tf32, by_torch = found["engines"]
    assert (jax["operand_bits"], tf32["operand_bits"], by_torch["operand_bits"]) == (23, 10, 23)
    assert {one["operand_bits"] for one in tf32["products"]} == {10}
    assert found["reason"].endswith(
        "; jax multiplied in TF32 (10 of 23 bits) on cuda:0, by which jax_manual is judged; "
        "--matmul_precision=highest asks for all bits"
    )
    manual = found["implementations"][1]["certificate"]
    assert (manual["certified"], manual["failed"]) == (20, 0)
    printed = capsys.readouterr().out
    said = "default asked for; measured: A C with all 23 bits of float32; B in TF32 (10 of 23 bits)"
    assert said in " ".join(printed.split())
    assert "memory    at its peak, jax 3.0 MiB on cuda:0" in printed


def test_it_is_far_from_what_float32_allows(tmp_path, monkeypatch):
    plant_tf32(monkeypatch, admits=False)
    assert compare(tmp_path) == 2
    certificates = [one["certificate"] for one in report(tmp_path)["implementations"]]
    assert [one["failed"] for one in certificates] == [0, 20, 0]


def test_reduced_products_that_nobody_asked_for(tmp_path, monkeypatch):
    plant_tf32(monkeypatch)
    assert compare(tmp_path) == 0
    assert report(tmp_path)["reason"].endswith("although the highest precision was asked for")


def test_a_mistake_beside_reduced_products_is_found(tmp_path, monkeypatch):
    plant_tf32(monkeypatch)
    build = devices.IMPLEMENTATIONS["jax_manual"]

    def wrong(*arguments):
        right = build(*arguments)

        def evaluate_wrongly(block):
            found = right.evaluate(block)
            grads = tuple(layer._replace(w=layer.w * np.float32(0.5)) for layer in found.grads)
            return found._replace(grads=grads)

        return right._replace(evaluate=evaluate_wrongly)

    table = {**IMPLEMENTATIONS, "jax_manual": IMPLEMENTATIONS["jax_manual"]._replace(build=wrong)}
    monkeypatch.setattr("compare.implementations.devices.IMPLEMENTATIONS", table)
    assert compare(tmp_path, "--matmul_precision=default") == 2
    assert "jax_manual" in report(tmp_path)["reason"]
    assert "multiplied in TF32" in report(tmp_path)["reason"]


def test_where_all_bits_are_used_nothing_is_said(tmp_path):
    for precision in ("highest", "high", "default"):
        assert compare(tmp_path, f"--matmul_precision={precision}") == 0
        found = report(tmp_path)
        assert "multiplied" not in found["reason"]
        assert found["config"]["matmul_precision"] == precision


def test_of_many_pieces_that_no_sample_reaches_the_first_are_named():
    (said,) = untested([f"z{i} < 0" for i in range(1, 8)])
    assert said.startswith("no sample has z1 < 0 or ")
    assert re.search(r" or \d others, so what is computed there is not tested", said)
    assert "z7" not in said
    assert untested([]) == ()
