"""Name the argument with the wrong shape, where PyTorch names `mat1` and `mat2`."""

from torch import Tensor


def require_shape(name: str, tensor: Tensor, *expected: int | str) -> None:
    """Raise unless `tensor` has the expected shape.

    Shape:
        expected: one entry per axis; an int must match, a letter such as "N" may be any size.

    Raises:
        RuntimeError: names the argument, the expected and the actual shape. It is the type that
            `torch.nn.RNN` raises when the features of its input do not fit.

    >>> import torch
    >>> require_shape("hx", torch.zeros(4, 6), "N", 7)
    Traceback (most recent call last):
    RuntimeError: hx: expected shape (N, 7), got (4, 6)

    Explained in: docs/en/foundations/linear-layer-over-time.md
    """
    fits = len(expected) == tensor.dim() and all(
        isinstance(size, str) or size == actual
        for size, actual in zip(expected, tensor.shape, strict=True)
    )
    if not fits:
        wanted = ", ".join(str(size) for size in expected)
        raise RuntimeError(f"{name}: expected shape ({wanted}), got {tuple(tensor.shape)}")


def require_cell(
    gates: int,
    input: Tensor,
    hx: Tensor,
    weight_ih: Tensor,
    weight_hh: Tensor,
    bias_ih: Tensor | None,
    bias_hh: Tensor | None,
    proj_size: int = 0,
) -> None:
    """Raise unless the arguments of a cell fit together, so that nothing is broadcast.

    Shape:
        input (N, E) and hx (N, H), or (E,) and (H,); with G gates
        weight_ih (G*H, E), weight_hh (G*H, H), biases (G*H,); with a proj_size P,
        hx (N, P) and weight_hh (G*H, P)

    Raises:
        RuntimeError: names the argument, the expected and the actual shape.

    >>> import torch
    >>> weights = torch.zeros(6, 5), torch.zeros(6, 6)
    >>> require_cell(1, torch.zeros(4, 5), torch.zeros(1, 6), *weights, None, None)
    Traceback (most recent call last):
    RuntimeError: hx: expected shape (4, 6), got (1, 6)

    Explained in: docs/en/foundations/rnn-by-hand.md
    """
    require_shape("weight_ih", weight_ih, "H" if gates == 1 else f"{gates}*H", "E")
    hidden_size = weight_ih.shape[0] // gates
    rows, state_size = gates * hidden_size, proj_size or hidden_size
    require_shape("weight_ih", weight_ih, rows, "E")
    require_shape("weight_hh", weight_hh, rows, state_size)
    require_shape("input", input, *["N"] * (input.dim() != 1), weight_ih.shape[1])
    require_shape("hx", hx, *input.shape[:-1], state_size)
    for name, bias in (("bias_ih", bias_ih), ("bias_hh", bias_hh)):
        if bias is not None:
            require_shape(name, bias, rows)
