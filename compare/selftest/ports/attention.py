"""Causal attention by hand, as all frameworks of JAX have it: [..., time, heads, features]."""

import jax
import jax.numpy as jnp

from compare.selftest.modules.example import Array


class Attending:
    """Each step of attention, for a module with queries, keys and values of its own."""

    def scores(self, q: Array, k: Array) -> Array:
        """How much each time asks for each other one: [..., heads, time, time]."""
        return jnp.einsum("...qhd,...khd->...hqk", q, k) / jnp.sqrt(q.shape[-1]).astype(q.dtype)

    def seen(self, time: int) -> Array:
        """Shuts out what comes later."""
        return jnp.tril(jnp.ones((time, time), bool))

    def weighed(self, scores: Array) -> Array:
        """Shares that sum to 1."""
        return jax.nn.softmax(scores, axis=-1)

    def split(self, x: Array, heads: int) -> Array:
        """[..., heads features] to [..., heads, features]."""
        return x.reshape(*x.shape[:-1], heads, -1)

    def attended(self, packed: Array, heads: int) -> Array:
        """From queries, keys and values beside one another to what is seen of the values."""
        q, k, v = (self.split(one, heads) for one in jnp.split(packed, 3, axis=-1))
        scores = jnp.where(self.seen(q.shape[-3]), self.scores(q, k), -jnp.inf)
        seen = jnp.einsum("...hqk,...khd->...qhd", self.weighed(scores), v)
        return seen.reshape(*seen.shape[:-2], -1)
