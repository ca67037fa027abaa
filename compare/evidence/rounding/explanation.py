"""An explanation of one entry of a function's results, and its text."""

import dataclasses
import math
from collections.abc import Iterator

from compare.evidence.rounding.contributions import Contribution
from compare.evidence.rounding.places import Place

# why a loop has a bound that is infinite before any inside it
_REASONS = {"while": ", which rounding may end a step earlier or later"}


@dataclasses.dataclass(frozen=True)
class Cause:
    """The first equation of which something holds, and of none of its operands."""

    place: Place | None  # None: an argument or a constant of the program
    entry: tuple[int, ...] | None = None  # of its result
    operands: tuple[float, ...] = ()  # what it made that entry of, if it works entry by entry
    errors: tuple[float, ...] = ()  # of these, if they are what matters

    def __str__(self) -> str:
        if self.place is None:
            return "an argument or a constant of the function"
        errors = self.errors or (0.0,) * len(self.operands)
        shown = [
            f"{value:.6g}" + f" +- {error:.2g}" * bool(error)
            for value, error in zip(self.operands, errors, strict=True)
        ]
        of = f", of {' and '.join(shown)}" if shown else ""
        return f"{self.place.primitive}{of}{_REASONS.get(self.place.primitive, '')}"

    def lines(self) -> Iterator[str]:
        """Yields the place and the line of source."""
        if self.place is not None:
            yield f"    {self.place}"
            if self.place.text:
                yield f"        {self.place.text}"


@dataclasses.dataclass(frozen=True, repr=False)
class Explanation:
    """Of one entry of a function's results: its value and bound, and what they come from.

    Attributes:
      array: the path of the result that has it, such as "['w']"; '' of one alone.
      index: where in that it is; () of a number.
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

    array: str
    index: tuple[int, ...]
    dtype: str
    value: float
    bound: float
    largest: float
    nan: Cause | None
    infinity: Cause | None
    unbounded: Cause | None
    vacuous: Cause | None
    contributions: tuple[Contribution, ...]

    @property
    def entry(self) -> str:
        """Which it is: "['w'][3, 2]", or 'the result'."""
        index = f"[{', '.join(map(str, self.index))}]" if self.index else ""
        return f"{self.array}{index}" or "the result"

    def __str__(self) -> str:
        return "\n".join(self._lines())

    __repr__ = __str__

    def _lines(self) -> Iterator[str]:
        yield self._headline()
        told = (
            ("The first NaN is made by", self.nan),
            ("The first infinity is made by", self.infinity),
            ("The first infinite bound is that of", self.unbounded),
            ("The first bound that says nothing is that of", self.vacuous),
        )
        for words, cause in told:
            if cause is not None:
                yield f"{words} {cause}"
                yield from cause.lines()
        if self.contributions:
            yield "Without the rounding of one place this bound would be smaller by"
        elif 0 < self.bound < math.inf and math.isfinite(self.value):
            yield "Without the rounding of any one place this bound would be as large"
        for one in self.contributions:
            first = one.places[0]
            names = ", ".join([place.primitive for place in one.places])
            yield f"  {one.share:4.0%}  {first}: {names}"
            if first.text:
                yield f"        {first.text}"

    def _headline(self) -> str:
        if not math.isfinite(self.value):
            return f"{self.entry} is {self.value}"
        if math.isinf(self.bound):
            return f"{self.entry} is {self.value:.6g}, and nothing is known of it in {self.dtype}"
        if not self.bound:
            said = f"{self.entry} is {self.value:.6g}, exactly, in {self.dtype}"
            is_alone = not self.array and not self.index
            return said if is_alone else f"{said}, as are all other results of real numbers"
        said = f"{self.entry} is {self.value:.6g} +- {self.bound:.2g} in {self.dtype}"
        if not self.largest:
            return said
        times = f"{float(f'{self.bound / self.largest:.2g}'):,.6g} times"
        if self.largest == abs(self.value):
            return f"{said}, {times} its size"
        return f"{said}, {times} the largest, {self.largest:.3g}"
