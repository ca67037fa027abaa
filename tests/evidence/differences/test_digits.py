"""Agreement to digits: text rules beside Python's own print, numeric rules beside fractions."""

from decimal import Decimal
from fractions import Fraction

import hypothesis
import hypothesis.strategies as st
import ml_dtypes
import numpy as np
import pytest

from compare.evidence.differences import digits
from compare.evidence.differences.decades import DECADES, decade_of, half_unit
from compare.evidence.differences.digits import (
    PRINTED_ZERO,
    RULES,
    Agreement,
    agree_decimals,
    agree_significant,
    count_agreements,
    same_decimals_text,
    same_significant_text,
)

NAN, INF = float("nan"), float("inf")
SUBNORMAL = 5e-324
HUGE = 1.7976931348623157e308

SPECIAL = (0.0, -0.0, SUBNORMAL, -SUBNORMAL, 2.2250738585072014e-308, HUGE, -HUGE, NAN, INF, -INF)


def one(rule, a, b, *k):
    found = rule(np.array([a]), np.array([b]), *k)
    assert (found.dtype, found.shape) == (bool, (1,))
    return bool(found[0])


def anchors():
    """Numbers to look around: any, moderate ones, powers of ten, and ties such as 1.23455."""
    ties = st.tuples(st.integers(0, 10**16), st.integers(0, 16), st.integers(-30, 30))
    return st.one_of(
        st.floats(),
        st.floats(-10, 10),
        st.floats(-1e-5, 1e-5),
        st.sampled_from(SPECIAL),
        st.integers(-323, 308).map(lambda power: float(f"1e{power}")),
        ties.map(lambda tie: float(f"{tie[0] // 10 ** tie[1]}5e{tie[2]}")),
    )


def neighbours(values):
    """Returns the values, a few ulps and a few parts of a digit to either side, and negatives."""
    with np.errstate(all="ignore"):
        up, down = np.nextafter(values, np.inf), np.nextafter(values, -np.inf)
        scaled = np.multiply.outer((1 + 1e-4, 1 + 1e-5, 1 - 1e-6), values)
        shifted = np.add.outer((1e-7, -3e-8), values)
        near = np.concatenate([values, up, down, np.nextafter(up, np.inf), *scaled, *shifted])
    return np.concatenate([near, -near])


def against_each_other(values):
    return tuple(np.array(side).ravel() for side in np.meshgrid(values, values))


numbers = st.lists(anchors(), min_size=1, max_size=2).map(np.array)
many_pairs = numbers.map(neighbours).map(against_each_other)


def printed_alike(template, a, b):
    """Compares the printed numbers as text, a printed zero without its sign."""
    text = {repr(value): template % value for value in (*a.tolist(), *b.tolist())}
    text = {key: shown if float(shown) else shown.lstrip("-") for key, shown in text.items()}
    return [text[repr(p)] == text[repr(q)] for p, q in zip(a.tolist(), b.tolist(), strict=True)]


@hypothesis.given(many_pairs)
@hypothesis.settings(deadline=None, max_examples=50)
def test_text_rules_are_pythons_own_comparison(arrays):
    for rule, template in (("significant_5_text", "%.4e"), ("decimals_7_text", "%.7f")):
        assert RULES[rule](*arrays).tolist() == printed_alike(template, *arrays)


@pytest.mark.parametrize("digits", [1, 5, 9])
def test_significant_text_about_powers_of_ten(digits):
    parts = np.array([-60, -50, -49, -30, -10, -6, -5, -4, 0, 4, 5, 30, 49, 50, 60]) * 10.0**-digits
    for power in (-300, -30, -5, 0, 4, 22, 23, 300):
        arrays = against_each_other(float(f"1e{power}") * (1 + parts))
        found = same_significant_text(*arrays, digits)
        assert found.tolist() == printed_alike(f"%.{digits - 1}e", *arrays)


@hypothesis.given(many_pairs, st.integers(1, 20), st.integers(0, 20))
@hypothesis.settings(deadline=None, max_examples=50)
def test_text_rules_for_any_number_of_digits(arrays, significant, decimals):
    found = same_significant_text(*arrays, significant)
    assert found.tolist() == printed_alike(f"%.{significant - 1}e", *arrays)
    found = same_decimals_text(*arrays, decimals)
    assert found.tolist() == printed_alike(f"%.{decimals}f", *arrays)


@pytest.mark.parametrize(
    ("a", "b", "significant", "decimals"),
    [
        pytest.param(0.1, 0.1, True, True, id="equal"),
        pytest.param(1.23454, 1.23451, True, False, id="same_5_digits"),
        pytest.param(1.23454, 1.23456, False, False, id="other_5_digits"),
        pytest.param(1.00000004, 1.00000001, True, True, id="same_7_decimals"),
        pytest.param(99999.4, 99999.0, True, False, id="below_a_carry"),
        pytest.param(99999.6, 100000.0, True, False, id="carried_to_the_next_power"),
        pytest.param(9.99996e-310, 1e-309, True, True, id="carried_among_subnormals"),
        pytest.param(1e-9, 2e-9, False, True, id="small_is_zero_in_decimals_only"),
        pytest.param(1e-9, -1e-9, False, True, id="rounded_zeros_have_no_sign"),
        pytest.param(0.0, -0.0, True, True, id="signed_zero"),
        pytest.param(0.0, 1e-9, False, True, id="zero_and_small"),
        pytest.param(10000.5, np.nextafter(10000.5, 2e4), False, True, id="ulp_across_a_tie"),
        pytest.param(0.5, np.nextafter(0.5, 1), True, True, id="ulp_within"),
        pytest.param(2.0**-8 + 2.0**-30, 2.0**-8, False, False, id="beside_an_exact_tie"),
        pytest.param(NAN, NAN, True, True, id="nan"),
        pytest.param(NAN, -NAN, True, True, id="negative_nan"),
        pytest.param(NAN, 1.0, False, False, id="nan_and_number"),
        pytest.param(INF, INF, True, True, id="inf"),
        pytest.param(INF, -INF, False, False, id="opposite_inf"),
        pytest.param(INF, NAN, False, False, id="inf_and_nan"),
        pytest.param(INF, HUGE, False, False, id="inf_and_huge"),
        pytest.param(HUGE, np.nextafter(HUGE, 0), True, False, id="huge"),
        pytest.param(SUBNORMAL, 2 * SUBNORMAL, False, True, id="subnormal"),
    ],
)
def test_text_rules_by_hand(a, b, significant, decimals):
    for p, q in ((a, b), (b, a)):
        assert one(RULES["significant_5_text"], p, q) == significant
        assert one(RULES["decimals_7_text"], p, q) == decimals


@pytest.mark.parametrize(
    ("a", "b", "k", "expected"),
    [
        pytest.param(2.0, 2.5, 1, True, id="exactly_half_a_unit"),
        pytest.param(2.0, np.nextafter(2.5, 3), 1, False, id="just_over_half_a_unit"),
        pytest.param(1.0, 2.0, 1, False, id="a_whole_unit"),
        pytest.param(9.0, 8.9996, 5, False, id="8_units_of_half_the_5th_digit_of_9"),
        pytest.param(9.0, 8.99996, 5, True, id="5_digits_of_9"),
        pytest.param(9.0, 8.9996, 4, True, id="4_digits_of_9"),
        pytest.param(1e23, 1.00004e23, 5, True, id="power_of_ten_that_float64_does_not_have"),
        pytest.param(1e23, np.nextafter(1e23, 0), 16, True, id="just_below_that_power"),
        pytest.param(1e-5, 0.99996e-5, 5, True, id="from_the_decade_below"),
        pytest.param(0.99996e-5, 0.99991e-5, 5, False, id="within_the_decade_below"),
        pytest.param(1.0, 1.00004, 5, True, id="5_digits"),
        pytest.param(1.0, 1.00006, 5, False, id="not_5_digits"),
        pytest.param(1.0, 1.00006, 4, True, id="4_digits"),
        pytest.param(99999.6, 100000.0, 5, True, id="the_larger_decides"),
        pytest.param(1e-310, 1.00004e-310, 5, True, id="subnormal"),
        pytest.param(SUBNORMAL, 2 * SUBNORMAL, 5, False, id="smallest_subnormals"),
        pytest.param(HUGE, -HUGE, 1, False, id="difference_overflows"),
        pytest.param(HUGE, HUGE * 0.99999, 5, True, id="huge"),
        pytest.param(0.0, -0.0, 17, True, id="zeros"),
        pytest.param(0.0, SUBNORMAL, 1, False, id="zero_and_subnormal"),
        pytest.param(-1.0, 1.0, 1, False, id="opposite_signs"),
        pytest.param(NAN, NAN, 5, True, id="nan"),
        pytest.param(NAN, 1.0, 1, False, id="nan_and_number"),
        pytest.param(INF, INF, 5, True, id="inf"),
        pytest.param(INF, -INF, 1, False, id="opposite_inf"),
        pytest.param(INF, HUGE, 1, False, id="inf_and_huge"),
        pytest.param(INF, NAN, 1, False, id="inf_and_nan"),
    ],
)
def test_significant_rule_by_hand(a, b, k, expected):
    assert one(agree_significant, a, b, k) == one(agree_significant, b, a, k) == expected


@pytest.mark.parametrize(
    ("a", "b", "k", "expected"),
    [
        pytest.param(0.0, 0.5, 0, False, id="exactly_half_a_unit"),
        pytest.param(0.0, np.nextafter(0.5, 0), 0, True, id="just_under_half_a_unit"),
        pytest.param(1.0, 1.00000004, 7, True, id="7_decimals"),
        pytest.param(1.0, 1.00000006, 7, False, id="not_7_decimals"),
        pytest.param(1e-9, -1e-9, 7, True, id="small"),
        pytest.param(HUGE, -HUGE, 0, False, id="difference_overflows"),
        pytest.param(HUGE, HUGE, 7, True, id="huge"),
        pytest.param(NAN, NAN, 7, True, id="nan"),
        pytest.param(NAN, 0.0, 7, False, id="nan_and_number"),
        pytest.param(INF, INF, 7, True, id="inf"),
        pytest.param(INF, -INF, 7, False, id="opposite_inf"),
    ],
)
def test_decimals_rule_by_hand(a, b, k, expected):
    assert one(agree_decimals, a, b, k) == one(agree_decimals, b, a, k) == expected


def half_a_unit(larger, digits):
    """Half a unit of a digit, as a person reads it off the number written in full."""
    if not larger:
        return Fraction(0)
    return Fraction(10) ** (Decimal(repr(larger)).adjusted() + 1 - digits) / 2


@hypothesis.given(numbers, st.integers(1, 17), st.integers(0, 17))
@hypothesis.settings(deadline=None, max_examples=60)
def test_numeric_rules_are_the_exact_ones(values, significant, decimals):
    near = neighbours(values[:1])
    a, b = against_each_other(near[np.isfinite(near)])
    by_digits = agree_significant(a, b, significant)
    by_decimals = agree_decimals(a, b, decimals)
    for i, (p, q) in enumerate(zip(a.tolist(), b.tolist(), strict=True)):
        difference = abs(Fraction(p) - Fraction(q))
        assert by_digits[i] == (difference <= half_a_unit(max(abs(p), abs(q)), significant))
        bound = Fraction(1, 2 * 10**decimals)
        if abs(difference - bound) > bound / 10**12 + Fraction(2 * SUBNORMAL):  # not rounded away
            assert by_decimals[i] == (difference < bound)


@hypothesis.given(many_pairs)
@hypothesis.settings(deadline=None, max_examples=50)
def test_every_rule_is_symmetric_and_holds_for_equal_numbers(arrays):
    a, b = arrays
    for rule in RULES.values():
        np.testing.assert_array_equal(rule(a, b), rule(b, a))
        assert rule(a, a.copy()).all()


def test_half_a_unit_is_never_rounded_up():
    for power in range(-320, 309):
        for k in (1, 5, 17):
            found = float(half_unit(np.array([float(f"1e{power}")]), k)[0])
            exact = Fraction(10) ** (power + 1 - k) / 2
            assert Fraction(found) <= exact
            assert found == np.finfo(float).max or exact < Fraction(np.nextafter(found, np.inf))


def test_a_decade_is_found_by_its_exponent():
    edges = np.concatenate([DECADES, 2.0 ** np.arange(-1074, 1024), [0.0, INF, NAN, HUGE]])
    with np.errstate(all="ignore"):
        values = np.concatenate([np.nextafter(edges, side) for side in (0.0, edges, INF)])
    np.testing.assert_array_equal(decade_of(values), np.searchsorted(DECADES, values, "right") - 1)


def test_rules_are_the_documented_ones():
    assert list(RULES) == [
        "significant_5_numeric",
        "significant_5_text",
        "decimals_7_numeric",
        "decimals_7_text",
    ]


def counts(a, b):
    return {agreement.rule: agreement for agreement in count_agreements(a, b)}


def test_entries_and_samples_are_counted_over_all_parameters():
    w, b = np.ones((3, 2, 2)), np.ones((3, 2))
    other_w, other_b = w.copy(), b.copy()
    other_w[0] += 1e-3  # four entries of sample 0
    other_b[0, 1] += 1e-3
    other_b[2, 0] += 1e-9  # agrees
    for rule, agreement in counts((w, b), (other_w, other_b)).items():
        assert agreement.rule == rule
        assert (agreement.entries_agreeing, agreement.entries) == (13, 18)
        assert (agreement.samples_agreeing, agreement.samples) == (2, 3)
        assert not agreement.agrees


def test_rules_differ_where_they_should():
    a, b = np.array([[1e-9, 1.23454]]), np.array([[2e-9, 1.23456]])
    found = {rule: agreement.entries_agreeing for rule, agreement in counts((a,), (b,)).items()}
    assert found == {
        "significant_5_numeric": 1,
        "significant_5_text": 0,
        "decimals_7_numeric": 1,
        "decimals_7_text": 1,
    }


def test_float32_is_judged_by_the_values_it_holds():
    a = np.array([[0.1, 16777216.0, 3e38]], np.float32)
    b = np.nextafter(a, np.float32(0))
    wide = counts((a.astype(np.float64),), (b.astype(np.float64),))
    assert counts((a,), (b,)) == wide
    assert wide["significant_5_numeric"].agrees


def test_zeros_of_opposite_signs_agree_and_are_counted_beside_it():
    a = np.array([[0.0, -0.0, 1e-9, 5e-8, 1.0, NAN]])
    b = np.array([[-0.0, -0.0, -2e-9, -5e-8, -1.0, NAN]])
    found = counts((a,), (b,))
    agreeing = {rule: one.entries_agreeing for rule, one in found.items()}
    assert agreeing["significant_5_text"] == 3
    assert agreeing["decimals_7_text"] == sum(f"{abs(v):.7f}" == "0.0000000" for v in a[0]) + 1
    zeros = {rule: one.signed_zeros for rule, one in found.items()}
    assert zeros == {
        "significant_5_numeric": 0,
        "significant_5_text": 1,
        "decimals_7_numeric": 0,
        "decimals_7_text": agreeing["decimals_7_text"] - 2,
    }


def test_all_samples_agreeing_is_agreement():
    a = np.array([[1.0], [NAN], [INF]])
    assert all(agreement.agrees for agreement in count_agreements((a,), (a.copy(),)))


@hypothesis.given(numbers)
@hypothesis.settings(deadline=None, max_examples=50)
def test_blocks_merge_to_the_whole(values):
    a, b = (side.reshape(-1, 2) for side in against_each_other(neighbours(values)))
    blocks = [count_agreements((a[rows],), (b[rows],)) for rows in (slice(3), slice(3, None))]
    assert tuple(map(digits.merge, *blocks)) == count_agreements((a,), (b,))


def counted_in_full(a, b):
    """Counts by the numeric rules of whole arrays, and by Python's own print."""
    p, q = (np.asarray(one, np.float64).reshape(len(one), -1) for one in (a, b))
    opposite = (p == -q) & (np.signbit(p) != np.signbit(q))
    small = (np.maximum(abs(p), abs(q)) <= PRINTED_ZERO) & (np.signbit(p) != np.signbit(q))
    texts = [
        np.reshape(printed_alike(template, p.ravel(), q.ravel()), p.shape)
        for template in ("%.4e", "%.7f")
    ]
    rules = (
        (agree_significant(p, q, 5), 0),
        (texts[0] | np.isnan(p) & np.isnan(q), np.count_nonzero(opposite & (p == 0))),
        (agree_decimals(p, q, 7), 0),
        (texts[1] | np.isnan(p) & np.isnan(q), np.count_nonzero(small)),
    )
    return tuple(
        Agreement(rule, agree.sum(), agree.size, agree.all(axis=1).sum(), len(p), zeros)
        for rule, (agree, zeros) in zip(RULES, rules, strict=True)
    )


@pytest.mark.parametrize("dtype", [ml_dtypes.bfloat16, np.float16, np.float32, np.float64])
@hypothesis.given(st.integers(0, 2**32), anchors())
@hypothesis.settings(deadline=None, max_examples=12)
def test_counts_are_those_of_every_entry_by_itself(dtype, seed, anchor):
    rng, width = np.random.default_rng(seed), np.dtype(dtype).itemsize
    with np.errstate(all="ignore"):
        some = np.append(rng.normal(size=6) * 10.0 ** rng.integers(-12, 6, 6), anchor)
        values = np.concatenate([some, -some, np.round(some, 8), SPECIAL]).astype(dtype)
        random = rng.integers(0, 2 ** (8 * width), 4, f"u{width}")
        bits = np.append(values.view(random.dtype), random)
        near = np.append(bits, bits - 1).view(dtype)
        near[np.isnan(near)] = NAN  # of which none warns when it is cast
    a, b = against_each_other(near)
    a, b = (one[: one.size // 9 * 9].reshape(9, -1) for one in (a, b))
    assert count_agreements((a[:, :50], a[:, 50:]), (b[:, :50], b[:, 50:])) == counted_in_full(a, b)


def test_entries_of_large_samples_are_counted_in_their_samples():
    a = np.ones((3, 5, 8000))
    b = a.copy()
    b[0] += 1e-3
    b[2, 4, -1] += 1e-3
    for found in count_agreements((a[:, :1], a), (b[:, :1], b)):
        agreeing = (found.entries - found.entries_agreeing, found.samples_agreeing)
        assert agreeing == (6 * 8000 + 1, 1)
