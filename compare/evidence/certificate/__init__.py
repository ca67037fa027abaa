"""The chain rule of a network, checked layer by layer on one implementation's gradient."""
