"""What programs compute otherwise since a baseline: where from on, and by how much."""

import dataclasses
from collections.abc import Iterable, Mapping

import numpy as np

from compare.evidence.differences.ulp import ulp_distance
from compare.formats.dtypes import FLOAT_DTYPES
from compare.function_results import (
    FunctionChange,
    FunctionDrift,
    FunctionReport,
    MovedArray,
    Standing,
)
from compare.implementations.environment import all_settings
from compare.implementations.programs.baseline import BaselineProgram, FunctionBaseline
from compare.pipeline.change import changed
from compare.problem.recording import Key, Recording


def with_change(
    report: FunctionReport, baseline: FunctionBaseline, recordings: Mapping[str, Recording]
) -> FunctionReport:
    """Returns a report that says what has changed since a baseline too."""
    now = {one.name: one for one in (report.reference, *report.candidates)}
    before = baseline.environment
    change = FunctionChange(
        baseline.path,
        changed(before["versions"], report.environment["versions"]),
        changed(all_settings(before), all_settings(report.environment)),
        tuple(
            _drift(now[name], recordings[name].arrays, then)
            for name, then in baseline.programs.items()
            if name in now
        ),
        only_then=tuple(name for name in baseline.programs if name not in now),
        only_now=tuple(name for name in now if name not in baseline.programs),
    )
    return dataclasses.replace(report, change=change)


def _drift(
    standing: Standing, now: Mapping[Key, np.ndarray], then: BaselineProgram
) -> FunctionDrift:
    holds = {(one.kind, one.name): one.holds for one in standing.checks}
    both = [key for key in _in_order(holds, now) if _is_alike(now[key], then.arrays.get(key))]
    moved = []
    for key in both:
        entries, ulp = _moved(now[key], then.arrays[key])
        if entries:
            is_right = holds[key] and key not in then.wrong if key in holds else None
            moved.append(MovedArray(*key, entries, ulp, is_right))
    return FunctionDrift(
        standing.name,
        len(both),
        tuple(moved),
        only_then=tuple(" ".join(key) for key in then.arrays if key not in both),
        only_now=tuple(" ".join(key) for key in now if key not in both),
        then=then.verdict,
        now=standing.verdict,
    )


def _in_order(checked: Iterable[Key], recorded: Iterable[Key]) -> list[Key]:
    """Returns what was recorded in the order of the data; what nothing is held against is last."""
    known = dict.fromkeys(recorded)
    return list(dict.fromkeys([*(key for key in checked if key in known), *known]))


def _is_alike(now: np.ndarray, then: np.ndarray | None) -> bool:
    return then is not None and now.shape == then.shape and now.dtype == then.dtype


def _moved(now: np.ndarray, then: np.ndarray) -> tuple[int, float]:
    """Returns how many entries have other bits, and the most numbers between then and now."""
    now, then = np.ascontiguousarray(now), np.ascontiguousarray(then)  # one axis at least
    bits = f"u{now.dtype.itemsize}"
    other = now.view(bits) != then.view(bits)
    a, b = now[other], then[other]
    if now.dtype.name not in FLOAT_DTYPES:
        return a.size, float(np.abs(a.astype(np.float64) - b.astype(np.float64)).max(initial=0))
    known = np.isfinite(a) & np.isfinite(b)
    if not (known | (np.isnan(a) & np.isnan(b))).all():
        return a.size, float("inf")
    return a.size, float(ulp_distance(a[known], b[known], now.dtype).max(initial=0))
