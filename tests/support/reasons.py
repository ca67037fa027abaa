"""What is said to be different in arrays that were found beside a function of JAX, in float64."""

import jax
import numpy as np

from compare.evidence.local.certificate import certify
from compare.evidence.local.specification import specification
from compare.evidence.reasons.search import reason_of
from compare.problem.cuts import cotangent_name
from compare.problem.function import Arguments, FunctionProblem, named_arguments, outputs_of
from compare.problem.recording import Recording


def reason(
    reference,
    args,
    found,
    *,
    of=("output", "output"),
    cotangent=None,
    beside=None,
    is_late=None,
):
    """Returns the sentence on one array that was found, None if there is none.

    Args:
      reference: a function of JAX of the arguments, which returns one array.
      args: arrays of NumPy; gradients are by all that are floats.
      found: what was found in the place of an output, a gradient or what a cut names.
      of: (kind, name) of that.
      cotangent: of the output; None for 1.
      beside: what was found at other places; None for nothing.
      is_late: whether to stop looking; None for never.
    """
    kind, name = of
    problem = _problem(reference, args, cotangent)
    with jax.enable_x64(True):
        specified = specification(problem)
    groups = {"output": {}, "gradient": {}, "forward": dict(beside or {})}
    if kind == "backward":
        kind, name = "forward", cotangent_name(name)
    groups[kind][name] = np.asarray(found)
    recording = Recording(groups["output"], groups["gradient"], places=groups["forward"])
    (first,) = (one for one in certify(specified, recording) if one.key == of)
    said = reason_of(specified, recording, first, is_late=is_late or (lambda: False))
    return said and said.sentence


def _problem(reference, args, cotangent):
    names, leaves, structure = named_arguments(args)
    wrt = tuple(i for i, leaf in enumerate(leaves) if leaf.dtype == float)
    arguments = Arguments(structure, tuple(leaves), tuple(names), wrt)

    def call(*args):
        return reference(*args), {}

    with jax.enable_x64(True):
        outputs = outputs_of(call, arguments)
    given = np.ones(outputs.shapes["output"].shape) if cotangent is None else cotangent
    return FunctionProblem(call, arguments, outputs, {"output": given}, np.dtype(np.float64))
