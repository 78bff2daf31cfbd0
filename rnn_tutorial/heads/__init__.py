"""What comes after a recurrent network: losses and decoders for sequences of labels."""

from rnn_tutorial.heads.ctc import (
    ctc_beam_search,
    ctc_collapse,
    ctc_greedy,
    ctc_loss,
    ctc_states,
    ctc_step,
)

__all__ = [
    "ctc_beam_search",
    "ctc_collapse",
    "ctc_greedy",
    "ctc_loss",
    "ctc_states",
    "ctc_step",
]
