"""The pairs of one block, compared with jitted JAX."""

from collections.abc import Mapping, Sequence
from typing import Any

from compare.evidence.differences.compiled_metrics import Measures
from compare.evidence.differences.compiled_pairs import (
    Columns,
    columns_of,
    compare_measured,
    measure_columns,
)
from compare.evidence.differences.pairs import Pair, compare_pair
from compare.evidence.differences.sample_bins import SampleBins
from compare.problem.answers import Answer, names_by_answer, quantities
from compare.problem.blocks import Block
from compare.problem.quantities import Quantities


class CompiledPairs:
    """Compares as `compare_pair` does; pairs of the same arrays are measured once."""

    def __init__(
        self,
        block: Block,
        answers: Mapping[str, Answer],
        named: Mapping[str, Quantities],
        known: Sequence[Pair],
    ) -> None:
        """Turns all answers into columns.

        Args:
          block: of the samples.
          answers: to it.
          named: their arrays, of the implementations that are in a pair.
          known: pairs of other blocks; maxima below theirs are not looked up.
        """
        self._size = block.size
        self._known = {(pair.a, pair.b): pair for pair in known}
        self._measured: dict[tuple[int, int], tuple[Measures, tuple[str, ...]] | None] = {}
        self._columns: dict[str, Columns | None] = {}
        for names in names_by_answer({name: answers[name] for name in named}):
            one = quantities(answers[names[0]], "in_out")
            columns = columns_of(one, len(block.padded.x))
            self._columns.update(dict.fromkeys(names, columns))

    def __call__(
        self,
        a: str,
        b: str,
        of_a: Quantities,
        of_b: Quantities,
        *,
        first_sample: int,
        bins: SampleBins | None = None,
    ) -> Pair:
        """Compares two implementations, in NumPy where JAX cannot."""
        options: dict[str, Any] = {"first_sample": first_sample, "bins": bins}
        found = self._measure(self._columns[a], self._columns[b])
        if found is None:
            return compare_pair(a, b, of_a, of_b, **options)
        so_far = self._known.get((a, b))
        return compare_measured(a, b, of_a, of_b, *found, so_far=so_far, **options)

    def _measure(
        self, a: Columns | None, b: Columns | None
    ) -> tuple[Measures, tuple[str, ...]] | None:
        """Returns measures and the names of their quantities, if JAX can measure them."""
        if a is None or b is None:
            return None
        key = id(a), id(b)
        if key not in self._measured:
            self._measured[key] = measure_columns(a, b, self._size)
        return self._measured[key]
