"""What comes behind a recurrent network: attention, decoding, losses over whole sequences."""

from rnn_tutorial.heads.attention import additive_scores, attend, attention_weights, dot_scores
from rnn_tutorial.heads.beam import Beams, beam_search
from rnn_tutorial.heads.ctc import (
    ctc_beam_search,
    ctc_collapse,
    ctc_greedy,
    ctc_loss,
    ctc_states,
    ctc_step,
)

__all__ = [
    "Beams",
    "additive_scores",
    "attend",
    "attention_weights",
    "beam_search",
    "ctc_beam_search",
    "ctc_collapse",
    "ctc_greedy",
    "ctc_loss",
    "ctc_states",
    "ctc_step",
    "dot_scores",
]
