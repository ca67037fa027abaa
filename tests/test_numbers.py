"""How numbers, letters and places are written."""

import pytest

from compare.numbers import (
    count,
    entry,
    largest_known,
    largest_ratio,
    number,
    percent,
    share,
    short_count,
    short_share,
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
        (3e9, "3e9 times"),
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


def test_only_all_are_a_hundred_percent():
    assert [percent(part, 1000) for part in (0, 999, 1000)] == ["0%", "99%", "100%"]


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
