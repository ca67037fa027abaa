"""Backprop by hand in NumPy float64, as an implementation."""

import numpy as np

from compare.implementations.base import Implementation
from compare.implementations.numpy_backprop import OneSample, one_sample
from compare.problem.answers import Answer, answer_of
from compare.problem.blocks import Block
from compare.problem.network import Network
from jaxmlp.base import Evaluation, Intermediates, Layer, Params


def implementation(params: Params, network: Network) -> Implementation:
    """Builds it; one sample is computed after another."""

    def run(block: Block) -> list[OneSample]:
        samples = zip(*block.batch, strict=True)
        return [
            one_sample(
                params,
                x,
                y,
                activations=network.activations,
                loss=network.loss,
                output=network.output,
                l2=network.l2,
            )
            for x, y in samples
        ]

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

    return Implementation("numpy_manual", "cpu", evaluate, intermediates)
