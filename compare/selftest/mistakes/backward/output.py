"""Mistakes in delta of the output."""

import numpy as np

from compare.implementations.numpy_activations import ACTIVATIONS
from compare.selftest.backward import Forward
from compare.selftest.mistakes.claim import HALF, NEGATIVE, TWICE, times, told
from compare.selftest.mistakes.mistake import Mistake, has_outputs

_WHOLE = "the gradient"
_FACTOR_2 = "factor 2 of (yhat - y)^2"
_OVER_OUTPUTS = "as by a mean over the {k} outputs"


def _times(factor: float, said: str = "") -> Mistake:
    """Multiplies 2 (yhat - y), and so the whole gradient, by a factor."""

    def output(f: Forward) -> np.ndarray:
        return np.asarray(2 * factor, f.residual.dtype) * f.residual

    return Mistake(told(_WHOLE, said or times(factor)), steps={"output": output})


def _step(rate: float) -> Mistake:
    return _times(rate, f"{times(rate)}, as by a step of {rate:g}")


def _can_tell(f: Forward) -> bool:
    """Whether the activation changes the output, wherever it is."""
    return f.activation not in ("identity", "relu")


def _has_both_signs(f: Forward) -> bool:
    return bool((f.residual > 0).any() and (f.residual < 0).any())


def _is_not_last(f: Forward) -> np.ndarray:
    """Which outputs are not the last, [k]; the slope of hard tanh may be just so."""
    return np.arange(f.sizes[-1]) < f.sizes[-1] - 1


def _is_sign_of_residual(v: np.ndarray, f: Forward) -> bool:
    """Whether values [N, k] are above 0 where yhat is above y, and nowhere else."""
    return bool(((v > 0) == (f.residual > 0)).all())


def _softmax(z: np.ndarray) -> np.ndarray:
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return np.asarray(e / e.sum(axis=1, keepdims=True), z.dtype)


def _sigmoid(z: np.ndarray) -> np.ndarray:
    return np.asarray(ACTIVATIONS["sigmoid"].value(z), z.dtype)


OUTPUT = {
    "factor 2 missing": Mistake(
        told(_WHOLE, f"{HALF}, as by a missing {_FACTOR_2}"), steps={"output": lambda f: f.residual}
    ),
    "sign of the output": _times(-1, f"{NEGATIVE}, as by y - yhat in place of yhat - y"),
    "sign and factor 2": _times(-0.5, f"the negative of {HALF}"),
    "factor 2 twice": _times(2, f"{TWICE}, as by a second {_FACTOR_2}"),
    "four times": _times(4),
    "three times": _times(3),
    "1 % too large": _times(1.01),
    "a learning rate of 0.1": _step(0.1),
    "a learning rate of 0.01": _step(0.01),
    "a learning rate of 0.001": _step(0.001),
    "a step of 0.01 downhill": _times(-0.01),
    "mean over outputs": Mistake(
        told(
            _WHOLE,
            *(
                f"{size} what the chain rule gives, {_OVER_OUTPUTS}"
                for size in ("{of_k} times", "half of")
            ),
        ),
        steps={"output": lambda f: 2 * f.residual / f.residual.shape[1]},
        needs=has_outputs,
    ),
    "mean over outputs without the factor 2": Mistake(
        told(
            _WHOLE,
            f"{{of_kk}} times what the chain rule gives, {_OVER_OUTPUTS} and a missing {_FACTOR_2}",
        ),
        steps={"output": lambda f: f.residual / f.residual.shape[1]},
        needs=has_outputs,
    ),
    "mean over samples": Mistake(
        told(_WHOLE, "{of_N} times what the chain rule gives, as by a mean over {N} samples"),
        steps={"output": lambda f: 2 * f.residual / len(f.residual)},
    ),
    "y left out": Mistake(
        told("delta{L}", "2 yhat, without y"), steps={"output": lambda f: 2 * f.z[-1]}
    ),
    "absolute loss": Mistake(
        told(_WHOLE, "right for --loss=absolute"),
        steps={"output": lambda f: np.sign(f.residual)},
    ),
    "cross-entropy of sigmoid": Mistake(
        told(_WHOLE, "right for --output=sigmoid --loss=binary_cross_entropy"),
        steps={"output": lambda f: _sigmoid(f.z[-1]) - f.batch.y},
    ),
    "cross-entropy of softmax": Mistake(
        told(_WHOLE, "right for --output=softmax --loss=cross_entropy"),
        steps={"output": lambda f: _softmax(f.z[-1]) - f.batch.y},
        needs=has_outputs,
    ),
    "phi' on the output": Mistake(
        told("delta{L}", "multiplied by the slope of {of_phi}, although the output is linear"),
        steps={"output": lambda f: 2 * f.residual * f.phi_slope(f.z[-1])},
        needs=_can_tell,
    ),
    "phi on the output": Mistake(
        told("yhat", "{of_phi}, and delta{L} has not its slope"),
        steps={"output": lambda f: 2 * (f.phi(f.z[-1]) - f.batch.y)},
        needs=_can_tell,
    ),
    "the cube of yhat - y": Mistake(
        told("delta{L}", "the slope of (yhat - y)^4"),
        steps={"output": lambda f: 4 * f.residual**3},
    ),
    # from here on without a name
    "|delta|": Mistake(steps={"output": lambda f: np.abs(2 * f.residual)}, needs=_has_both_signs),
    "relu of delta of the output": Mistake(
        steps={"output": lambda f: np.maximum(2 * f.residual, 0)},
        needs=lambda f: _has_both_signs(f) and not _is_sign_of_residual(f.yhat, f),
    ),
    "the square of yhat - y": Mistake(steps={"output": lambda f: 2 * f.residual**2}),
    "yhat^2 - y^2": Mistake(steps={"output": lambda f: f.z[-1] ** 2 - f.batch.y**2}),
    "2 (yhat - y) / (1 + |yhat - y|)": Mistake(
        steps={"output": lambda f: 2 * f.residual / (1 + np.abs(f.residual))}
    ),
    "mean of y for y": Mistake(
        steps={"output": lambda f: 2 * (f.z[-1] - f.batch.y.mean(axis=0))},
    ),
    "yhat - y of the first output in all": Mistake(
        steps={"output": lambda f: 2 * np.repeat(f.residual[:, :1], f.sizes[-1], axis=1)},
        needs=has_outputs,
    ),
    "the root of |yhat - y|": Mistake(
        steps={"output": lambda f: np.sign(f.residual) * np.sqrt(np.abs(f.residual))}
    ),
    "the last output left out": Mistake(
        steps={"output": lambda f: 2 * f.residual * _is_not_last(f)},
        needs=lambda f: has_outputs(f) and bool(((np.abs(f.z[-1]) < 1) != _is_not_last(f)).any()),
    ),
    "outputs in another order": Mistake(
        steps={"output": lambda f: 2 * np.roll(f.residual, 1, axis=1)}, needs=has_outputs
    ),
}
