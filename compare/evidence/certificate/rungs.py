"""The ladder: the ways in which a right gradient may have been computed, most precise first.

Of our own implementations it is known how they compute: there is one rung. Of what a user brings
there may be four, and a sample is certified on the first where all rules hold:

    arithmetic  that of the dtype of its arrays;
                that of the run, where arrays are wider: one float64 number in a float32 program
                makes arrays that are only partly float64
    formula     that of the run, and activations by textbook formulas, which lose digits: tanh by
                exponentials, softplus as log(1 + exp(z));
                the same, and slopes by such formulas of their own, whatever the values come from

Every rung allows for whatever the one before it allows for.
"""

from typing import NamedTuple

from compare.evidence.certificate.activations import ACTIVATIONS
from compare.evidence.rounding.arithmetic import Arithmetic, fraction_bits
from compare.problem.network import Network


class Rung(NamedTuple):
    """One way to compute a gradient."""

    arithmetic: Arithmetic
    is_textbook: bool = False  # whether activations may be computed by textbook formulas
    is_mixed: bool = False  # whether slopes may come from other values than the gradient contains


def rungs(
    network: Network, computed: Arithmetic, asked: Arithmetic, *, is_known: bool
) -> tuple[Rung, ...]:
    """Returns the rungs for an implementation.

    Args:
      network: that is differentiated.
      computed: the arithmetic of the arrays that it returns.
      asked: that of the run.
      is_known: whether it is known how it computes; then nothing else is tried.
    """
    if is_known:
        return (Rung(computed),)
    wider = fraction_bits(computed.dtype) > fraction_bits(asked.dtype)
    arithmetics = (computed, asked) if wider else (computed,)
    plain = tuple(map(Rung, arithmetics))
    if not textbook_names(network):
        return plain
    textbook = Rung(arithmetics[-1], is_textbook=True)
    return (*plain, textbook, textbook._replace(is_mixed=True))


def textbook_names(network: Network) -> tuple[str, ...]:
    """Returns the activations of a network that lose digits by a textbook formula."""
    used = dict.fromkeys((*network.activations, network.output))
    known = ((name, ACTIVATIONS.get(name)) for name in used)  # not linear and softmax
    return tuple(name for name, phi in known if phi is not None and phi.textbook is not None)
