"""A comparison of functions on a terminal."""

import dataclasses
import re

import numpy as np
import pytest

from compare.report.functions.text.report import format_report
from tests.support.function_reports import (
    LONG,
    REPORTS,
    SHAPE,
    checked,
    failing,
    in_float64,
    model,
    report,
    standing,
)


def words(text):
    return re.sub(r"\s+", " ", text)


@pytest.mark.parametrize("name", REPORTS)
@pytest.mark.parametrize("verbose", [False, True])
def test_it_fits_into_80_columns_and_begins_with_the_verdict(name, verbose):
    made = REPORTS[name]()
    text = format_report(made, width=80, verbose=verbose)
    assert max(map(len, text.splitlines())) <= 80
    assert text[2:].startswith(f"{made.verdict}: ")
    assert "\x1b" not in text


@pytest.mark.parametrize(
    ("one", "said"),
    [
        (standing(), "rests on its own values at 12 of 12 places, forward and backward"),
        (
            standing(basis="float64", recorded=3),
            "float64, in which it computes the same; seen at 3",
        ),
        (in_float64(), "float64, in which it computes other values; seen at 12 of 12 places"),
        (standing(verdict="undecided", basis="nothing"), "nothing that proves it either way"),
        (
            standing(recorded=0),
            "bounds from the arguments on, since none of 12 places was recorded",
        ),
        (standing(places=0, recorded=0), "bounds from the arguments on, since the reference names"),
    ],
)
def test_it_says_on_what_the_verdict_rests(one, said):
    assert said in words(format_report(report(one)))


def test_of_several_it_says_what_is_different_in_each():
    one = dataclasses.replace(failing(), reason="`norm` has another eps")
    other = dataclasses.replace(failing(), name="other", reason="`norm` has no scale")
    shown = words(format_report(report(one, other)))
    assert "other ✗ disagree: `norm` has no scale; it is wrong" in shown


def test_the_first_place_that_fails_has_its_entry_and_the_places_around_it():
    text = format_report(report(failing()))
    said = words(text)
    assert "First wrong in candidate, in float32: forward at blocks.1.mlp.linear[1,2]:" in said
    assert re.search(r"expected 1\.5454\d+, exactly, from what it had at blocks\.1\.norm", said)
    assert "allowed 1.5e-06: that is 182 times what rounding can do" in said
    assert "beyond that 1 of 12 entries" in said
    assert "reference uses 10 % of what is allowed there" in said
    around = text.partition("Around it")[2].split("\n\n")[0].splitlines()[1:]
    names = ["0.norm", "0.mlp.linear", "1.norm", "1.mlp.linear", "2.norm", "2.mlp.linear"]
    assert [line.split()[1] for line in around] == [*(f"blocks.{one}" for one in names), "output"]
    assert [line for line in around if "<- first" in line] == [around[3]]
    assert [line.split()[2] for line in around] == [*["holds"] * 3, "beyond", *["holds"] * 3]


def test_what_it_was_computed_from_says_what_is_of_the_backward_pass():
    first = checked("backward", "fc1", 5.0, sources=("fc1", "d:act"))
    said = words(format_report(report(standing(checks=(first,), verdict="disagree", first=first))))
    assert "exactly, from what it had at fc1 and act (backward)" in said


def test_what_fails_in_float64_alone_is_shown_in_float64():
    assert "First wrong in candidate, in float64: backward at blocks.2.norm" in format_report(
        report(in_float64())
    )


def test_what_is_only_unlikely_is_not_called_wrong():
    odd = checked("forward", "fc", 0.9)
    assert odd.holds
    assert not odd.is_typical
    said = words(format_report(report(standing(checks=(odd,), verdict="undecided", first=odd))))
    assert "First unlikely in candidate, in float32: forward at fc[1,2]:" in said
    assert "allowed 1.5e-06: that is 90 % of what rounding can do" in said
    assert "unlikely that is 1.52 times what rounding usually makes at most" in said
    assert "beyond that" not in said


def test_what_fails_without_recording_alone_is_shown():
    first = checked("output", "output", 5.0)
    said = words(format_report(report(standing(verdict="disagree", first=first))))
    assert "First wrong in candidate, in float32: output[1,2]:" in said
    assert "that is 5 times what rounding can do" in said


def test_nothing_is_called_wrong_of_a_program_that_agrees():
    other = failing(verdict="agree", basis="float64")
    text = format_report(report(other))
    assert text.startswith("✓ agree")
    assert "Around it" not in text


def test_of_many_gradients_those_that_matter_most_are_shown():
    gradients = [checked("gradient", f"w{i}", 3.0 if i == 70 else 0.1) for i in range(150)]
    checks = (checked("output", "output"), *gradients)
    text = format_report(report(standing(checks=checks, verdict="disagree", first=gradients[70])))
    table = text.partition("Results of candidate")[2].splitlines()
    assert sum(line.startswith("  ") and not line.startswith("   ") for line in table) == 10
    assert any(line.split()[:1] == ["w70"] and "3 times" in line for line in table)
    assert any(line.split()[:1] == ["output"] for line in table)
    assert "... and 141 more, all right by themselves: --verbose shows them" in table


def test_what_is_left_out_is_never_said_to_be_right_if_it_is_not():
    gradients = tuple(checked("gradient", f"w{i}", 3.0) for i in range(20))
    text = format_report(report(standing(checks=gradients)))
    assert "... and 10 more, some wrong too: " in text
    gradients = tuple(
        checked("gradient", f"w{i}", value=-np.ones(SHAPE), bound=2) for i in range(18)
    )
    zeros = standing(checks=tuple(dataclasses.replace(one, is_zero=False) for one in gradients))
    assert "... and 8 more, none wrong as far as bounds say: " in format_report(report(zeros))


def test_results_are_held_against_what_follows_from_the_arguments():
    end = checked("output", "output", 1e3)
    one = standing(checks=(checked("output", "output"),), ends=(end,))
    text = format_report(report(one))
    (row,) = (line.split() for line in text.splitlines() if line.startswith("  output"))
    assert row[2:4] == ["1.5e-03", "1.5e-07"]  # beside that of the reference
    assert row[-2:] == ["10", "%"]
    assert (
        "largest difference 7.4e-04 of the largest entry, in output, where the reference has 7"
        in (words(text))
    )


def test_what_is_zero_but_for_rounding_is_not_the_largest_difference():
    nothing = np.full(SHAPE, 1e-17)
    checks = checked("output", "output"), checked("gradient", "bias", 0.9, value=nothing)
    text = format_report(report(standing(checks=checks), reference=standing(checks=checks)))
    assert "largest difference 7.4e-08 of the largest entry, in output" in words(text)
    other = standing(checks=(checks[0], checked("gradient", "bias", 0.9, bound=1e3)))
    own = standing(checks=(checks[0], checked("gradient", "bias", 0.0)))
    text = format_report(report(other, reference=own))
    assert "of the largest entry, in gradient by bias, where the reference has 0" in words(text)


def test_a_result_without_a_bound_is_not_said_to_use_little_of_it():
    text = format_report(REPORTS["plain"]())
    (row,) = (line for line in text.splitlines() if line.startswith("  args[0]['w']"))
    assert row.split()[-2:] == ["no", "bound"]


def test_a_long_name_is_cut_in_its_middle():
    text = format_report(REPORTS["long"]())
    (row,) = (line for line in text.splitlines() if line.startswith("  encoder"))
    name = row.split()[0]
    before, dots, after = name.partition("...")
    assert dots
    assert LONG.startswith(before)
    assert LONG.endswith(after)


def test_what_the_first_sentence_says_is_not_said_twice():
    made = report(failing("one", sentence="it is odd"), failing("two", sentence="it is wrong"))
    said = words(format_report(made))
    assert said.startswith("✗ disagree: one: it is odd. ")
    assert said.count("it is odd") == 1
    assert "one ✗ disagree, as above; it rests on" in said
    assert "two ✗ disagree: it is wrong; it rests on" in said


def test_numbers_of_many_digits_do_not_touch():
    made = standing(checks=(checked("output", "output", off=763_000, bound=1.0),))
    text = format_report(report(made), verbose=True)
    assert re.search(r"^output +output .* \d[^ ]+ +763,000 times ", text, re.MULTILINE)


def test_verbose_shows_every_check_of_every_program():
    made = report(standing(checks=model(75)))
    text = format_report(made, verbose=True)
    assert sum("blocks.74.norm " in line for line in text.splitlines()) >= 2
    (candidate,), reference = made.candidates, made.reference
    rows = re.findall(r"^(?:forward|output|backward|gradient) ", text, re.MULTILINE)
    assert len(rows) == len(candidate.checks) + len(reference.checks)


def test_each_of_several_candidates_has_its_line():
    said = words(format_report(report(standing("one"), failing("two"))))
    assert "one ✓ agree: every difference is rounding; it rests on its own values" in said
    assert "two ✗ disagree, as above; it rests on" in said
    assert "Results of one" in said
    assert "Results of two" in said


def test_colour_is_in_the_verdict_and_in_what_fails():
    text = format_report(report(failing()), colours=True)
    assert text.startswith("\x1b[1;31m✗ disagree\x1b[0m")
    assert re.sub(r"\x1b\[[\d;]+m", "", text) == format_report(report(failing()))
    (row,) = (line for line in text.splitlines() if "<- first" in line)
    assert "\x1b[1;31mbeyond" in row
