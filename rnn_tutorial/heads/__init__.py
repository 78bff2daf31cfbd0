"""What comes after a recurrent network: losses and decoders for sequences of symbols."""

from rnn_tutorial.heads.sampling import (
    apply_temperature,
    generate,
    keep_nucleus,
    keep_top_k,
    sample,
)

__all__ = [
    "apply_temperature",
    "generate",
    "keep_nucleus",
    "keep_top_k",
    "sample",
]
