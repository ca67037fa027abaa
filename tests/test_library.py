"""What `from compare import ...` gives, and what a type checker makes of it."""

import importlib.metadata
import importlib.util
import re
import textwrap

import pytest
from mypy import api

import compare
from compare import __main__ as commands
from tests.support.paths import ROOT

# What --strict asks of a file, but as comments: so mypy uses what it knows since `make lint`.
STRICT = """\
# mypy: disallow-any-generics, disallow-untyped-calls, disallow-untyped-defs, strict-equality
# mypy: disallow-untyped-decorators, warn-return-any, extra-checks, disallow-subclassing-any
"""
USER = """
    import numpy as np
    from compare import CallStyle, Draw, Machine, Report
    from compare import assert_gradients_agree, compare_gradients, roundoff

    layers = [(np.ones((2, 3)), np.zeros(3)), (np.ones((3, 1)), np.zeros(1))]
    x = np.ones((4, 2))


    def backward(params: list[tuple[np.ndarray, np.ndarray]], x: object, y: object) -> object:
        return params


    def check() -> Report:
        report = compare_gradients(layers, x, activation="tanh", candidates={"mine": backward})
        report = compare_gradients(candidate=backward, draw=Draw(layer_sizes=(2, 1), seed=1))
        report = compare_gradients(layers, x, call_style=CallStyle(arrays="jax", batched=True))
        report.save("report.html")
        agreed: bool = report.agrees
        print(report, agreed, report.to_json() + report.reason, roundoff)
        return assert_gradients_agree(layers, x, candidates=[backward], loss="squared")


    compare_gradients(layers, x, loss="crossentropy")  # wrong
    compare_gradients(layers, x, witnesses=3)  # wrong
    CallStyle(arrays="tensorflow")  # wrong
    Machine("gpu")  # wrong
    Draw().seed = 3  # wrong
    check().verdict = "agree"  # wrong
"""


def test_every_name_is_there_and_listed():
    assert compare.__version__ == importlib.metadata.version("jaxmlp")
    for name in compare.__all__:
        assert getattr(compare, name) is not None
        assert name in dir(compare)
    assert (compare.Report.__name__, compare.roundoff.__name__) == ("Report", "roundoff")


def test_a_name_that_is_not_there_is_told_as_python_does():
    with pytest.raises(AttributeError, match="module 'compare' has no attribute 'agree'"):
        compare.agree  # noqa: B018


def test_a_type_checker_finds_what_is_wrong_in_a_users_file_and_no_more(tmp_path):
    lines = (STRICT + textwrap.dedent(USER)).splitlines()
    file = tmp_path / "user.py"
    file.write_text("\n".join(lines))
    wrong = [i for i, line in enumerate(lines, 1) if line.endswith("# wrong")]
    cache = ("--cache-dir", str(ROOT / ".mypy_cache"))
    said, _, _ = api.run(["--config-file", str(ROOT / "setup.cfg"), *cache, str(file)])
    assert [int(line) for line in re.findall(r"user\.py:(\d+): error", said)] == wrong, said


@pytest.mark.parametrize(("words", "status"), [([], 0), (["--help"], 0), (["run"], 1)])
def test_the_package_itself_names_its_commands(capsys, words, status):
    assert commands.main(["compare", *words]) == status
    said = capsys.readouterr()[status]  # to stderr where something was to be done
    for module in re.findall(r"^python -m (\S+)", said, re.MULTILINE):
        assert importlib.util.find_spec(module) is not None
    assert "python -m compare.run " in said
