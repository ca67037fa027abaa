"""What is no chain of affine layers and activations, and the words for it."""

from collections.abc import Mapping, Sequence
from typing import Any

from torch import nn

_SHARED = "a convolution uses each of its weights in many places"
_RECURRENT = "a recurrence uses its weights at every step"
_ATTENTION = "attention multiplies what it has computed by itself"
_NORM = "it divides by what the units of the layer have in common"
_POOL = "it puts several units into one"
# how the name of a function of torch begins -> why it is no step of a chain
_REASONS = {
    "conv": _SHARED,
    **dict.fromkeys(("lstm", "gru", "rnn_"), _RECURRENT),
    **dict.fromkeys(("multi_head_attention", "scaled_dot_product_attention"), _ATTENTION),
    **dict.fromkeys(("layer_norm", "group_norm", "instance_norm", "rms_norm", "normalize"), _NORM),
    **dict.fromkeys(("max_pool", "avg_pool", "adaptive_", "lp_pool"), _POOL),
    "embedding": "it looks numbers up and multiplies none",
    "prelu": "its slope is a parameter too",
    "bilinear": "it multiplies two inputs by each other",
}
_DROPOUTS = (
    *("dropout", "dropout1d", "dropout2d", "dropout3d"),
    *("feature_dropout", "alpha_dropout", "feature_alpha_dropout"),
)


class ModuleError(ValueError):
    """The module cannot be judged; the message says where and why."""


def no_chain(where: str, reason: str) -> ModuleError:
    """Returns the error of a module that is none, with a way on."""
    return ModuleError(
        f"{where}: {reason}, so this is no chain of affine layers and activations; compare its "
        "gradients as files, with python -m compare.files"
    )


def refuse_call(
    name: str, where: str, args: Sequence[Any], options: Mapping[str, Any], *, training: bool
) -> None:
    """Refuses a call that is no step of a chain whatever comes before and after it.

    Args:
      name: of a function of torch.
      where: it is called, in words.
      args: what it is called with.
      options: likewise, by name.
      training: whether the module is in train mode.

    Raises:
      ModuleError: with the reason.
    """
    if name == "batch_norm":
        given = {"training": args[5] if len(args) > 5 else False, **options}
        if given["training"]:
            raise no_chain(where, "in train mode it ties each sample to the others of its batch")
        raise no_chain(where, "it scales each unit by numbers that are no weights of a layer")
    if name in _DROPOUTS:
        _refuse_dropout(where, args, options, training)
    for beginning, reason in _REASONS.items():
        if name.startswith(beginning):
            raise no_chain(where, reason)


def _refuse_dropout(
    where: str, args: Sequence[Any], options: Mapping[str, Any], training: bool
) -> None:
    given = {**dict(zip(("input", "p", "training"), args, strict=False)), **options}
    if not given.get("training", True) or not given.get("p", 0.5):
        return
    if training:
        raise ModuleError(
            f"{where}: dropout in train mode drops other units at every call; call .eval() on the "
            "module"
        )
    raise no_chain(where, "it is called with training=True in eval mode too, and drops at random")


def place(name: str, module: nn.Module) -> str:
    """Names a submodule in words, as in "fc1 (Linear)"."""
    return f"{name or 'the module'} ({type(module).__name__})"


def first_line(error: Exception) -> str:
    """Returns the kind of an error and its first line, to be quoted in a sentence."""
    kind, line = type(error).__name__, str(error).strip().partition("\n")[0]
    return f"{kind}: {line}" if line else kind
