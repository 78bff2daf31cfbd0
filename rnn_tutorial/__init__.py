"""Recurrent networks in PyTorch, in code that is read first and run second."""

from rnn_tutorial.backward import rnn_layer_backward, rnn_step_backward, unroll_backward
from rnn_tutorial.bidirectional import both_directions, run_reversed
from rnn_tutorial.cells import rnn_cell
from rnn_tutorial.compare import max_abs_diff, ulp_distance
from rnn_tutorial.linear import linear, map_over_time
from rnn_tutorial.masked import lengths_to_mask, masked_unroll, pack
from rnn_tutorial.memory import joined_memory_step, memory_step
from rnn_tutorial.parameters import layer_parameters, parameter_shapes, state_index
from rnn_tutorial.rnn import rnn
from rnn_tutorial.shapes import require_shape
from rnn_tutorial.stacked import stacked
from rnn_tutorial.unroll import rnn_layer, unroll

__all__ = [
    "both_directions",
    "joined_memory_step",
    "layer_parameters",
    "lengths_to_mask",
    "linear",
    "map_over_time",
    "masked_unroll",
    "max_abs_diff",
    "memory_step",
    "pack",
    "parameter_shapes",
    "require_shape",
    "rnn",
    "rnn_cell",
    "rnn_layer",
    "rnn_layer_backward",
    "rnn_step_backward",
    "run_reversed",
    "stacked",
    "state_index",
    "ulp_distance",
    "unroll",
    "unroll_backward",
]
