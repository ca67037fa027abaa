"""Samples by their largest distance in ulp, as bars of text."""

from collections.abc import Mapping, Sequence

from compare.evidence.differences.pairs import Pair
from compare.evidence.differences.ulp import BINS
from compare.report.labels import pair_label


def format_histograms(pairs: Sequence[Pair], letters: Mapping[str, str], *, width: int) -> str:
    """Returns one histogram for all pairs that have the same.

    Args:
      pairs: of a report.
      letters: implementation -> what it is called for short.
      width: of a line.
    """
    groups: dict[tuple[int, ...], list[str]] = {}
    for pair in pairs:
        label = pair_label(letters, pair.a, pair.b)
        groups.setdefault(pair.ulp_histogram, []).append(label)
    lines = ["Samples by the largest distance of any finite entry, in ulp"]
    for counts, names in groups.items():
        lines += ["", *_wrapped(names, width), *_bars(counts, width)]
    return "\n".join(lines)


def _wrapped(names: Sequence[str], width: int) -> list[str]:
    each = max(1, (width + 1) // (max(map(len, names)) + 1))
    return [" ".join(names[i : i + each]) for i in range(0, len(names), each)]


def _bars(counts: Sequence[int], width: int) -> list[str]:
    """One line from the first bin that has samples to the last; the longest bar fills it."""
    filled = [i for i, count in enumerate(counts) if count]
    room = max(width - 34, 1)
    most = max(counts)
    return [
        f"{_span(i):>20} {counts[i]:>11,} {'#' * -(-counts[i] * room // most)}".rstrip()
        for i in range(filled[0], filled[-1] + 1)
    ]


def _span(i: int) -> str:
    """From where to where a bin goes."""
    if i < 2:
        return str(BINS[i])
    if BINS[i] < 10**6:
        return f"{BINS[i]:,} to {2 * BINS[i] - 1:,}"
    return f"from 2^{i - 1}"
