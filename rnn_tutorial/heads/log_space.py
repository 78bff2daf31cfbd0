"""Sums of probabilities as logarithms: what stands for the logarithm of zero."""

NEVER = -1e30  # finite, because gradients through infinities would be NaN
