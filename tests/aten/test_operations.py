"""Every operation of ATen in JAX has the value, the dtype and the gradient that torch's has."""

import itertools
import operator

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch

from compare import roundoff
from compare.aten.dtypes import DTYPES, jax_dtype
from compare.aten.operations import OPERATIONS
from compare.aten.operations.absent import ABSENT
from compare.aten.operations.decomposition import WHOLE, decompositions
from tests.aten.cases import CASES, WITHOUT

_DTYPES = (  # and whether x64 is on
    (torch.float32, False),
    (torch.bfloat16, False),
    (torch.int64, True),
)
_NEAR = {"hardsigmoid.default": 1e-7}  # torch divides by the 6 of float32, in float64 too
_OVERLOADS = sorted({case.overload for case in CASES})


def _cases(overload):
    return [case for case in CASES if case.overload == overload]


def _torch_function(overload):
    if overload == "getitem":
        return operator.getitem
    name, version = overload.split(".")
    return getattr(getattr(torch.ops.aten, name), version)


def _torch_dtype(name):
    return getattr(torch, name)


def _in_torch(case, dtype, *, differentiated=True):
    """Returns torch's arguments, and those of them that gradients are taken of."""
    leaves = []

    def made(one, is_constant):
        if isinstance(one, np.ndarray | np.generic):
            if one.dtype == np.float64:
                scaled = (
                    np.rint(3 * np.nan_to_num(one, posinf=9, neginf=-9))
                    if not dtype.is_floating_point
                    else one
                )
                tensor = torch.tensor(scaled).to(dtype)
                if differentiated and not is_constant and dtype.is_floating_point:
                    leaves.append(tensor.requires_grad_())
                return tensor
            return torch.tensor(one)
        return [made(each, is_constant) for each in one] if isinstance(one, list) else one

    args = [made(one, i in case.constant) for i, one in enumerate(case.args)]
    kwargs = {k: _torch_dtype(v) if k == "dtype" else v for k, v in case.kwargs.items()}
    return args, kwargs, leaves


def _in_jax(case, args):
    """Returns a function of the arrays among the arguments, and these."""
    leaves, structure = jax.tree.flatten(
        jax.tree.map(lambda one: _array(one) if torch.is_tensor(one) else one, args),
        is_leaf=lambda one: one is None,
    )
    places = [i for i, one in enumerate(leaves) if isinstance(one, np.ndarray)]

    def f(*arrays):
        kwargs = {
            k: jax_dtype(_torch_dtype(v)) if k == "dtype" else v for k, v in case.kwargs.items()
        }
        filled = list(leaves)
        for place, array in zip(places, arrays, strict=True):
            filled[place] = array
        return OPERATIONS[case.overload](*structure.unflatten(filled), **kwargs)

    return f, [leaves[place] for place in places]


def _array(tensor):
    wide = tensor.detach().double() if tensor.dtype == torch.bfloat16 else tensor.detach()
    return wide.numpy().astype(DTYPES[tensor.dtype])


def _results(out):
    return [one for one in (out if isinstance(out, list | tuple) else (out,)) if one is not None]


def _meant(case, out):
    """Returns torch's results, without what it keeps for a backward."""
    return _results(out)[:1] if "embedding_bag" in case.overload else _results(out)


def _with_gradients(case, dtype, seed=1):
    """Returns torch's arguments and its results followed by gradients, and a function for JAX's."""
    args, kwargs, leaves = _in_torch(case, dtype)
    outs = _meant(case, _torch_function(case.overload)(*args, **kwargs))
    outs = [one if torch.is_tensor(one) else torch.tensor(one) for one in outs]
    rng = np.random.default_rng(seed)
    smooth = [i for i, out in enumerate(outs) if out.requires_grad]
    cotangents = {i: torch.tensor(rng.normal(size=outs[i].shape)).to(outs[i].dtype) for i in smooth}
    gradients = [torch.zeros_like(leaf) for leaf in leaves]
    if smooth:
        found = torch.autograd.grad(
            [outs[i] for i in smooth],
            leaves,
            list(cotangents.values()),
            allow_unused=True,
        )
        gradients = [
            zero if one is None else one for zero, one in zip(gradients, found, strict=True)
        ]
    f, arrays = _in_jax(case, args)
    tensors = [one for one in jax.tree.leaves(args) if torch.is_tensor(one)]
    places = [i for i, one in enumerate(tensors) if one.requires_grad]

    def values_and_gradients(*arrays):
        def of(*some):
            filled = list(arrays)
            for place, one in zip(places, some, strict=True):
                filled[place] = one
            return _results(f(*filled))

        values, pull = jax.vjp(of, *(arrays[i] for i in places))
        given = [
            jnp.asarray(_array(cotangents[i])).astype(value.dtype)
            if i in cotangents
            else _zero_cotangent(value)
            for i, value in enumerate(values)
        ]
        return [*values, *pull(given)]

    return [_array(one) for one in (*outs, *gradients)], values_and_gradients, arrays


def _zero_cotangent(value):
    is_float = jnp.issubdtype(jnp.result_type(value), jnp.floating)
    return jnp.zeros_like(value) if is_float else np.zeros(np.shape(value), jax.dtypes.float0)


@pytest.mark.parametrize("overload", _OVERLOADS)
def test_values_and_gradients(overload):
    for case in _cases(overload):
        wanted, f, arrays = _with_gradients(case, torch.float64)
        got, _ = roundoff(f, np.float64)(*arrays)  # in NumPy: nothing is compiled
        for mine, theirs in zip(got, wanted, strict=True):
            assert np.shape(mine) == theirs.shape, case
            largest = np.max(np.abs(theirs), initial=0, where=np.isfinite(theirs))
            near = _NEAR.get(overload, 1e-10) * largest
            np.testing.assert_allclose(mine, theirs, 0, near, err_msg=str(case))


@pytest.mark.parametrize("overload", _OVERLOADS)
def test_rounding(overload):
    for case in _cases(overload)[::3]:  # the forms are those of all, which float64 has compared
        wanted, f, arrays = _with_gradients(case, torch.float32)
        values, bounds = roundoff(f, np.float32)(*arrays)
        for theirs, value, bound in zip(wanted, values, bounds, strict=True):
            finite = np.isfinite(value)
            theirs, value, bound = (one[finite].astype(float) for one in (theirs, value, bound))
            largest = np.max(np.abs(value), initial=0)
            assert np.all(np.abs(theirs - value) <= bound + 2**-22 * largest), case
            if all(map(_is_ordinary, arrays)):
                assert np.all(bound <= 1e-3 * max(largest, 1)), case


def _is_ordinary(array):
    """Whether there are no ties and no infinities, where a bound cannot be small."""
    is_float = jnp.issubdtype(array.dtype, jnp.floating)
    return not is_float or (np.isfinite(array).all() and len(np.unique(array)) == array.size)


@pytest.mark.parametrize("overload", _OVERLOADS)
def test_dtypes(overload):
    for case, (dtype, x64) in itertools.product(_cases(overload), _DTYPES):
        args, kwargs, _ = _in_torch(case, dtype, differentiated=False)
        try:
            wanted = _meant(case, _torch_function(overload)(*args, **kwargs))
        except (RuntimeError, NotImplementedError, IndexError):
            continue  # torch has none for these
        with jax.enable_x64(x64):
            f, arrays = _in_jax(case, args)
            arrays = [array.astype(jax.dtypes.canonicalize_dtype(array.dtype)) for array in arrays]
            got = _results(jax.eval_shape(f, *arrays))
            for mine, theirs in zip(got, wanted, strict=True):
                if torch.is_tensor(theirs):
                    expected = (theirs.shape, jax_dtype(theirs.dtype))
                    assert (mine.shape, mine.dtype) == expected, (dtype, case)


@pytest.mark.parametrize(
    ("overload", "before", "after"),
    [
        ("native_layer_norm.default", ([4],), (1e-5,)),
        ("native_group_norm.default", (), (6, 4, 1, 2, 1e-5)),
        ("_native_batch_norm_legit.no_stats", (), (True, 0.1, 1e-5)),
    ],
    ids=["layer", "group", "batch"],
)
def test_weights_of_another_dtype(overload, before, after):
    """As in a model in bfloat16 whose normalisations stay in float32."""
    x, weight = torch.linspace(-1, 2, 24).reshape(6, 4).bfloat16(), torch.tensor([1, 0.5, 2, -1])
    wanted = _torch_function(overload)(x, *before, weight, weight, *after)
    w = jnp.asarray(weight.numpy())
    got = OPERATIONS[overload](jnp.asarray(_array(x)), *before, w, w, *after)
    for mine, theirs in zip(got, wanted, strict=True):
        assert mine.dtype == jax_dtype(theirs.dtype)
        np.testing.assert_allclose(mine.astype(float), theirs.double(), atol=2**-7)


def test_every_core_operation_is_known_or_absent_for_a_reason():
    core = set(filter(_is_core, map(_overload, torch._C._jit_get_all_schemas())))
    assert len(core) > 150
    assert core <= set(OPERATIONS) | set(ABSENT)
    assert set(OPERATIONS).isdisjoint(ABSENT)


def _overload(schema):
    """`dir(torch.ops.aten)` would list those alone that somebody has asked for."""
    return f"{schema.name}.{schema.overload_name or 'default'}".removeprefix("aten::")


def _is_core(overload):
    if "::" in overload:  # no operation of ATen
        return False
    name, version = overload.split(".")
    operation = getattr(getattr(torch.ops.aten, name, None), version, None)
    return operation is not None and torch.Tag.core in operation.tags


def test_decompositions_leave_some_whole():
    kept, all_of_them = decompositions(), torch.export.default_decompositions()
    for name in WHOLE:
        assert _torch_function(name) in all_of_them, name
        assert _torch_function(name) not in kept, name
    assert len(kept) == len(all_of_them) - len(WHOLE)
    assert set(WHOLE) <= set(OPERATIONS)


def test_decompositions_have_what_libraries_register_and_take_back():
    before = set(decompositions())
    for _ in range(2):  # the same name again, which is another operation to torch
        with torch.library._scoped_library("jaxmlp_test", "DEF") as library:
            library.define("twice(Tensor x) -> Tensor")
            library.impl("twice", lambda x: 2 * x, "CompositeImplicitAutograd")
            assert set(decompositions()) - before == {torch.ops.jaxmlp_test.twice.default}
    assert set(decompositions()) == before


def test_a_table_of_decompositions_may_be_changed():
    decompositions().clear()
    assert len(decompositions()) > 100


def test_every_operation_has_a_case():
    assert set(_OVERLOADS) | WITHOUT == set(OPERATIONS)
