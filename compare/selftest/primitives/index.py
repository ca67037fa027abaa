"""Numbers that move."""

import jax.numpy as jnp
import numpy as np
from jax import lax

from compare.selftest.primitives.base import Primitive, moved

# name -> what is tried of the primitive; of an 'a, b' the primitive is 'a'
INDEX: dict[str, Primitive] = {
    "copy": Primitive(lambda a, b: jnp.copy(a), lambda a, b: a),
    "stop_gradient": Primitive(lambda a, b: lax.stop_gradient(a), lambda a, b: a),
    "broadcast_in_dim": moved(
        lambda a: jnp.broadcast_to(a, (2, *a.shape)), lambda a: np.stack([a, a])
    ),
    "transpose": moved(lambda a: a.transpose(2, 0, 3, 1), lambda a: np.moveaxis(a, (0, 1), (1, 3))),
    "reshape": moved(
        lambda a: lax.reshape(a, (a.size,), dimensions=(3, 1, 0, 2)),
        lambda a: np.moveaxis(a, (3, 1, 0, 2), (0, 1, 2, 3)).ravel(),
    ),
    "squeeze": moved(lambda a: jnp.squeeze(a[:, :1, :, :], 1), lambda a: a[:, 0]),
    "slice": moved(lambda a: a[1:-1, :, ::2], lambda a: a[1:-1, :, ::2]),
    "rev": moved(lambda a: lax.rev(a, (1, 3)), lambda a: a[:, ::-1, :, ::-1]),
    "concatenate": moved(
        lambda a: jnp.concatenate([a, a[:, :1]], 1), lambda a: np.concatenate([a, a[:, :1]], 1)
    ),
}
