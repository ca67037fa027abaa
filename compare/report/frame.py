"""A report as a table of pandas."""

import importlib.util
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from compare.errors import UsageError
from compare.results import Report, worst_in


def frame_of(rows: Iterable[Mapping[str, Any]]) -> Any:
    """Returns a pandas.DataFrame of rows, each by the names of columns.

    Raises:
      UsageError: if pandas is not installed.
    """
    if importlib.util.find_spec("pandas") is None:
        raise UsageError(
            "to_frame: a table of pandas needs pandas, which is not installed; pip install pandas, "
            "or take report.to_json()"
        )
    import pandas

    return pandas.DataFrame(list(rows))


def rows_of(report: Report) -> Iterator[dict[str, Any]]:
    """Yields a row for each quantity of each pair."""
    for pair in report.pairs:
        bounds = {bound.name: bound.worst_ratio for bound in pair.bounds}
        for one in pair.quantities:
            worst = {name: worst_in(one, name) for name in ("max_abs", "max_rel", "max_ulp")}
            at = worst["max_abs"]
            yield {
                "a": pair.a,
                "b": pair.b,
                "quantity": one.name,
                "shape": one.shape,
                **{name: None if found is None else found.value for name, found in worst.items()},
                "scaled": one.scaled,
                "bound": bounds[one.name],
                "sample": None if at is None else at.sample,
                "index": None if at is None else at.index,
                "entries": one.entries,
            }
