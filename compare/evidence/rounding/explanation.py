"""An explanation of one entry of a function's results, and its text."""

import dataclasses
import math
from collections.abc import Iterator

from compare.evidence.rounding.contributions import Contribution
from compare.evidence.rounding.places import Place, shortened


@dataclasses.dataclass(frozen=True)
class Cause:
    """The first equation of which something holds, and of none of its operands."""

    place: Place | None  # None: an argument or a constant of the program
    entry: tuple[int, ...] | None = None  # of its result
    operands: tuple[float, ...] = ()  # what it made that entry of, if it works entry by entry

    def __str__(self) -> str:
        if self.place is None:
            return "an argument or a constant of the function"
        of = f", of {' and '.join(f'{one:.6g}' for one in self.operands)}" if self.operands else ""
        return f"{self.place}{of}"

    def lines(self) -> Iterator[str]:
        """Yields the line of source."""
        if self.place is not None and self.place.text:
            yield f"    {self.place.text}"


@dataclasses.dataclass(frozen=True, repr=False)
class Explanation:
    """Of one entry of a function's results: its value and bound, and what they come from.

    Attributes:
      entry: which: the path of the result and the index, "['w'][3, 2]", or 'the result'.
      dtype: the name of that in which it is computed.
      value: of it.
      bound: of its error; infinite if nothing is known.
      largest: the largest magnitude of a finite entry of the same result.
      nan: what made the first NaN that it comes from.
      infinity: what made the first infinity that it comes from.
      unbounded: what made the first infinite bound that its bound comes from.
      vacuous: what made the first bound that is as large as all entries that it bounds.
      contributions: the lines that contribute most to the bound.
    """

    entry: str
    dtype: str
    value: float
    bound: float
    largest: float
    nan: Cause | None
    infinity: Cause | None
    unbounded: Cause | None
    vacuous: Cause | None
    contributions: tuple[Contribution, ...]

    def __str__(self) -> str:
        return "\n".join(self._lines())

    __repr__ = __str__

    def _lines(self) -> Iterator[str]:
        yield self._headline()
        told = (
            ("The first NaN is made by", self.nan),
            ("The first infinity is made by", self.infinity),
            ("The first infinite bound is that of", self.unbounded),
            ("The first bound as large as all that it bounds is that of", self.vacuous),
        )
        for words, cause in told:
            if cause is not None:
                yield f"{words} {cause}"
                yield from cause.lines()
        if self.contributions:
            yield "Of this bound, what is rounded at one place makes up"
        for one in self.contributions:
            first = one.places[0]
            direction = ", backward" if first.backward else ""
            names = ", ".join(place.primitive for place in one.places[:4])
            yield f"  {one.share:4.0%}  {shortened(first.source)}{direction}: {names}"
            if first.text:
                yield f"        {first.text}"

    def _headline(self) -> str:
        if not math.isfinite(self.value):
            return f"{self.entry} is {self.value}"
        if math.isinf(self.bound):
            return f"{self.entry} is {self.value:.6g}, and nothing is known of it in {self.dtype}"
        if not self.bound:
            return f"{self.entry} is {self.value:.6g}, exactly, in {self.dtype}"
        beside = f"{self.bound / self.largest:.2g} of" if self.largest else "beside"
        return (
            f"{self.entry} is {self.value:.6g}, and in {self.dtype} within {self.bound:.2g} of it: "
            f"{beside} the largest entry, {self.largest:.3g}"
        )
