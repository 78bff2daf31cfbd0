"""What comes after a recurrent network: attention, decoding, and losses over whole sequences."""

from rnn_tutorial.heads.attention import additive_scores, attend, attention_weights, dot_scores
from rnn_tutorial.heads.beam import Beams, beam_search

__all__ = [
    "Beams",
    "additive_scores",
    "attend",
    "attention_weights",
    "beam_search",
    "dot_scores",
]
