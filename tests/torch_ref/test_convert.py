import ml_dtypes
import numpy as np
import pytest
import torch

from compare.formats.dtypes import dtype_of
from tests.support.networks import make_network
from torch_ref import MLP, convert

SQUARE = (3, 3, 3)


def square_params():
    rng = np.random.default_rng(0)
    return tuple(
        convert.Layer(rng.random((3, 3)).astype(np.float32), rng.random(3).astype(np.float32))
        for _ in range(2)
    )


@pytest.mark.parametrize("dtype", [np.float32, np.float64, ml_dtypes.bfloat16, np.float16])
def test_round_trip_keeps_every_bit(dtype):
    params, _ = make_network("depth_12", dtype)
    back = convert.from_state_dict(convert.to_state_dict(params))
    for layer, again in zip(params, back, strict=True):
        assert layer.w.tobytes() == again.w.tobytes()
        assert layer.b.tobytes() == again.b.tobytes()
        assert layer.w.dtype == again.w.dtype


def test_a_forgotten_transpose_on_a_square_layer_is_caught(monkeypatch):
    params = square_params()
    wrong = {
        name: value.T.contiguous() if value.ndim == 2 else value
        for name, value in convert.to_state_dict(params).items()
    }
    monkeypatch.setattr(convert, "to_state_dict", lambda params: wrong)
    with pytest.raises(RuntimeError, match="w1: torch does not hold the bits"):
        convert.load_params(MLP(SQUARE), params)


def test_a_single_flipped_bit_is_caught():
    params, model = square_params(), MLP(SQUARE)
    convert.load_params(model, params)
    with torch.no_grad():
        model.layers[1].bias[2] = float(np.nextafter(params[1].b[2], np.float32(2)))
    with pytest.raises(RuntimeError, match="b2: torch does not hold the bits"):
        convert.check_same_bits(model, params)


def test_a_negative_zero_is_not_a_zero():
    params, model = square_params(), MLP(SQUARE)
    params[0].b[0] = 0.0
    convert.load_params(model, params)
    with torch.no_grad():
        model.layers[0].bias[0] = -0.0
    with pytest.raises(RuntimeError, match="b1"):
        convert.check_same_bits(model, params)


def test_weights_cross_by_copy():
    params, model = square_params(), MLP(SQUARE)
    before = params[0].w.copy(), params[0].b.copy()
    convert.load_params(model, params)
    with torch.no_grad():
        for p in model.parameters():
            p.zero_()
    np.testing.assert_array_equal(params[0].w, before[0])
    np.testing.assert_array_equal(params[0].b, before[1])


def test_another_shape_is_refused():
    with pytest.raises(RuntimeError, match="size mismatch"):
        convert.load_params(MLP((3, 4, 3)), square_params())


@pytest.mark.parametrize("name", ["bfloat16", "float16", "float32", "float64"])
def test_arrays_and_tensors_have_the_same_bits(name):
    dtype = dtype_of(name)
    array = np.arange(2**16, dtype=np.uint16).view(dtype)  # every number of 16 bits, every NaN
    array = array.reshape(-1, 4).T
    tensor = convert.to_tensor(array)
    assert tensor.dtype == getattr(torch, name)
    assert tensor.shape == array.shape
    back = convert.to_array(tensor.requires_grad_().T).T
    assert back.dtype == dtype
    assert back.tobytes() == array.tobytes()
    one = convert.to_array(tensor.double()[3, 3])
    assert one.shape == ()
    np.testing.assert_array_equal(one, array[3, 3].astype(np.float64))


@pytest.mark.parametrize("name", ["bfloat16", "float32"])
def test_a_tensor_is_a_copy_unless_it_is_to_share(name):
    array = np.ones((2, 3), dtype_of(name))
    copied, shared = convert.to_tensor(array), convert.share_tensor(array)
    array[0, 1] = 3
    assert copied[0, 1] == 1
    assert shared[0, 1] == 3
    shared[1, 1] = 5
    assert array[1, 1] == 5
