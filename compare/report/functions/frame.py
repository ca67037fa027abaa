"""A report of functions as rows of a table."""

from collections.abc import Iterator
from typing import Any

from compare.function_results import FunctionReport


def rows_of(report: FunctionReport) -> Iterator[dict[str, Any]]:
    """Yields a row for each check of each program, the reference last."""
    dtype = report.config["dtype"]
    for program in (*report.candidates, report.reference):
        for name, checks in ((dtype, program.checks), ("float64", program.exact)):
            for one in checks:
                yield {
                    "program": program.name,
                    "dtype": name,
                    "kind": one.kind,
                    "name": one.name,
                    "shape": one.shape,
                    "max_abs": one.difference,
                    "max_rel": one.apart.max_rel,
                    "ulp": one.apart.ulp,
                    "used": one.used,
                    "unlikely": one.unlikely,
                    "holds": one.holds,
                    "index": one.index,
                    "found": one.found,
                    "expected": one.expected,
                    "entries": one.entries,
                }
