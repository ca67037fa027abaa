"""What all programs of a comparison share."""

from typing import NamedTuple

from compare.implementations.programs.base import Loss


class Setting(NamedTuple):
    """What programs of a comparison share.

    Attributes:
      loss: takes what programs in the framework of the reference return; None if that is compared
        as it is.
      device: where they compute.
    """

    loss: Loss | None
    device: str
