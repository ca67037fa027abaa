"""What was said of a port with a mistake."""

from typing import NamedTuple

from compare.evidence.local.check import Check
from compare.function_results import Standing
from compare.selftest.port_mistakes import OUTPUT, PortMistake


class PortOutcome(NamedTuple):
    """How a port with a mistake stands.

    Attributes:
      mistake: that was planted.
      verdict: of the comparison; 'refused' if there was none.
      first: the first check that fails, else the first that is not likely; None if all hold.
      wrong: what is wrong with the weights, a sentence each.
      sentence: why; or why it was refused.
      reason: what is different in it; None if nothing is named.
    """

    mistake: PortMistake
    verdict: str
    first: Check | None
    wrong: tuple[str, ...]
    sentence: str
    reason: str | None

    @property
    def is_found(self) -> bool:
        """Whether it disagrees, or at least warns."""
        return self.verdict == "disagree" or self.first is not None

    @property
    def is_placed(self) -> bool:
        """Whether it is found where it begins, or said that what is there is nowhere."""
        mistake = self.mistake
        if mistake.direction == "weights":
            return bool(self._on_leaf)
        if self.first is None or self.wrong:
            return False
        if mistake.place == OUTPUT:
            return self.first.kind == "output"
        is_nowhere = f" of `{mistake.place}` is nowhere in it" in self.sentence
        return is_nowhere or (self.first.kind, self.first.name) == (
            mistake.direction,
            mistake.place,
        )

    @property
    def is_named(self) -> bool:
        """Whether it says rightly what is different."""
        said = self._on_leaf if self.mistake.direction == "weights" else (self.reason or "",)
        return any(self.mistake.words in one for one in said)

    @property
    def is_misnamed(self) -> bool:
        """Whether it says what is different, and that is something else."""
        return self.reason is not None and not self.is_named

    @property
    def line(self) -> str:
        """All that is to be known where something is not as it should be."""
        mistake = self.mistake
        where = f"{mistake.port}: {mistake.name}, {mistake.direction} {mistake.place}"
        at = f" at {self.first.kind} {self.first.name}" if self.first else ""
        told = self.reason or "; ".join(self.wrong) or self.sentence
        return f"{where}: {self.verdict}{at}: {told}"

    @property
    def _on_leaf(self) -> tuple[str, ...]:
        """What is said of the weight that is wrong: of itself, or of how it is used."""
        said = (*self.wrong, self.sentence.partition("; ")[0], self.reason or "")
        return tuple(one for one in said if f"`{self.mistake.place}`" in one)


def port_outcome(mistake: PortMistake, standing: Standing) -> PortOutcome:
    """Reads what was said of a port with a mistake."""
    first = standing.first if standing.verdict == "disagree" else None
    if first is None and standing.warnings:
        odd = (one for one in standing.checks if one.holds and not one.is_typical)
        first = next(odd, None)
    wrong = standing.weights.wrong if standing.weights else ()
    return PortOutcome(mistake, standing.verdict, first, wrong, standing.sentence, standing.reason)
