"""Operations that have no JAX here, and why."""

from collections.abc import Mapping
from types import MappingProxyType

_REASONS = {
    "it draws random numbers": (
        "bernoulli.p exponential.default multinomial.default normal_functional.default "
        "rand.default rand_like.default randint.low randn.default randn_like.default "
        "randperm.default rrelu_with_noise_functional.default"
    ),
    "the shape of its result depends on values": (
        "_local_scalar_dense.default _unique2.default bincount.default masked_select.default "
        "nonzero.default"
    ),
    "its numbers are complex": (
        "_fft_c2c.default _fft_c2r.default _fft_r2c.default complex.default polar.default "
        "view_as_complex.default view_as_real.default"
    ),
    "it depends on how torch lays out memory": (
        "as_strided.default sym_is_contiguous.default sym_storage_offset.default sym_stride.int"
    ),
    "it writes to its arguments, which torch.export rewrites": (
        "_native_batch_norm_legit.default atan2.out resize_.default"
    ),
    "torch.export writes it with others": "adaptive_avg_pool1d.default col2im.default",
    "it is the backward of another, which JAX makes of the forward": (
        "_adaptive_avg_pool2d_backward.default avg_pool2d_backward.default "
        "convolution_backward.default embedding_dense_backward.default "
        "max_pool2d_with_indices_backward.default native_group_norm_backward.default "
        "native_layer_norm_backward.default"
    ),
    "its rounding has no bound here": (
        "_linalg_det.default _linalg_eigh.default _linalg_slogdet.default "
        "_linalg_solve_ex.default _linalg_svd.default digamma.default i0.default igamma.default "
        "linalg_inv_ex.default linalg_matrix_exp.default linalg_qr.default polygamma.default "
        "special_bessel_j0.default special_erfcx.default special_i0e.default "
        "special_i1.default special_i1e.default special_ndtri.default special_zeta.default"
    ),
}

ABSENT: Mapping[str, str] = MappingProxyType(
    {overload: reason for reason, names in _REASONS.items() for overload in names.split()}
)
