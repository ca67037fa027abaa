"""Where in a parameter entries differ, and in values of which size."""

import math
from typing import Any

from compare.evidence.differences.entries import Entries, EntryMap
from compare.report.json.numbers import number_or_null


def entries_to_dict(entries: Entries) -> dict[str, Any]:
    """Returns a map of each parameter, and the largest error in values of each size."""
    return {
        "samples": entries.samples,
        "maps": [_map(one) for one in entries.maps],
        "sizes": [
            {
                "exponent": one.exponent,
                "entries": one.entries,
                "largest_error": one.error,
                "smallest_allowed": number_or_null(one.least),
                "largest_allowed": number_or_null(one.most),
            }
            for one in entries.sizes
        ],
    }


def _map(one: EntryMap) -> dict[str, Any]:
    return {
        "name": one.name,
        "shape": list(one.shape),
        "cells": list(one.cells),
        "ulp": [_short(value) for value in one.ulp],
        "bound_ratio": [_short(value) for value in one.ratio],
    }


def _short(value: float) -> float | None:
    """Three digits are more than a colour shows; null for what is beyond any number."""
    return float(f"{value:.3g}") if math.isfinite(value) else None
