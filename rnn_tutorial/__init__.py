"""Recurrent networks in PyTorch, in code that is read first and run second."""

from rnn_tutorial.backward import rnn_layer_backward, rnn_step_backward, unroll_backward
from rnn_tutorial.bidirectional import both_directions, run_reversed
from rnn_tutorial.cell_modules import GRUCell, LSTMCell, RNNCell, RNNCellBase
from rnn_tutorial.cells import gru_cell, gru_gates, lstm_cell, lstm_gates, rnn_cell
from rnn_tutorial.compare import assert_close, max_abs_diff, ulp_distance
from rnn_tutorial.linear import linear, map_over_time
from rnn_tutorial.masked import lengths_to_mask, masked_unroll, pack
from rnn_tutorial.memory import joined_memory_step, memory_step
from rnn_tutorial.module_base import RNNBase, reset_uniform
from rnn_tutorial.modules import GRU, LSTM, RNN
from rnn_tutorial.network import (
    constant_blocks,
    projected_steps,
    recurrent_layer,
    recurrent_network,
    run_blocks,
)
from rnn_tutorial.parameters import layer_parameters, parameter_shapes, state_index
from rnn_tutorial.rnn import rnn
from rnn_tutorial.shapes import require_cell, require_shape
from rnn_tutorial.stacked import stacked
from rnn_tutorial.steps import bind_step, gru_step, lstm_step, rnn_step
from rnn_tutorial.unroll import rnn_layer, run_steps, unroll

__all__ = [
    "GRU",
    "LSTM",
    "RNN",
    "GRUCell",
    "LSTMCell",
    "RNNBase",
    "RNNCell",
    "RNNCellBase",
    "assert_close",
    "bind_step",
    "both_directions",
    "constant_blocks",
    "gru_cell",
    "gru_gates",
    "gru_step",
    "joined_memory_step",
    "layer_parameters",
    "lengths_to_mask",
    "linear",
    "lstm_cell",
    "lstm_gates",
    "lstm_step",
    "map_over_time",
    "masked_unroll",
    "max_abs_diff",
    "memory_step",
    "pack",
    "parameter_shapes",
    "projected_steps",
    "recurrent_layer",
    "recurrent_network",
    "require_cell",
    "require_shape",
    "reset_uniform",
    "rnn",
    "rnn_cell",
    "rnn_layer",
    "rnn_layer_backward",
    "rnn_step",
    "rnn_step_backward",
    "run_blocks",
    "run_reversed",
    "run_steps",
    "stacked",
    "state_index",
    "ulp_distance",
    "unroll",
    "unroll_backward",
]
