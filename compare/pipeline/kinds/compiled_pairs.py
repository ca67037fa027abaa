"""The pairs of one block, compared with jitted JAX."""

import dataclasses
from collections.abc import Mapping, Sequence

from compare.evidence.differences.columns import Columns, columns_of
from compare.evidence.differences.compiled_pairs import Known, Side, compare_sides, known_of
from compare.evidence.differences.pairs import Pair, compare_pair
from compare.evidence.differences.sample_bins import SampleBins
from compare.problem.answers import Answer, names_by_answer
from compare.problem.blocks import Block
from compare.problem.quantities import Quantities


class CompiledPairs:
    """Compares as `compare_pair` does; pairs of the same arrays are compared once."""

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
        self._known = {(pair.a, pair.b): pair for pair in known}
        self._found: list[tuple[Columns, Columns, Known | None, Pair]] = []
        self._columns: dict[str, Columns | None] = {}
        for names in names_by_answer({name: answers[name] for name in named}):
            columns = columns_of(answers[names[0]], len(block.padded.x))
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
        p, q = self._columns[a], self._columns[b]
        if p is None or q is None or not p.is_like(q):
            return compare_pair(a, b, of_a, of_b, first_sample=first_sample, bins=bins)
        known = known_of(self._known.get((a, b)), first_sample)
        for one, other, then, pair in self._found:
            if one is p and other is q and then == known:
                return dataclasses.replace(pair, a=a, b=b)
        sides = Side(a, of_a, p), Side(b, of_b, q)
        found = compare_sides(*sides, known, first_sample=first_sample, bins=bins)
        self._found.append((p, q, known, found))
        return found
