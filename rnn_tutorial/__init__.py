"""Recurrent networks in PyTorch, in code that is read first and run second."""

from rnn_tutorial.backward import rnn_layer_backward, rnn_step_backward, unroll_backward
from rnn_tutorial.cell_modules import GRUCell, LSTMCell, RNNCell, RNNCellBase
from rnn_tutorial.cells import gru_cell, gru_update, lstm_cell, lstm_update, rnn_cell
from rnn_tutorial.compare import assert_close, max_abs_diff, ulp_distance
from rnn_tutorial.depth import stack
from rnn_tutorial.directions import bidirectional, run_reversed
from rnn_tutorial.linear_layer import linear, map_over_time
from rnn_tutorial.loops import rnn_layer, run_steps, unroll
from rnn_tutorial.masked import lengths_to_mask, masked_unroll, pack
from rnn_tutorial.memory import joined_memory_step, memory_step
from rnn_tutorial.module_base import RNNBase, reset_uniform
from rnn_tutorial.modules import GRU, LSTM, RNN
from rnn_tutorial.network import cut_pieces, recurrent_layer, recurrent_network, run_pieces
from rnn_tutorial.parameters import layer_parameters, parameter_shapes, state_index
from rnn_tutorial.plain_rnn import rnn
from rnn_tutorial.ranks import rank_loss, require_world
from rnn_tutorial.shapes import require_cell, require_shape
from rnn_tutorial.steps import bind_step, gru_step, lstm_step, rnn_step

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
    "bidirectional",
    "bind_step",
    "cut_pieces",
    "gru_cell",
    "gru_step",
    "gru_update",
    "joined_memory_step",
    "layer_parameters",
    "lengths_to_mask",
    "linear",
    "lstm_cell",
    "lstm_step",
    "lstm_update",
    "map_over_time",
    "masked_unroll",
    "max_abs_diff",
    "memory_step",
    "pack",
    "parameter_shapes",
    "rank_loss",
    "recurrent_layer",
    "recurrent_network",
    "require_cell",
    "require_shape",
    "require_world",
    "reset_uniform",
    "rnn",
    "rnn_cell",
    "rnn_layer",
    "rnn_layer_backward",
    "rnn_step",
    "rnn_step_backward",
    "run_pieces",
    "run_reversed",
    "run_steps",
    "stack",
    "state_index",
    "ulp_distance",
    "unroll",
    "unroll_backward",
]
