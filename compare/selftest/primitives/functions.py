"""Mathematical functions.

Spans are where a function neither vanishes nor overflows, places where it is hard to compute.
"""

import math
from collections.abc import Callable
from types import MappingProxyType
from typing import Any

import mpmath
import numpy as np
import scipy.special
import torch
from jax import lax

from compare.selftest.primitives.base import Array, Primitive, everywhere

Unary = Callable[[Any], Any]
_FAR = 1e4  # mpmath fails further out, where erf and erfc are 0, 1 or 2
_ROOTS = (-2.457024738220801, -2.747682646727413, -3.143580888349980)  # of lgamma
_DIGAMMA_ROOTS = (1.4616321449683623, -0.5040830082644554, -1.5734984731623905)


def elementary(
    name: str,
    exactly: Unary,
    *places: float,
    span: tuple[float, float] | None = None,
    by_jax: Unary | None = None,
    truth: Unary | None = None,
    by_torch: Unary | None = None,
    numpy_name: str | None = None,
) -> Primitive:
    """Makes a mathematical function, of that name where nothing else is said.

    Without a truth it is that of NumPy, which has long doubles.
    """
    of_jax: Unary = by_jax or getattr(lax, name)
    of_numpy: Unary = truth or getattr(np, numpy_name or name)
    of_torch: Unary | None = by_torch or getattr(torch, name, None)
    return Primitive(
        lambda a, b: of_jax(a),
        lambda a, b: of_numpy(a),
        by_numpy=None if truth else lambda a, b: of_numpy(a),
        by_torch=None if of_torch is None else lambda a, b: of_torch(a),
        exactly=lambda a, b: exactly(a),
        span=span,
        places=places,
    )


def special(name: str, truth: Unary, exactly: Unary, *places: float, torch_name: str) -> Primitive:
    """Makes a function that NumPy has not, and whose truth SciPy knows to some ulp of float64."""
    return elementary(
        name,
        exactly,
        *places,
        truth=lambda a: truth(a.astype(np.float64)),
        by_torch=getattr(torch, torch_name),
    )


def _sigmoid(a: Array) -> Array:
    return 1 / (1 + np.exp(-a))


def _cube_root(a: Any) -> Any:
    return mpmath.sign(a) * mpmath.cbrt(abs(a))


def _bounded(function: Unary) -> Unary:
    return lambda a: function(min(max(a, -_FAR), _FAR))


def _powers(rng: np.random.Generator, n: int, info: Any) -> tuple[Array, Array]:
    """Draws bases and exponents whose powers are numbers, in five ways."""
    reach = math.log2(float(info.max))
    kind, wanted = rng.integers(0, 5, n), rng.uniform(-reach, reach, n)
    base = np.exp2(rng.uniform(-reach, reach, n))
    near_one = 1 + rng.choice([-1, 1], n) * np.exp2(rng.uniform(-float(info.nmant), -2, n))
    base = np.choose(kind, [base, near_one, np.exp2(rng.uniform(-4, 4, n)), -base, base])
    exponent = wanted / np.log2(np.abs(base))
    whole = rng.choice([-3, -2, -1, 0, 1, 2, 3, 4, 5], n)
    often = rng.choice([-1, -0.5, 0, 1 / 3, 0.5, 1, 1.5, 2, 3], n)
    exponent = np.choose(kind, [exponent, exponent, rng.uniform(-20, 20, n), whole, often])
    return base, np.where((kind == 3) & (rng.random(n) < 0.5), np.rint(wanted / 4), exponent)


def _sides(rng: np.random.Generator, n: int, info: Any) -> tuple[Array, Array]:
    """Draws two numbers, of the same size or one much larger than the other, of any sign."""
    size = np.exp2(rng.uniform(-10, 10, n))
    apart = np.exp2(rng.uniform(-1, 1, n) * rng.choice([1, float(info.nmant)], n))
    return rng.choice([-1, 1], n) * size * apart, rng.choice([-1, 1], n) * size


def binary(name: str, numpy_name: str, exactly: Callable[..., Any], pairs: Any) -> Primitive:
    """Makes a function of two arguments, whose truth is NumPy's of long doubles."""
    of_jax, of_numpy, of_torch = getattr(lax, name), getattr(np, numpy_name), getattr(torch, name)
    return Primitive(
        of_jax, of_numpy, by_numpy=of_numpy, by_torch=of_torch, exactly=exactly, pairs=pairs
    )


def composed(function: Callable[..., Any], **more: Any) -> Primitive:
    """Makes a function of a namespace and two arrays, which all libraries have, and mpmath."""
    return everywhere(function, exactly=lambda a, b: function(mpmath, a, b), **more)


_MULTIPLES = tuple(k * math.pi / 2 for k in (0, 1, -1, 2, 3, 4, 5, 22, 355))
_SPAN = (-1.02, 1.02)

FUNCTIONS: MappingProxyType[str, Primitive] = MappingProxyType(
    {
        "acos": elementary("acos", mpmath.acos, -1, 1, 0.5, numpy_name="arccos"),
        "acosh": elementary("acosh", mpmath.acosh, 1, 2, span=(0.02, 1), numpy_name="arccosh"),
        "asin": elementary("asin", mpmath.asin, -1, 1, 0.5, numpy_name="arcsin"),
        "asinh": elementary("asinh", mpmath.asinh, 0, 1, -1, numpy_name="arcsinh"),
        "atan": elementary("atan", mpmath.atan, 0, 0.001, 1, numpy_name="arctan"),
        "atan2": binary("atan2", "arctan2", mpmath.atan2, _sides),
        "atanh": elementary("atanh", mpmath.atanh, -1, 1, 0.41, -0.41, numpy_name="arctanh"),
        "cbrt": elementary("cbrt", _cube_root, 1, -1),
        "cos": elementary("cos", mpmath.cos, *_MULTIPLES, span=(-1, 1)),
        "cosh": elementary("cosh", mpmath.cosh, 0, span=_SPAN),
        "digamma": special(
            "digamma",
            scipy.special.psi,
            mpmath.digamma,
            *(0, -1, -2, -7, *_DIGAMMA_ROOTS),
            torch_name="digamma",
        ),
        "erf": special("erf", scipy.special.erf, _bounded(mpmath.erf), 0, 1, 3.8, torch_name="erf"),
        "erf_inv": special(
            "erf_inv", scipy.special.erfinv, mpmath.erfinv, 0, 1, -1, torch_name="erfinv"
        ),
        "erfc": special(
            "erfc", scipy.special.erfc, _bounded(mpmath.erfc), 0, 1, 9, 26, torch_name="erfc"
        ),
        "exp": elementary("exp", mpmath.exp, 0, span=(-1.2, 1.001)),
        "exp2": elementary("exp2", lambda a: mpmath.mpf(2) ** a, 0, span=(-1.7, 1.5)),
        "expm1": elementary("expm1", mpmath.expm1, 0, span=(-0.4, 1.001)),
        "lgamma": special(
            "lgamma",
            scipy.special.gammaln,
            lambda a: mpmath.re(mpmath.loggamma(a)),
            *(0, 1, 2, 7, -1, -2, *_ROOTS),
            torch_name="lgamma",
        ),
        "log": elementary("log", mpmath.log, 1),
        "log1p": elementary("log1p", mpmath.log1p, 0, -1, -0.41, 0.41),
        "logistic": elementary(
            "logistic",
            lambda a: 1 / (1 + mpmath.exp(-a)),
            0,
            span=_SPAN,
            truth=_sigmoid,
            by_torch=torch.sigmoid,
        )._replace(by_numpy=lambda a, b: _sigmoid(a)),
        "pow": binary("pow", "power", lambda a, b: a**b, _powers),
        # what XLA makes something else of
        "pow, of an exponential": composed(lambda xp, a, b: xp.exp(a) ** b, span=(-0.2, 0.2)),
        "log, of a power": composed(lambda xp, a, b: xp.log(abs(a) ** b), pairs=_powers),
        "div, by a power": composed(lambda xp, a, b: b / abs(a) ** b, pairs=_powers),
        "div, by a root": composed(lambda xp, a, b: b / xp.sqrt(abs(a))),
        "log, of a root": composed(lambda xp, a, b: xp.log(xp.sqrt(abs(a))), places=(1,)),
        "sqrt, of a square": composed(lambda xp, a, b: xp.sqrt(a * a)),
        "rsqrt": elementary(
            "rsqrt", lambda a: 1 / mpmath.sqrt(a), 1, truth=lambda a: 1 / np.sqrt(a)
        ),
        "sin": elementary("sin", mpmath.sin, *_MULTIPLES, span=(-1, 1)),
        "sinh": elementary("sinh", mpmath.sinh, 0, span=_SPAN),
        "sqrt": elementary("sqrt", mpmath.sqrt, 1),
        "tan": elementary("tan", mpmath.tan, *_MULTIPLES, span=(-1, 1)),
        "tanh": elementary("tanh", mpmath.tanh, 0, 1, 5.8, 20),
    }
)
