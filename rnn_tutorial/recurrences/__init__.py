"""Recurrences that are linear in the state: five ways to compute one, and networks made of them."""

from rnn_tutorial.recurrences.scans import scan_chunks
from rnn_tutorial.recurrences.state_space import (
    DiagonalSSM,
    causal_convolution,
    discretize,
    require_selective,
    require_ssm,
    s4d_poles,
    selective_loop,
    selective_scan,
    ssm_convolution,
    ssm_kernel,
    ssm_loop,
    ssm_scan,
)

__all__ = [
    "DiagonalSSM",
    "causal_convolution",
    "discretize",
    "require_selective",
    "require_ssm",
    "s4d_poles",
    "scan_chunks",
    "selective_loop",
    "selective_scan",
    "ssm_convolution",
    "ssm_kernel",
    "ssm_loop",
    "ssm_scan",
]
