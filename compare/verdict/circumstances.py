"""Circumstances that may explain a difference: reduced matrix products, and noise."""

from collections.abc import Iterator, Mapping, Sequence

from compare.evidence.differences.noise import Noise
from compare.results import ProbedEngine

_MOST_PIECES = 3  # that a sentence names


def circumstances(
    engines: Sequence[ProbedEngine], noises: Mapping[str, Noise], *, asked: str
) -> tuple[str, ...]:
    """Returns remarks on a verdict, empty if nothing is unusual.

    Args:
      engines: with how each was measured to multiply.
      noises: by implementation.
      asked: the --matmul_precision that was asked for.
    """
    return (*_reduced(engines, asked), *_noisy(noises))


def untested(pieces: Sequence[str]) -> tuple[str, ...]:
    """Says which pieces between kinks no sample reaches, and how to; empty where there are none."""
    if not pieces:
        return ()
    shown = " or ".join(pieces[:_MOST_PIECES])
    if len(pieces) > _MOST_PIECES:
        shown += f" or {len(pieces) - _MOST_PIECES} others"
    return (
        f"no sample has {shown}, so what is computed there is not tested: larger weights "
        "(--init=normal) or other samples (--data) may reach it",
    )


def _reduced(engines: Sequence[ProbedEngine], asked: str) -> Iterator[str]:
    remedy = "although the highest precision was asked for"
    if asked != "highest":
        remedy = "--matmul_precision=highest asks for all bits"
    for engine in engines:
        said = engine.probed.reduced
        if said is not None:
            judged = " and ".join(engine.implementations)
            judged += " are" if len(engine.implementations) > 1 else " is"
            yield (
                f"{engine.framework} multiplied in {said} on {engine.device}, by which {judged} "
                f"judged; {remedy}"
            )


def _noisy(noises: Mapping[str, Noise]) -> Iterator[str]:
    for name, noise in noises.items():
        if noise.moved:
            yield f"{name} differs from itself from run to run, {noise.in_words()}"
