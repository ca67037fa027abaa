"""How numbers, letters and places are written."""

import math

import pytest

from compare.numbers import (
    count,
    counted,
    entry,
    largest_known,
    largest_ratio,
    needed_count,
    number,
    percent,
    ratio,
    rounded_up,
    share,
    share_at_most,
    short_count,
    short_share,
    times,
    told_apart,
)
from compare.report.labels import letters_for, place, short_place


@pytest.mark.parametrize(
    ("ratio", "text"),
    [
        (None, "∞"),
        (0, "0 %"),
        (1e-7, "<0.01 %"),
        (0.0361, "3.6 %"),
        (0.9999, ">99 %"),
        (1, "100 %"),
        (1.00004, "1.00004 times"),
        (1.5, "1.5 times"),
        (17_234.0, "17,200 times"),
        (3e8, "3e8 times"),
        (3e37, ">1e9 times"),
        (math.inf, "∞ times"),
    ],
)
def test_shares_of_a_bound(ratio, text):
    assert share(ratio) == text


def test_texts_for_boxes():
    assert short_share(0.5, 0) == "50 % used"
    assert short_share(57_515.0, 3) == "57,500×"
    assert short_share(None, 3) == "∞×"


@pytest.mark.parametrize(
    ("value", "long", "short"),
    [
        (None, "-", "-"),
        (0, "0", "0"),
        (67, "67", "67"),
        (999_999, "999,999", "999999"),
        (1_000_000, "1.0e+06", "1e+06"),
    ],
)
def test_counts(value, long, short):
    assert (count(value), short_count(value)) == (long, short)


@pytest.mark.parametrize(
    ("value", "text"), [(None, "-"), ("nan", "nan"), (0.0, "0"), (1.788e-7, "1.8e-07")]
)
def test_differences(value, text):
    assert number(value) == text


def test_only_all_are_a_hundred_percent_and_only_none_are_zero():
    assert [percent(part, 1000) for part in (0, 1, 999, 1000)] == ["0%", "<1%", "99%", "100%"]


@pytest.mark.parametrize(
    ("values", "texts"),
    [
        ((0.5, 1.0), ("0.5", "1")),
        ((1.0, 1.0 + 1e-12), ("1.000000000000", "1.000000000001")),
        ((0.1234, 0.1234), ("0.1234", "0.1234")),
        ((0.1, math.nextafter(0.1, 1)), ("0.10000000000000001", "0.10000000000000002")),
        ((-0.0, 0.5), ("0", "0.5")),
        ((math.nan, math.inf), ("nan", "inf")),
    ],
)
def test_numbers_that_differ_look_different(values, texts):
    assert told_apart(*values) == texts


@pytest.mark.parametrize(
    ("ratio", "text"),
    [(1.0004, "1.0004"), (2.0, "2"), (57_515.0, "5.75e+04"), (1e6, "more than a million")],
)
def test_what_is_over_an_allowance_does_not_look_like_it(ratio, text):
    assert times(ratio) == text


@pytest.mark.parametrize(
    ("value", "column", "text"),
    [
        (0.38, ".2g", "0.38"),
        (0.999, ".2g", "<1"),
        (1.001, ".2g", ">1"),
        (1.0, ".2g", "1"),
        (0.996, ".2f", "<1"),
        (1.004, ".2f", ">1"),
    ],
)
def test_ratios_are_on_the_right_side_of_one(value, column, text):
    assert ratio(value, column) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "-"),
        (7.0, "7"),
        (7.2, "8"),
        (12_344.5, "12,345"),
        (1_234_567, "2e+06"),
        (math.inf, "inf"),
    ],
)
def test_what_is_needed_is_rounded_up(value, text):
    assert needed_count(value) == text


def test_what_is_rounded_up_is_enough():
    for value in (4.82e-6, 0.38, 1.0, 9.99, 1e300):
        up = rounded_up(value, digits=2)
        assert value <= up <= value * 1.1
        assert float(f"{up:.1e}") == up
    assert rounded_up(math.inf, digits=2) == math.inf
    assert [share_at_most(value) for value in (0.38, 0.3801, 0.996, 1)] == [
        "38 %",
        "39 %",
        "100 %",
        "100 %",
    ]


def test_one_is_not_many():
    assert [counted(n, "sample") for n in (0, 1, 1234)] == [
        "0 samples",
        "1 sample",
        "1,234 samples",
    ]
    assert counted(1, "entry", "entries") == "1 entry"


def test_what_is_unknown_is_passed_over_and_what_is_beyond_a_number_wins():
    assert largest_known([1.0, None, 2.0]) == 2.0
    assert largest_known([None]) is None
    assert largest_ratio([1.0, None, 2.0]) is None
    assert largest_ratio([]) == 0


def test_letters():
    letters = list(letters_for(map(str, range(800))).values())
    assert [letters[i] for i in (0, 25, 26, 27, 701, 702)] == ["A", "Z", "AA", "AB", "ZZ", "AAA"]
    assert len(set(letters)) == 800


def test_places():
    assert place(1234, (0, 2)) == "1,234 [0,2]"
    assert place(3, ()) == "3"
    assert short_place(1234, (0, 2)) == "1234[0,2]"
    assert entry("w1", (0, 2)) == "w1[0,2]"
    assert entry("loss", ()) == "loss"
