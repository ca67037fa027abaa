"""What has changed since a baseline: versions, gradients, certificates, names."""

from collections.abc import Mapping
from typing import Any

from compare.evidence.certificate.certificate import Certificate
from compare.implementations.environment import all_settings
from compare.pipeline.kinds.base import Run
from compare.pipeline.kinds.drift import Movement
from compare.results import Change, Drift


def change_of(
    run: Run,
    movement: Movement,
    certificates: Mapping[str, Certificate],
    environment: Mapping[str, Any],
) -> Change | None:
    """Returns what has changed, if there is a baseline.

    Args:
      run: with the baseline.
      movement: since then.
      certificates: now, by implementation.
      environment: of this run.
    """
    if run.baseline is None:
        return None
    before, known = run.baseline.environment, run.baseline.certified
    all_samples = len(run.samples) == run.problem.n_samples
    return Change(
        run.baseline.path,
        changed(before["versions"], environment["versions"]),
        changed(all_settings(before), all_settings(environment)),
        tuple(
            Drift(
                pair.a,
                movement.moved[pair.a],
                pair,
                certified_then=known[pair.a] if all_samples else None,
                certified_now=certificates[pair.a].certified,
            )
            for pair in movement.differences.pairs
        ),
        only_then=tuple(name for name in known if name not in run.names),
        only_now=tuple(name for name in run.names if name not in known),
    )


def changed(
    then: Mapping[str, str], now: Mapping[str, str]
) -> dict[str, tuple[str | None, str | None]]:
    """Returns what is not the same, by name: then and now."""
    return {
        name: (then.get(name), now.get(name))
        for name in {**then, **now}
        if then.get(name) != now.get(name)
    }
