"""Implementations that answer with the gradients of batches, beside those of single samples."""

from collections.abc import Sequence

from compare.implementations.base import Implementation
from compare.problem.answers import Answer, joined
from compare.problem.batches import Reduction
from compare.problem.blocks import Block


def batch_name(name: str) -> str:
    """Names an implementation that answers with the gradients of batches."""
    return f"{name}@batch"


def reducing(one: Implementation, reduction: Reduction) -> Implementation:
    """Returns the implementation that has a row for every batch of a block."""

    def evaluate(block: Block) -> Answer:
        assert one.reduced is not None
        found = (one.reduced(*batch, reduction.kind) for batch in reduction.batches(block))
        return joined(list(found))

    return Implementation(
        batch_name(one.name),
        one.device,
        evaluate,
        formula=one.formula,
        source=one.source,
        engine=one.engine,
        answers_of="batches",
    )


def of_batches_alone(one: Implementation, reduction: Reduction) -> Implementation:
    """Returns an implementation that answers for batches, and not for single samples."""
    return reducing(one, reduction)._replace(name=one.name)


def all_reducing(
    taking_part: Sequence[Implementation], reduction: Reduction
) -> list[Implementation]:
    """Returns those of all that can be asked for the gradient of a batch."""
    return [reducing(one, reduction) for one in taking_part if one.reduced is not None]
