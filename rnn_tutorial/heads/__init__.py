"""What comes after a recurrent network: attention, decoding, and losses over whole sequences."""

from rnn_tutorial.heads.crf import (
    NEVER,
    best_path,
    forbid,
    log_partition,
    path_score,
    tag_marginals,
)

__all__ = [
    "NEVER",
    "best_path",
    "forbid",
    "log_partition",
    "path_score",
    "tag_marginals",
]
