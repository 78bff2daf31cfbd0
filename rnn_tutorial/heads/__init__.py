"""What comes after a recurrent network: attention, decoding, losses over whole sequences."""

from rnn_tutorial.heads.attention import additive_scores, attend, attention_weights, dot_scores
from rnn_tutorial.heads.beam import Beams, beam_search
from rnn_tutorial.heads.crf import best_path, forbid, log_partition, path_score, tag_marginals
from rnn_tutorial.heads.ctc import (
    ctc_beam_search,
    ctc_collapse,
    ctc_greedy,
    ctc_loss,
    ctc_states,
    ctc_step,
)
from rnn_tutorial.heads.sampling import (
    apply_temperature,
    generate,
    keep_nucleus,
    keep_top_k,
    sample,
)

__all__ = [
    "Beams",
    "additive_scores",
    "apply_temperature",
    "attend",
    "attention_weights",
    "beam_search",
    "best_path",
    "ctc_beam_search",
    "ctc_collapse",
    "ctc_greedy",
    "ctc_loss",
    "ctc_states",
    "ctc_step",
    "dot_scores",
    "forbid",
    "generate",
    "keep_nucleus",
    "keep_top_k",
    "log_partition",
    "path_score",
    "sample",
    "tag_marginals",
]
