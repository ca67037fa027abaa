"""What optimizers do in one step, as functions of JAX that `roundoff` can bound."""
