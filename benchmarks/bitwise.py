"""Count how often two forms of one computation agree bit for bit: python benchmarks/bitwise.py

Prints, for each pair of Part I, each size and both number types, on how many of the seeds the two
results are equal, and the largest difference, in machine epsilons of the largest number. The counts
belong to the CPU, the library and the thread count that made them: try `MKL_CBWR=COMPATIBLE`
in the environment (Intel MKL's portable code path), or another OMP_NUM_THREADS.
The largest size takes most of the time; --quick is the smallest size
with one seed.
"""

import sys
from collections.abc import Callable, Iterator
from functools import partial

import torch
from torch import Tensor, nn

from rnn_tutorial import (
    bidirectional,
    joined_memory_step,
    layer_parameters,
    linear,
    map_over_time,
    max_abs_diff,
    memory_step,
    rnn,
    rnn_layer,
    stack,
    unroll,
)

SEEDS = 20
SIZES = [(4, 16, 5, 6), (3, 17, 7, 11), (16, 64, 32, 32), (33, 65, 31, 65), (64, 512, 128, 256)]

Size = tuple[int, int, int, int]
Layer = Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]
Pair = tuple[str, Tensor, Tensor]


def linear_pairs(x: Tensor, hidden: int) -> Iterator[Pair]:
    """Yield a linear layer on the whole tensor, step by step, and sample by sample."""
    layer = nn.Linear(x.shape[2], hidden, bias=False, dtype=x.dtype)
    biased = nn.Linear(x.shape[2], hidden, dtype=x.dtype)
    whole = linear(x, layer.weight)
    yield "linear, nn.Linear without bias", whole, layer(x)
    yield "linear, nn.Linear with bias", linear(x, biased.weight, biased.bias), biased(x)
    yield "linear: steps, whole", map_over_time(partial(linear, weight=layer.weight), x), whole
    yield "linear: samples, whole", torch.stack([linear(x_n, layer.weight) for x_n in x]), whole


def memory_pairs(x: Tensor, hidden: int) -> Iterator[Pair]:
    """Yield the memory with two products and with one; its states stay about as large as x."""
    w_input = torch.randn(x.shape[2], hidden, dtype=x.dtype) / x.shape[2] ** 0.5
    w_state = torch.randn(hidden, hidden, dtype=x.dtype) / (2 * hidden**0.5)
    w_joined = torch.cat([w_input, w_state])
    start = x.new_zeros(x.shape[0], hidden)
    two, _ = unroll(partial(memory_step, w_input=w_input, w_state=w_state), x, start)
    one, _ = unroll(partial(joined_memory_step, w_joined=w_joined), x, start)
    yield "memory: two products, one", two, one


def ours(network: nn.RNN, layer: int, reverse: bool = False) -> Layer:
    """Return our layer with one layer's parameters of a network."""
    return partial(rnn_layer, **layer_parameters(network.state_dict(), layer, reverse))


def theirs(network: nn.RNN, layer: int, reverse: bool = False) -> Layer:
    """Return an nn.RNN of one layer with one layer's parameters of a network."""
    parameters = layer_parameters(network.state_dict(), layer, reverse)
    hidden, features = parameters["weight_ih"].shape
    dtype = parameters["weight_ih"].dtype
    single = nn.RNN(features, hidden, batch_first=True, dtype=dtype)
    single.load_state_dict({f"{kind}_l0": value for kind, value in parameters.items()})

    def layer_of_torch(input: Tensor, hx: Tensor) -> tuple[Tensor, Tensor]:
        output, h_n = single(input, hx.unsqueeze(0))
        return output, h_n[0]

    return layer_of_torch


def network_pairs(x: Tensor, hidden: int) -> Iterator[Pair]:
    """Yield each recurrent network of Part I, ours and torch's."""
    new = partial(nn.RNN, x.shape[2], hidden, batch_first=True, dtype=x.dtype)
    start = x.new_zeros(2, x.shape[0], hidden)

    single = new()
    expected, h_n = single(x)
    output, state = ours(single, 0)(x, start[0])
    yield "rnn_layer, nn.RNN: output", output, expected
    yield "rnn_layer, nn.RNN: h_n", state, h_n[0]

    double = new(num_layers=2)
    expected, _ = double(x)
    for name, make in (("rnn_layer", ours), ("nn.RNN", theirs)):
        output, _ = stack([make(double, 0), make(double, 1)], x, start)
        yield f"stacked {name}, nn.RNN", output, expected

    both = new(bidirectional=True)
    expected, _ = both(x)
    for name, make in (("rnn_layer", ours), ("nn.RNN", theirs)):
        output, _ = bidirectional(make(both, 0), make(both, 0, True), x, start)
        yield f"bidirectional of {name}, nn.RNN", output, expected

    deep = new(num_layers=4, bidirectional=True)
    output, _ = rnn(x, deep.state_dict(), num_layers=4, num_directions=2)
    yield "rnn, nn.RNN of 4 layers, 2 directions", output, deep(x)[0]


def pairs(size: Size, dtype: torch.dtype, seed: int) -> Iterator[Pair]:
    """Yield every pair of Part I with one seed: its name and the two results."""
    batch, steps, features, hidden = size
    torch.manual_seed(seed)
    x = torch.randn(batch, steps, features, dtype=dtype)
    for family in (linear_pairs, memory_pairs, network_pairs):
        yield from family(x, hidden)


def main(sizes: list[Size], seeds: int) -> None:
    """Print one table per size and number type, as soon as it is measured."""
    print(f"torch {torch.__version__}, {torch.get_num_threads()} threads,")
    print(f"{torch.backends.cpu.get_cpu_capability()}, {seeds} seeds")
    for size in sizes:
        for dtype in (torch.float32, torch.float64):
            equal: dict[str, int] = {}
            largest: dict[str, float] = {}
            for seed in range(seeds):
                for name, actual, expected in pairs(size, dtype, seed):
                    unit = torch.finfo(dtype).eps * expected.abs().max().item()
                    in_eps = max_abs_diff(actual, expected) / unit
                    equal[name] = equal.get(name, 0) + torch.equal(actual, expected)
                    largest[name] = max(largest.get(name, 0.0), in_eps)
            print(f"\nN, T, E, H = {size}, {dtype}\n{'pair':<40} equal  largest/eps")
            for name in equal:
                print(f"{name:<40} {equal[name]:>5} {largest[name]:>12.1f}", flush=True)


if __name__ == "__main__":
    with torch.no_grad():
        main(*((SIZES[:1], 1) if "--quick" in sys.argv else (SIZES, SEEDS)))
