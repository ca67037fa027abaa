"""Each pair: its largest differences, and the share of samples that agree to digits."""

import math
from collections.abc import Mapping, Sequence

from compare.evidence.differences.digits import DECIMALS, SIGNED_ZEROS, SIGNIFICANT
from compare.evidence.differences.pairs import Pair
from compare.numbers import number, percent, short_count
from compare.report.labels import pair_label
from compare.report.text.lines import wrapped
from compare.results import Report, worst_of

_WIDEST = 29  # characters of two names; the letters will do for more


def format_pairs(report: Report, letters: Mapping[str, str], *, width: int) -> str:
    """Returns one row for each pair, and below them what text leaves out of zeros."""
    digits, decimals = f"{SIGNIFICANT} digits", f"{DECIMALS} decimals"
    rows = [
        f"{'':<57}{'samples that agree to'}",
        f"{'':<57}{digits:<12}{decimals}",
        f"{'':<34}{'max abs':>7} {'max rel':>7} {'ulp':>6}" + " |a-b|  text" * 2,
    ]
    rows += (_row(pair, letters) for pair in report.pairs)
    said = _signed_zeros(report.pairs, letters, (digits, decimals))
    return "\n".join([*rows, *([wrapped(said, width)] if said else [])])


def _signed_zeros(
    pairs: Sequence[Pair], letters: Mapping[str, str], shown: Sequence[str]
) -> str | None:
    """Says how often one prints 0 and the other -0, in the pair where that is most often."""

    def counts(pair: Pair) -> list[int]:
        return [one.signed_zeros for one in pair.digits if one.rule in SIGNED_ZEROS]

    most = max(pairs, key=lambda pair: max(counts(pair)))
    found = [f"{n:,} with {said}" for n, said in zip(counts(most), shown, strict=True) if n]
    if not found:
        return None
    pair = pair_label(letters, most.a, most.b)
    return f"In text 0 and -0 count as equal: in {pair}, {' and '.join(found)}."


def _row(pair: Pair, letters: Mapping[str, str]) -> str:
    found = {name: worst_of([pair], name) for name in ("max_abs", "max_rel", "max_ulp")}
    largest = {name: None if one is None else one.worst.value for name, one in found.items()}
    shares = [percent(one.samples_agreeing, one.samples) for one in pair.digits]
    if largest["max_abs"] is None or not math.isfinite(largest["max_abs"]):
        shares = ["-"] * len(shares)  # NaN beside NaN is no agreement of digits
    names = f"{pair.a} ~ {pair.b}"
    return (
        f"{pair_label(letters, pair.a, pair.b)} {names if len(names) <= _WIDEST else '':<29} "
        f"{number(largest['max_abs']):>7} {number(largest['max_rel']):>7} "
        f"{short_count(largest['max_ulp']):>6} {' '.join(f'{one:>5}' for one in shares)}"
    )
