"""What `roundoff` cannot take is refused in one sentence."""

import jax
import jax.numpy as jnp
import ml_dtypes
import numpy as np
import pytest
import torch

from compare.evidence.rounding import Arithmetic, roundoff
from tests.support.rounding import F32, F64, bound_of

X = F32([0.5, 0.75, 1.25, 3])
THIRD = F32(1 / 3)
BF16 = ml_dtypes.bfloat16


SMALL = torch.ones(2, requires_grad=True)


@pytest.mark.parametrize(
    ("f", "args", "error", "message"),
    {
        "no function": (3, (), TypeError, "^f: expected a function of JAX, got int$"),
        "a module of torch": (torch.nn.Linear(2, 1), (), TypeError, "^f: .* got Linear of torch"),
        "a function of torch": (torch.exp, (X,), TypeError, "^f: .* got exp of torch"),
        "a function that calls torch": (
            lambda x: torch.exp(x),
            (X,),
            TypeError,
            r"^f: .*at .*test_refusals\.py:\d+ it calls torch with arrays of JAX",
        ),
        "a tensor": (
            jnp.exp,
            (SMALL,),
            TypeError,
            r"^args\[0\]: .*Tensor of torch; pass its \.det",
        ),
        "a module as argument": (
            lambda p: p["m"],
            ({"m": torch.nn.Linear(2, 1)},),
            TypeError,
            r"^args\[0\]\['m'\]: .*Linear of torch; pass its weights",
        ),
        "complex": (jnp.exp, (1j,), TypeError, r"^args\[0\]: expected real .* got complex128$"),
        "objects": (jnp.exp, (np.array([None]),), TypeError, "got object$"),
        "words": (jnp.exp, (np.array(["a"]),), TypeError, "got <U1$"),
        "a mask": (jnp.exp, (np.ma.array([1.0], mask=[1]),), TypeError, "got a masked array; "),
        "shapes": (jnp.exp, (jax.ShapeDtypeStruct((), F32),), TypeError, "got ShapeDtypeStruct$"),
        "text is returned": (
            lambda x: (x, ["no"]),
            (X,),
            TypeError,
            r"^f: .* got str at \[1\]\[0\]$",
        ),
        "complex is returned": (
            lambda x: 1j,
            (X,),
            TypeError,
            "^f: .*real numbers, got complex64$",
        ),
        "np": (
            lambda x: np.asarray(x),
            (X,),
            TypeError,
            r"jax\.jit can trace, but at .*\.py:\d+ it",
        ),
        "if": (lambda x: x if x > 0 else -x, (F32(1),), TypeError, "Attempted boolean conversion"),
        "a mask that is computed": (lambda x: x[x > 1], (X,), TypeError, "must be concrete"),
    }.values(),
)
def test_what_is_refused_is_one_sentence(f, args, error, message):
    with pytest.raises(error, match=message) as caught:
        roundoff(f, F32)(*args)
    assert "\n" not in str(caught.value)


def test_an_arithmetic_is_that_of_the_dtype():
    tf32 = Arithmetic(np.dtype(F32), operand_bits=10, sum_bits=23)
    assert bound_of(jnp.dot, X, X)[1] < roundoff(jnp.dot, F32, arithmetic=tf32)(X, X)[1] / 100
    with pytest.raises(ValueError, match=r"expected that of float64, .*, got one of float32$"):
        roundoff(jnp.dot, F64, arithmetic=tf32)
    with pytest.raises(TypeError, match=r"^arithmetic: expected an Arithmetic, got 'tf32'$"):
        roundoff(jnp.dot, F32, arithmetic="tf32")


def test_no_dtype_is_none():
    with pytest.raises(ValueError, match=r"^dtype: expected one of .* got None$"):
        roundoff(jnp.exp, None)
    assert bound_of(jnp.negative, X.astype(">f4"), dtype=">f4")[0][0] == -0.5
