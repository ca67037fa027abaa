"""Two mistakes at once: both have to be told."""

from collections.abc import Iterator
from types import MappingProxyType

import numpy as np

from compare.selftest.backward import Finish, Forward
from compare.selftest.mistakes.backward import BACKWARD
from compare.selftest.mistakes.forward import FORWARD
from compare.selftest.mistakes.mistake import Mistake, both
from compare.selftest.mistakes.reading import READING

_SINGLE = {**BACKWARD, **FORWARD, **READING}

# The first comes first on the way of the data.
_NAMES = (
    # forward twice
    ("x of the sample before", "b1 forgotten"),
    ("x twice", "the last bias forgotten"),
    ("x standardised", "relu"),
    ("features reversed", "gelu in its erf form"),
    ("x shifted by 1", "activation on the output"),
    ("b1 forgotten", "the last bias forgotten"),
    ("b1 forgotten", "b2 forgotten"),
    ("b1 added twice", "w2 transposed"),
    ("w2 transposed", "relu in the first layer"),
    ("tanh in the last hidden layer", "the last bias subtracted"),
    ("erf gelu for tanh gelu", "b1 forgotten"),
    ("sigmoid in the first layer", "y of the sample before"),
    # forward and backward
    ("x twice", "factor 2 missing"),
    ("x negated", "dw2 twice"),
    ("features reversed", "w after a step of 0.1"),
    ("b1 forgotten", "factor 2 missing"),
    ("b1 forgotten", "every dw with decay of 0.01"),
    ("b1 forgotten", "phi' missing in the first layer"),
    ("b1 forgotten", "every db twice"),
    ("b2 forgotten", "w transposed"),
    ("the last bias forgotten", "a learning rate of 0.01"),
    ("the last bias forgotten", "dw1 negated"),
    ("every bias forgotten", "sign of the output"),
    ("relu", "factor 2 missing"),
    ("relu in the first layer", "db2 is the sum over its units"),
    ("tanh", "every db negated"),
    ("tanh", "w after a step of 0.1"),
    ("silu", "a learning rate of 0.1"),
    ("erf gelu for tanh gelu", "factor 2 missing"),
    ("erf gelu for tanh gelu", "every dw with decay of 0.01"),
    ("leaky relu with 0.01", "dw2 twice"),
    ("no activation in the first layer", "mean over samples"),
    ("activation on the output", "dw1 negated"),
    ("w2 transposed", "last db doubled"),
    ("y of the sample before", "first layer negated"),
    # backward twice
    ("factor 2 missing", "phi' missing in the first layer"),
    ("factor 2 missing", "dw1 negated"),
    ("factor 2 missing", "every dw with decay of 0.01"),
    ("factor 2 missing", "w after a step of 0.1"),
    ("sign of the output", "db1 is the sum over its units"),
    ("a learning rate of 0.01", "every db twice"),
    ("y left out", "phi' missing in the first layer"),
    ("phi' on the output", "phi' missing in the last hidden layer"),
    ("phi' at h", "last dw halved"),
    ("phi' twice", "dw2 three times"),
    ("w transposed", "phi' missing in the last hidden layer"),
    ("w after a step of 0.1", "db1 four times"),
    ("dw2 twice", "db1 four times"),
    ("dw1 negated", "last db doubled"),
    ("dw transposed", "db1 negated"),
    ("z for h in dw", "every db twice"),
    # reading and another
    ("factor 2 missing", "all read and handed out as out_in"),
    ("b1 forgotten", "all read and handed out as out_in"),
    ("phi' missing in the first layer", "all read and handed out as out_in"),
    ("a learning rate of 0.1", "layers read and handed out in reverse"),
    ("b1 forgotten", "kept from the sample before"),
    ("factor 2 missing", "added up over samples"),
)


def _finished(one: Finish, then: Finish) -> Finish:
    def finish(f: Forward, deltas: list[np.ndarray], dws: list[np.ndarray]) -> None:
        one(f, deltas, dws)
        then(f, deltas, dws)

    return finish


def _pair(one: Mistake, other: Mistake) -> Mistake:
    """Makes both mistakes, the second after the first where both are at the end."""
    finishes = [m.steps["finish"] for m in (one, other) if "finish" in m.steps]
    steps = {**one.steps, **other.steps}
    if len(finishes) == 2:
        steps["finish"] = _finished(*finishes)
    networks = [m.network for m in (one, other) if m.network is not None]

    def network(f: Forward) -> Forward:
        for change in networks:
            f = change(f)
        return f

    return Mistake(
        (*one.told, *other.told),
        parts=(one, other),
        network=network,
        steps=steps,
        needs=both(one.needs, other.needs),
    )


def _pairs() -> Iterator[tuple[str, Mistake]]:
    for one, other in _NAMES:
        yield f"{one} + {other}", _pair(_SINGLE[one], _SINGLE[other])


PAIRS: MappingProxyType[str, Mistake] = MappingProxyType(dict(_pairs()))
