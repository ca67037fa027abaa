"""What came out of the trial of mistakes, as a table."""

import dataclasses
from collections import Counter
from collections.abc import Iterator

from compare.selftest.backward import Forward
from compare.selftest.mistakes import KINDS
from compare.selftest.plants import Plant
from compare.selftest.trial import JUDGES, OURS, Trial, outcome

_OUTCOMES = ("right", "part", "wrong", "none")


@dataclasses.dataclass
class Score:
    """What came out of the trials of some networks."""

    tried: Counter[str] = dataclasses.field(default_factory=Counter)  # 'correct' and by size
    false_alarms: Counter[str] = dataclasses.field(default_factory=Counter)  # by judge
    missed: Counter[tuple[str, str]] = dataclasses.field(default_factory=Counter)  # judge, size
    named: Counter[tuple[str, str]] = dataclasses.field(default_factory=Counter)  # kind, outcome
    unnamed: Counter[str] = dataclasses.field(default_factory=Counter)  # that were found, by kind
    failures: list[str] = dataclasses.field(default_factory=list)  # missed, and false alarms
    wrong: list[str] = dataclasses.field(default_factory=list)  # what was told, and is not so
    overtold: list[str] = dataclasses.field(default_factory=list)  # told, though without a name
    batches: Counter[str] = dataclasses.field(default_factory=Counter)  # by what came out
    short: list[str] = dataclasses.field(default_factory=list)  # told in part, or not at all

    def add(self, other: "Score") -> None:
        """Adds what came out of other networks."""
        for field in dataclasses.fields(self):
            mine, theirs = getattr(self, field.name), getattr(other, field.name)
            mine.update(theirs) if isinstance(mine, Counter) else mine.extend(theirs)

    def add_correct(self, label: str, trial: Trial) -> None:
        """Counts the alarms of a correct pair."""
        self.tried["correct"] += 1
        self.false_alarms.update(name for name, alarm in trial.alarms.items() if alarm)
        if trial.alarms[OURS]:
            self.failures.append(f"{label}: a false alarm: {trial.verdict.reason}")

    def add_mistake(self, label: str, plant: Plant, f: Forward, trial: Trial) -> None:
        """Counts who has found a mistake, and whether it was explained."""
        self.tried[plant.size] += 1
        self.missed.update((name, plant.size) for name, alarm in trial.alarms.items() if not alarm)
        line = f"{label}: {plant.name}"
        if not trial.alarms[OURS]:
            self.failures.append(f"{line}: missed, {plant.size}: {trial.verdict.reason}")
            return
        said = (f"{', '.join(one.quantities)} {one.said}" for one in trial.causes)
        line = ": ".join((line, "; ".join(said) or "-"))
        if not plant.mistake.told:
            self.unnamed[plant.kind] += 1
            if trial.causes:
                self.overtold.append(line)
            return
        found = outcome([told.of(f) for told in plant.mistake.told], trial.causes)
        self.named[(plant.kind, found)] += 1
        if found != "right":
            (self.wrong if found == "wrong" else self.short).append(line)

    def add_batch(self, line: str, outcome: str) -> None:
        """Counts what came out of batches that are right, or that a mistake was planted in.

        Args:
          line: what it was of, and what was said.
          outcome: 'agreed' or 'false alarm'; 'missed'; 'right', 'wrong' or 'none' as it was
            explained, 'unnamed' or 'overtold' if it has no name.
        """
        is_correct = outcome in ("agreed", "false alarm")
        self.batches.update([outcome, "correct" if is_correct else "mistakes"])
        if outcome in _OUTCOMES:
            self.named["batches", outcome] += 1
        self.unnamed["batches"] += outcome in ("unnamed", "overtold")
        lists = {"wrong": self.wrong, "overtold": self.overtold, "none": self.short}
        lists |= {"false alarm": self.failures, "missed": self.failures}
        if outcome in lists:
            lists[outcome].append(f"{line}: {outcome}")

    @property
    def has_failed(self) -> bool:
        """Whether our verdict was wrong of anything correct or gross, or explained wrongly."""
        ours = self.false_alarms[OURS] or self.missed[(OURS, "gross")]
        of_batches = self.batches["false alarm"] or self.batches["missed"]
        return bool(ours or of_batches or self.wrong or self.overtold)

    def lines(self, *, listed: bool) -> Iterator[str]:
        """Yields two tables, and all that went wrong.

        Args:
          listed: whether to name the mistakes that were explained in part or not at all.
        """
        yield f"{'':<32}{'alarms on':>14}{'gross mistakes':>17}{'subtle ones':>15}"
        yield f"{'':<32}{'correct pairs':>14}{'missed':>17}{'missed':>15}"
        for name in JUDGES:
            alarms = f"{self.false_alarms[name]} of {self.tried['correct']}"
            gross = f"{self.missed[(name, 'gross')]} of {self.tried['gross']}"
            subtle = f"{self.missed[(name, 'subtle')]} of {self.tried['subtle']}"
            yield f"{name:<32}{alarms:>14}{gross:>17}{subtle:>15}"
        yield ""
        yield f"{'explained':<12}{'right':>7}{'in part':>9}{'wrong':>7}{'not':>7}{'unnamed':>11}"
        for kind in (*KINDS, "batches"):
            right, part, wrong, none = (self.named[(kind, one)] for one in _OUTCOMES)
            yield f"{kind:<12}{right:>7}{part:>9}{wrong:>7}{none:>7}{self.unnamed[kind]:>11}"
        yield ""
        yield (
            f"Batches: {self.batches['missed']} of {self.batches['mistakes']} mistakes missed, "
            f"alarms on {self.batches['false alarm']} of {self.batches['correct']} correct ones."
        )
        yield ""
        yield from _list("Explained wrongly", self.wrong)
        yield from _list("Explained, though they have no name", self.overtold)
        if listed:
            yield from _list("Explained in part or not at all", self.short)


def _list(what: str, lines: list[str]) -> Iterator[str]:
    yield f"{what}: {len(lines)}."
    yield from (f"  {one}" for one in lines)
