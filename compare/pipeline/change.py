"""What has changed since a baseline: versions, gradients, certificates, names."""

from collections.abc import Mapping

from compare.evidence.certificate.certificate import Certificate
from compare.pipeline.kinds.base import Run
from compare.pipeline.kinds.drift import Movement
from compare.results import Change, Drift


def change_of(
    run: Run,
    movement: Movement,
    certificates: Mapping[str, Certificate],
    versions: Mapping[str, str],
) -> Change | None:
    """Returns what has changed, if there is a baseline.

    Args:
      run: with the baseline.
      movement: since then.
      certificates: now, by implementation.
      versions: of packages, in use now.
    """
    if run.baseline is None:
        return None
    before, known = run.baseline.versions, run.baseline.certified
    all_samples = len(run.samples) == run.problem.n_samples
    return Change(
        run.baseline.path,
        {
            package: (before.get(package), versions.get(package))
            for package in {**before, **versions}
            if before.get(package) != versions.get(package)
        },
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
