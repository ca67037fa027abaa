"""How an optimizer makes new weights of gradients."""

import dataclasses
from collections.abc import Mapping

KINDS = ("sgd", "adam", "rmsprop", "adagrad", "lion")


@dataclasses.dataclass(frozen=True)
class Rule:
    """The rule of one array of weights, at one step. Those that a kind lacks are not looked at.

    The gradient is clipped first, then a coupled weight decay is added.

    Attributes:
      kind: one of KINDS.
      lr: the learning rate of this step.
      maximize: whether weights follow the gradient upwards.
      clip_norm: the most that the norm of all gradients together may be; None for any.
      clip_eps: what is added to that norm: 1e-6 in torch, 0 in optax.
      clip_each: whether the norm is that of each array by itself.
      clip_value: the most that the magnitude of an entry may be; None for any.
      weight_decay: times the weights.
      decoupled: whether weights decay by themselves, or as a part of the gradient.
      decay_by_lr: whether a decoupled decay is multiplied by the learning rate.
      decay_before_clip: whether a coupled decay is added before the gradient is clipped.
      gradient_factor: what the gradient is multiplied by before all else.
      momentum: of sgd and rmsprop; 0 for none.
      dampening: sgd adds 1 - dampening times the gradient to the momentum, but for the first time.
      dampened_start: whether that is so the first time as well: an average that starts at 0.
      nesterov: whether sgd looks ahead.
      betas: of the averages of adam, and of lion, where the second is that of its state.
      alpha: of the average of rmsprop.
      eps: is added to a root.
      eps_inside_root: is added before the root is taken.
      eps_before_correction: whether eps is added before adam corrects the bias of the root.
      bias_correction: whether adam divides averages by 1 - beta^t.
      count_shift: is added to that t.
      amsgrad: whether adam divides by the largest second moment.
      centered: whether rmsprop subtracts the square of the average of gradients.
      lr_decay: adagrad divides its learning rate by 1 + (t - 1) lr_decay.
    """

    kind: str
    lr: float
    maximize: bool = False
    clip_norm: float | None = None
    clip_eps: float = 0.0
    clip_each: bool = False
    clip_value: float | None = None
    weight_decay: float = 0.0
    decoupled: bool = False
    decay_by_lr: bool = True
    decay_before_clip: bool = False
    gradient_factor: float = 1.0
    momentum: float = 0.0
    dampening: float = 0.0
    dampened_start: bool = False
    nesterov: bool = False
    betas: tuple[float, float] = (0.9, 0.999)
    alpha: float = 0.99
    eps: float = 1e-8
    eps_inside_root: float = 0.0
    eps_before_correction: bool = False
    bias_correction: bool = True
    count_shift: int = 0
    amsgrad: bool = False
    centered: bool = False
    lr_decay: float = 0.0

    @property
    def name(self) -> str:
        """As sentences say it."""
        if self.kind == "adam":
            return "AdamW" if self.decoupled and self.weight_decay else "Adam"
        names = {"sgd": "SGD", "rmsprop": "RMSprop", "adagrad": "Adagrad", "lion": "Lion"}
        return names[self.kind]

    @property
    def described(self) -> str:
        """Its name and its numbers, such as 'SGD with lr 0.1, momentum 0.9'."""
        given = [
            f"{name} {value:g}"
            for name in ("lr", "momentum", "weight_decay", "clip_norm", "clip_value")
            if (value := getattr(self, name))
        ]
        if self.kind in ("adam", "lion"):
            given.append(f"betas {self.betas[0]:g} and {self.betas[1]:g}")
        if self.kind == "rmsprop":
            given.append(f"alpha {self.alpha:g}")
        inside = self.eps_inside_root
        if self.kind in ("adam", "rmsprop", "adagrad"):
            given.append(
                f"eps {inside or self.eps:g} {'inside' if inside else 'outside of'} the root"
            )
        nesterov = " of Nesterov" if self.nesterov else ""
        return f"{self.name}{nesterov} with {', '.join(given)}"


Rules = Mapping[str, Rule]  # by the names of the weights; others are not trained
