"""What an implementation of a function computed: its results, and its values at named places."""

import dataclasses
from collections.abc import Mapping

import numpy as np

Arrays = Mapping[str, np.ndarray]


@dataclasses.dataclass(frozen=True)
class Recording:
    """The results of one run, all of it NumPy arrays by names.

    Attributes:
      outputs: by their names, as of `named_outputs`.
      gradients: by the names of arguments.
      statistics: what a forward updates, such as the running mean of a batch norm.
      places: values at cuts, and their cotangents by `cotangent_name`; the k-th time that a name
        comes again it is name@k.
    """

    outputs: Arrays
    gradients: Arrays
    statistics: Arrays = dataclasses.field(default_factory=dict)
    places: Arrays = dataclasses.field(default_factory=dict)
