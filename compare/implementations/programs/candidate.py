"""What a user brings as a candidate, and how it is called."""

import dataclasses
from typing import Any, Literal


@dataclasses.dataclass(frozen=True)
class Candidate:
    """A function that is called otherwise than `compare_functions` would by itself.

    Attributes:
      function: a function of the arguments of the reference; where that is a torch module, of its
        (state, *inputs).
      arrays: what it is given, 'jax', 'torch' or 'numpy' arrays; None to find out.
      returns: 'outputs', which are differentiated by its framework; or 'both', the pair (outputs,
        gradients), for a backward pass of its own, as every function of NumPy has. Where the
        outputs are not one loss, it then takes the cotangents, in their structure, as a last
        argument.
    """

    function: Any
    arrays: Literal["jax", "torch", "numpy"] | None = None
    returns: Literal["outputs", "both"] = "outputs"
