"""What an implementation of a function computed: its results, and its values at named places."""

import dataclasses
from collections.abc import Callable, Mapping

import numpy as np

from compare.problem.cuts import cotangent_name, is_cotangent, place_name

Arrays = Mapping[str, np.ndarray]
Key = tuple[str, str]  # (kind, name) of a place or a result; see `Recording.of`


@dataclasses.dataclass(frozen=True)
class Recording:
    """The results of one run, all of it NumPy arrays by names.

    Attributes:
      outputs: by their names, as of `named_outputs`.
      gradients: by the names of arguments.
      statistics: what a forward updates, such as the running mean of a batch norm.
      places: values at cuts, and their cotangents by `cotangent_name`; the k-th time that a name
        comes again it is name@k.
      narrowest: the dtype of fewest digits that was computed in; '' if nothing is known of it.
      constants: the dtypes of what the program holds, as of `narrowest.digits`.
      plain: runs the program as users do, if recording places may change how it rounds.
    """

    outputs: Arrays
    gradients: Arrays
    statistics: Arrays = dataclasses.field(default_factory=dict)
    places: Arrays = dataclasses.field(default_factory=dict)
    narrowest: str = ""
    constants: Mapping[str, str] = dataclasses.field(default_factory=dict)
    plain: Callable[[], "Recording"] | None = None

    @property
    def results(self) -> dict[Key, np.ndarray]:
        """Outputs, statistics and gradients by kind and name."""
        groups = {
            "output": self.outputs,
            "statistic": self.statistics,
            "gradient": self.gradients,
        }
        return {(kind, name): one for kind, group in groups.items() for name, one in group.items()}

    @property
    def arrays(self) -> dict[Key, np.ndarray]:
        """All of it by kind and name, the places first."""
        return {key_of(place): array for place, array in self.places.items()} | self.results

    def of(self, kind: str, name: str) -> np.ndarray | None:
        """Returns what was recorded as an 'output', 'statistic' or 'gradient' of a name.

        Of a place it returns the value, 'forward', or its cotangent, 'backward'.
        """
        if kind in ("forward", "backward"):
            return self.places.get(cotangent_name(name) if kind == "backward" else name)
        return self.results.get((kind, name))


def key_of(place: str) -> Key:
    """Returns ('forward', name) of a place, ('backward', name) of its cotangent."""
    return ("backward" if is_cotangent(place) else "forward", place_name(place))
