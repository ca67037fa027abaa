"""Backprop by hand in NumPy float64, as an implementation."""

from typing import Any

import numpy as np

from compare.implementations.base import Implementation
from compare.implementations.numpy_backprop import OneSample, one_sample
from compare.implementations.numpy_batches import one_batch
from compare.problem.answers import Answer, answer_of, of_one_batch
from compare.problem.blocks import Block
from compare.problem.network import Network
from jaxmlp.base import Batch, Evaluation, Intermediates, Layer, Params


def implementation(params: Params, network: Network) -> Implementation:
    """Builds it; one sample is computed after another."""
    options: dict[str, Any] = {
        "activations": network.activations,
        "loss": network.loss,
        "output": network.output,
        "l2": network.l2,
    }

    def run(block: Block) -> list[OneSample]:
        return [one_sample(params, x, y, **options) for x, y in zip(*block.batch, strict=True)]

    def evaluate(block: Block) -> Answer:
        found = run(block)
        layers = zip(*(sample.grads for sample in found), strict=True)
        evaluation = Evaluation(
            prediction=np.stack([sample.prediction for sample in found]),
            loss=np.array([sample.loss for sample in found]),
            grads=tuple(
                Layer(*(np.stack(leaves) for leaves in zip(*layer, strict=True)))
                for layer in layers
            ),
        )
        return answer_of(evaluation, block.size)

    def intermediates(block: Block) -> Intermediates:
        found = run(block)
        preacts = zip(*(sample.preacts for sample in found), strict=True)
        acts = zip(*(sample.acts for sample in found), strict=True)
        return Intermediates(tuple(map(np.stack, preacts)), tuple(map(np.stack, acts)))

    def reduced(start: int, batch: Batch, reduction: str) -> Answer:
        del start
        found = one_batch(params, *batch, reduction=reduction, **options)
        return of_one_batch(tuple(Layer(*layer) for layer in found))

    return Implementation("numpy_manual", "cpu", evaluate, intermediates, reduced=reduced)
