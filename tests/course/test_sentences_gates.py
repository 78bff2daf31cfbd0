"""Sentences of the chapters on gates that no claim on their pages checks."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
import torch
from torch import nn

from claimdown.page import Code
from claimdown.reader import read
from rnn_tutorial import assert_close, gru_cell, lstm_cell, run_steps
from tests.course.copying import executed
from tools.figures import forget_bias, lstm_over_time
from tools.site import docs_dir

LSTM, GRU, VARIANTS = (
    docs_dir() / "gates" / f"{name}.md" for name in ("lstm-by-hand", "gru-by-hand", "variants")
)


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def learned(page: dict[str, Any], *networks: Any, **options: Any) -> int:
    """Count how many of a page's ten networks have learned to recall."""
    return int((page["recall_errors"](page["ten"](*networks), **options) < 0.25).sum())


def test_code_sets_the_gates_of_the_figure() -> None:
    block = next(b for b in read(LSTM).of(Code) if b.code.startswith("torch.manual_seed(0)\nby_h"))
    space: dict[str, Any] = {"torch": torch, "partial": partial}
    space |= {"run_steps": run_steps, "lstm_cell": lstm_cell}
    exec(block.code, space)
    drawn = lstm_over_time.network(panel=4)
    assert drawn.keys() == space["by_hand"].keys()
    for name, value in drawn.items():
        assert torch.equal(value, space["by_hand"][name]), name
    assert torch.equal(lstm_over_time.inputs(), space["noisy"][0])


@pytest.mark.parametrize("bias", [0, 1, 3])
def test_gradient_lies_above_that_of_the_direct_path(bias: int) -> None:
    measured = torch.stack([forget_bias.remaining(bias, seed)[19] for seed in range(5)]).median()
    direct = torch.tensor(float(bias)).sigmoid() ** 20
    assert measured > 2 * direct


def test_lstm_as_drawn_does_worse_in_silence_than_an_rnn() -> None:
    page = executed(LSTM, "recall_errors", "ten")
    trials = [learned(page, kind, lag=20, noise=0.0) for kind in (nn.LSTM, nn.RNN)]
    assert trials[0] < 5 < trials[1]


def test_forget_bias_of_one_is_too_small_for_most() -> None:
    page = executed(LSTM, "recall_errors", "ten", "open_forget_gate")
    assert learned(page, nn.LSTM, partial(page["open_forget_gate"], bias=1.0)) < 5


def test_update_bias_of_one_is_too_small_for_most() -> None:
    page = executed(GRU, "recall_errors", "ten", "open_update_gate")
    assert learned(page, partial(page["open_update_gate"], bias=1.0)) < 5


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
@pytest.mark.parametrize(("batch", "size"), [(1, 3), (1, 17), (1, 129), (2, 32), (7, 96), (33, 64)])
def test_gru_has_each_bit_for_one_sample_and_for_multiples_of_32(
    batch: int, size: int, dtype: torch.dtype
) -> None:
    reference = nn.GRUCell(5, size, dtype=dtype).requires_grad_(False)
    x, h = torch.randn(batch, 5, dtype=dtype), torch.randn(batch, size, dtype=dtype)
    assert torch.equal(gru_cell(x, h, **reference.state_dict()), reference(x, h))


@pytest.mark.parametrize(("batch", "size"), [(2, 3), (4, 6), (7, 17), (16, 48)])
def test_gru_in_place_has_each_bit(batch: int, size: int) -> None:
    cell = executed(VARIANTS, "gru_cell_in_place")["gru_cell_in_place"]
    reference = nn.GRUCell(5, size).requires_grad_(False)
    x, h = torch.randn(batch, 5), torch.randn(batch, size)
    assert torch.equal(cell(x, h, reference), reference(x, h))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
def test_state_of_a_gru_can_tell_the_first_step_by_itself(dtype: torch.dtype) -> None:
    gru = nn.GRU(5, 6, batch_first=True, dtype=dtype).requires_grad_(False)
    for name, value in gru.named_parameters():
        value[6:12] = -100 if name == "bias_ih_l0" else 0
    gru.weight_hh_l0[6:12, 0], gru.bias_ih_l0[12] = 200, 100  # z reads a unit that becomes one
    output, _ = gru(torch.randn(4, 20, 5, dtype=dtype))
    assert_close(output, output[:, :1].expand_as(output), eps=16)
    assert output[:, 0, 1:].std() > 0.1


@pytest.mark.filterwarnings("ignore:LSTM with projections is not supported with oneDNN")
@pytest.mark.parametrize(("steps", "size", "shown_size"), [(2, 6, 1), (4, 6, 3), (50, 64, 16)])
def test_projection_is_a_plain_lstm_with_a_head(steps: int, size: int, shown_size: int) -> None:
    projected, plain = nn.LSTM(5, size, proj_size=shown_size), nn.LSTM(5, size)
    values = {name: value.detach() for name, value in projected.named_parameters()}
    head = values.pop("weight_hr_l0")
    plain.load_state_dict(values | {"weight_hh_l0": values["weight_hh_l0"] @ head})
    x = torch.randn(steps, 3, 5)
    (expected, (_, expected_c)), (output, (_, c)) = projected(x), plain(x)
    assert_close((output @ head.T, c), (expected, expected_c), eps=64)
