"""Every mistake in every network where it is one, judged by us and by the rules of other tools."""

import dataclasses
import sys
from collections import Counter
from collections.abc import Iterator

from compare.selftest.backward import backward, forward
from compare.selftest.correct_code import correct_answers
from compare.selftest.mistakes import MISTAKES, Mistake
from compare.selftest.trial import (
    JUDGES,
    OURS,
    Trial,
    judge,
    kind_of,
    planted_answer,
    rightly_explained,
)
from compare.selftest.trial_networks import CORRECT, NETWORKS, Setup, make_trial_problem


@dataclasses.dataclass
class Score:
    """What came out of all trials."""

    tried: Counter[str] = dataclasses.field(default_factory=Counter)  # by kind
    false_alarms: Counter[str] = dataclasses.field(default_factory=Counter)  # by judge
    missed: Counter[tuple[str, str]] = dataclasses.field(default_factory=Counter)  # judge, kind
    named: int = 0  # mistakes that have a name and were found
    explained: int = 0  # those with the right explanation
    wrongly: list[str] = dataclasses.field(default_factory=list)  # explained, though without a name

    def add_correct(self, trial: Trial) -> None:
        """Counts the alarms of a correct pair."""
        self.tried["correct"] += 1
        self.false_alarms.update(name for name, alarm in trial.alarms.items() if alarm)

    def add_mistake(self, label: str, mistake: Mistake, kind: str, trial: Trial) -> None:
        """Counts who has found a mistake, and whether it was explained."""
        self.tried[kind] += 1
        self.missed.update((name, kind) for name, alarm in trial.alarms.items() if not alarm)
        if not trial.alarms[OURS]:
            return
        if mistake.named:
            self.named += 1
            self.explained += rightly_explained(mistake, trial.explanation)
        elif trial.explanation is not None:
            self.wrongly.append(f"{label}: {trial.explanation}")

    @property
    def has_failed(self) -> bool:
        """Whether our verdict was wrong of anything correct or gross, or explained wrongly."""
        ours = self.false_alarms[OURS] or self.missed[(OURS, "gross")]
        return bool(ours or self.wrongly)


def try_mistakes(*, seed: int) -> int:
    """Plants every mistake in every network where it is one; prints what came out.

    Returns:
      2 if our verdict has failed, else 0.
    """
    score = Score()
    for label, setup in NETWORKS.items():
        _show_progress(f"{label} ...")
        _try_network(label, setup, score, seed=seed)
    _show_progress("")
    print("\n".join(_table(score)))
    print(
        f"\nExplained rightly: {score.explained} of {score.named} mistakes that have a name and "
        "were found."
    )
    print(f"Explained, though they have no name: {len(score.wrongly)}.", *score.wrongly, sep="\n  ")
    return 2 if score.has_failed else 0


def _try_network(label: str, setup: Setup, score: Score, *, seed: int) -> None:
    problem, true = make_trial_problem(setup, seed=seed)
    f = forward(problem.params, problem.batch(0, problem.n_samples), setup.activation)
    right = backward(f)
    for a, b in ((0, 1), (0, 2), (1, 2)):
        score.add_correct(judge(problem, {name: true[name] for name in (CORRECT[a], CORRECT[b])}))
    for name, answer in correct_answers(problem, setup.activation):
        trial = judge(problem, {CORRECT[0]: true[CORRECT[0]], "correct": answer})
        score.add_correct(trial)
        if trial.alarms[OURS]:
            _show_progress(f"{label}: a false alarm: {name}: {trial.verdict.reason}\n")
    for name, mistake in MISTAKES.items():
        if not mistake.needs(f):
            continue
        wrong = backward(f, **mistake.changes)
        kind = kind_of(wrong, right)
        if kind is None:
            continue
        trial = judge(problem, {CORRECT[0]: true[CORRECT[0]], "planted": planted_answer(f, wrong)})
        score.add_mistake(f"{label}: {name}", mistake, kind, trial)
        if not trial.alarms[OURS]:
            _show_progress(f"{label}: missed, {kind}: {name}\n")


def _table(score: Score) -> Iterator[str]:
    yield f"{'':<32}{'alarms on':>14}{'gross mistakes':>17}{'subtle ones':>15}"
    yield f"{'':<32}{'correct pairs':>14}{'missed':>17}{'missed':>15}"
    for name in JUDGES:
        alarms = f"{score.false_alarms[name]} of {score.tried['correct']}"
        gross = f"{score.missed[(name, 'gross')]} of {score.tried['gross']}"
        subtle = f"{score.missed[(name, 'subtle')]} of {score.tried['subtle']}"
        yield f"{name:<32}{alarms:>14}{gross:>17}{subtle:>15}"


def _show_progress(text: str) -> None:
    """Shows where we are, on a terminal by rewriting one line."""
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)
    elif text:
        print(text.rstrip(), file=sys.stderr, flush=True)
