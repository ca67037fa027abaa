"""What came out where torch modules were compared, correct ones and some with mistakes."""

from typing import NamedTuple

from compare.evidence.local.check import Check
from compare.function_results import Standing
from compare.selftest.module_mistakes import OUTPUT, Mistake
from compare.selftest.modules.programs import PROGRAMS


class Tally(NamedTuple):
    """What came out for correct programs beside a module."""

    compared: int = 0
    certified: int = 0  # that agree by a certificate of every place
    in_float64: int = 0  # that agree by float64
    undecided: int = 0
    alarms: tuple[str, ...] = ()  # in words: it disagrees, or warns
    used: tuple[float, ...] = (0.0,) * len(PROGRAMS)  # largest share of worst, by program
    unlikely: float = 0.0  # largest share of 4 typical errors
    seconds: float = 0.0


def tally_of(label: str, standing: Standing) -> Tally:
    """Counts one program.

    Args:
      label: what was drawn, in words.
      standing: how it stands, by a name out of PROGRAMS.
    """
    alarms = list(standing.warnings)
    if standing.verdict == "disagree":
        alarms = [standing.sentence, *alarms]
    held = [one for one in standing.checks if one.holds]  # the others alarm, or are ties
    used = max((one.used for one in held), default=0.0)
    agrees = standing.verdict == "agree"
    return Tally(
        compared=1,
        certified=int(agrees and standing.basis == "certificate"),
        in_float64=int(agrees and standing.basis == "float64"),
        undecided=int(standing.verdict == "undecided"),
        alarms=tuple(f"{label}, {standing.name}: {alarm}" for alarm in alarms),
        used=tuple(used if name == standing.name else 0.0 for name in PROGRAMS),
        unlikely=max((one.unlikely for one in held), default=0.0),
    )


def joined(a: Tally, b: Tally) -> Tally:
    """Adds up two tallies."""
    return Tally(
        a.compared + b.compared,
        a.certified + b.certified,
        a.in_float64 + b.in_float64,
        a.undecided + b.undecided,
        a.alarms + b.alarms,
        tuple(map(max, a.used, b.used)),
        max(a.unlikely, b.unlikely),
        a.seconds + b.seconds,
    )


class Outcome(NamedTuple):
    """What was said of a module with a mistake."""

    mistake: Mistake
    verdict: str
    suspect: Check | None  # the first place that disagrees, else the first that warns
    reason: str | None = None  # what is said to be different in it

    @property
    def is_found(self) -> bool:
        """Whether it disagrees, or at least warns."""
        return self.suspect is not None

    @property
    def is_placed(self) -> bool:
        """Whether it is found where it begins."""
        if self.suspect is None:
            return False
        mistake, kind = self.mistake, self.suspect.kind
        if mistake.place == OUTPUT:
            return kind == "output"
        return (kind, self.suspect.name) == (mistake.direction, mistake.place)

    @property
    def is_named(self) -> bool:
        """Whether what is different in it is told rightly."""
        return bool(self.reason and self.mistake.reason and self.mistake.reason in self.reason)

    @property
    def is_misnamed(self) -> bool:
        """Whether something else is told."""
        return self.reason is not None and not self.is_named

    @property
    def words(self) -> str:
        """Where it is, and where it was found."""
        where = f"{self.mistake.module}: {self.mistake.name}, {_at(self.mistake)}: {self.verdict}"
        if self.suspect is None:
            return where
        kind, name = self.suspect.kind, self.suspect.name
        allowed = f"{self.suspect.used:.3g} of worst, {self.suspect.unlikely:.3g} of typical"
        return f"{where} at {kind} {name} ({allowed})"


def _at(mistake: Mistake) -> str:
    return f"{mistake.direction} {mistake.place}"


def outcome_of(mistake: Mistake, standing: Standing) -> Outcome:
    """Reads what was said of a module with a mistake."""
    suspect = standing.first if standing.verdict == "disagree" else None
    if suspect is None and standing.warnings:
        odd = (one for one in standing.checks if one.holds and not one.is_typical)
        suspect = next(odd, None)
    return Outcome(mistake, standing.verdict, suspect, standing.reason)
