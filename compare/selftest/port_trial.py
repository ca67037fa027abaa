"""Torch modules beside their ports to the frameworks of JAX, and ports with mistakes in them."""

import fnmatch
import time
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from compare.errors import UsageError
from compare.function_api import compare_functions
from compare.function_results import Standing
from compare.selftest.everyday.evaluation import jax_as_it_comes
from compare.selftest.port_mistakes import MISTAKES, PortMistake
from compare.selftest.port_outcome import PortOutcome, port_outcome
from compare.selftest.ports import PORTS, Port
from torch_ref.convert import to_array

_RIGHT = "port"
_LEAST_PLACED, _LEAST_NAMED = 0.95, 0.8  # of the mistakes
_HEADER = (
    "                                    verdict  basis       places  worst typical  seconds"
    " mistakes placed named misnamed"
)


class PortTrial(NamedTuple):
    """What was said of a port that is right, and of the same with mistakes."""

    port: Port
    right: Standing | str  # or why it was refused
    outcomes: tuple[PortOutcome, ...]
    seconds: float

    @property
    def alarms(self) -> tuple[str, ...]:
        """What is said against the port that is right."""
        if isinstance(self.right, str):
            return (f"refused: {self.right}",)
        wrong = () if self.right.verdict == "agree" else (self.right.sentence,)
        return (*wrong, *self.right.warnings)


def try_ports(pattern: str, *, seed: int) -> int:
    """Tries ports, and all mistakes in them; returns a status.

    Args:
      pattern: of the names of ports, as of files.
      seed: of weights and inputs.

    Raises:
      UsageError: if there is no such port.
    """
    chosen = [port for port in PORTS if fnmatch.fnmatchcase(port.name, pattern)]
    if not chosen:
        names = ", ".join(repr(port.name) for port in PORTS[:3])
        raise UsageError(f"--ports: expected a pattern of names such as {names}, got {pattern!r}")
    print(_HEADER)
    trials = []
    for port in chosen:
        trials.append(try_port(port, [one for one in MISTAKES if one.port == port.name], seed=seed))
        print(_row(trials[-1]), flush=True)
    return _summarised(trials)


def try_port(port: Port, mistakes: Sequence[PortMistake], *, seed: int) -> PortTrial:
    """Compares a module in float32 with its port, and with the port once with each mistake."""
    start = time.perf_counter()
    built = port.network.build(seed)
    state = {name: to_array(one) for name, one in built.state.items()}
    makes = {_RIGHT: port.make, **{mistake.name: mistake.make for mistake in mistakes}}
    with jax_as_it_comes():
        models = {name: make(state) for name, make in makes.items()}
        found = _compared(built.module, models, built.inputs, seed)
    right = found.pop(_RIGHT)
    pairs = zip(mistakes, found.values(), strict=True)
    outcomes = tuple(
        PortOutcome(mistake, "refused", None, (), one, None)
        if isinstance(one, str)
        else port_outcome(mistake, one)
        for mistake, one in pairs
    )
    return PortTrial(port, right, outcomes, time.perf_counter() - start)


def _compared(
    module: Any, models: Mapping[str, Any], inputs: Sequence[Any], seed: int
) -> dict[str, Standing | str]:
    """Compares models by name; a sentence in the place of one that is refused."""
    try:
        report = compare_functions(module, models, *inputs, seed=seed)
        return dict(zip(models, report.candidates, strict=True))
    except UsageError as error:
        if len(models) == 1:
            return dict.fromkeys(models, str(error))
    each = (_compared(module, {name: model}, inputs, seed) for name, model in models.items())
    return {name: standing for one in each for name, standing in one.items()}


def _row(trial: PortTrial) -> str:
    said = ["refused", "-", "-", "-", "-"]
    if isinstance(trial.right, Standing):
        held = [one for one in trial.right.checks if one.holds]
        said = [
            trial.right.verdict,
            trial.right.basis,
            f"{trial.right.recorded}/{trial.right.places}",
            f"{max((one.used for one in held), default=0.0):.3f}",
            f"{max((one.unlikely for one in held), default=0.0):.3f}",
        ]
    outcomes = trial.outcomes
    placed, named, misnamed = (
        sum(getattr(one, what) for one in outcomes)
        for what in ("is_placed", "is_named", "is_misnamed")
    )
    verdict, basis, places, worst, typical = said
    row = (
        f"{trial.port.name:35s} {verdict:9s}{basis:11s} {places:>6s} {worst:>6s} {typical:>7s} "
        f"{trial.seconds:8.1f} {len(outcomes):8d} {placed:6d} {named:5d} {misnamed:8d}"
    )
    return "\n".join([row, *_told(trial)])


def _told(trial: PortTrial) -> list[str]:
    """All that is not as it should be, a line each."""
    lines = [f"alarm: {trial.port.name}: {one}" for one in trial.alarms]
    for one in trial.outcomes:
        if not one.is_placed:
            lines.append(f"{'elsewhere' if one.is_found else 'missed'}: {one.line}")
        elif one.is_misnamed:
            lines.append(f"misnamed: {one.line}")
        elif not one.is_named:
            lines.append(f"not named: {one.line}")
    return lines


def _summarised(trials: Sequence[PortTrial]) -> int:
    outcomes = [one for trial in trials for one in trial.outcomes]
    alarms = sum(len(trial.alarms) for trial in trials)
    found = sum(one.is_found for one in outcomes)
    placed = sum(one.is_placed for one in outcomes)
    named, misnamed = (
        sum(one.is_named for one in outcomes),
        sum(one.is_misnamed for one in outcomes),
    )
    print(f"\nports: {len(trials)}; alarms: {alarms}")
    print(
        f"mistakes: {len(outcomes)}; found where they begin: {placed}; "
        f"elsewhere: {found - placed}; missed: {len(outcomes) - found}"
    )
    print(f"rightly named: {named}; wrongly: {misnamed}")
    is_good = placed >= _LEAST_PLACED * len(outcomes) and named >= _LEAST_NAMED * len(outcomes)
    return 0 if is_good and not alarms and not misnamed else 2
