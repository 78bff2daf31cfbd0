"""What the page "One matmul instead of two" says about products and roundings, tried here."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

from rnn_tutorial import joined_memory_step, max_abs_diff, memory_step, unroll

DTYPES = [torch.float32, torch.float64]


class Products(TorchDispatchMode):
    """Count the matrix products that PyTorch makes."""

    def __init__(self) -> None:
        super().__init__()
        self.count: Counter[str] = Counter()

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        self.count[func.overloadpacket.__name__] += 1
        return func(*args, **(kwargs or {}))


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("steps", [1, 16, 40])
def test_torch_makes_one_product_for_all_inputs(steps: int, bias: bool) -> None:
    network = nn.RNN(5, 6, batch_first=True, bias=bias).requires_grad_(False)
    with Products() as products:
        network(torch.randn(4, steps, 5))
    made = sum(products.count[name] for name in ("mm", "addmm", "bmm"))
    assert made == steps + 1


def epsilons_apart(seed: int, dtype: torch.dtype, squash: Callable[[Tensor], Tensor]) -> float:
    torch.manual_seed(seed)
    x, w1, w2 = (torch.randn(s, dtype=dtype) for s in ((4, 16, 5), (5, 6), (6, 6)))
    w3, start = torch.cat([w1, w2]), x.new_zeros(4, 6)
    two, _ = unroll(lambda x_t, s: squash(memory_step(x_t, s, w1, w2)), x, start)
    one, _ = unroll(lambda x_t, s: squash(joined_memory_step(x_t, s, w3)), x, start)
    return max_abs_diff(one, two) / (torch.finfo(dtype).eps * two.abs().max().item())


@pytest.mark.parametrize("dtype", DTYPES)
def test_tanh_does_not_make_the_epsilons_fewer(dtype: torch.dtype) -> None:
    linear, squashed = (
        torch.tensor([epsilons_apart(seed, dtype, squash) for seed in range(50)]).median().item()
        for squash in (torch.clone, torch.tanh)
    )
    assert 1 < linear < squashed < 10
