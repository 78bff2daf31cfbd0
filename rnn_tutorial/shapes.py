"""Say which argument has the wrong shape, before PyTorch says that some matrix has."""

from torch import Tensor


def require_shape(name: str, tensor: Tensor, *expected: int | str) -> None:
    """Raise unless `tensor` has the expected shape.

    Shape:
        expected: one entry an axis; an int must match, a letter such as "N" may be any size.

    Raises:
        RuntimeError: names the argument, the expected and the actual shape. It is the type that
            `torch.nn.RNN` raises when the features of its input do not fit.
    """
    fits = len(expected) == tensor.dim() and all(
        isinstance(size, str) or size == actual
        for size, actual in zip(expected, tensor.shape, strict=True)
    )
    if not fits:
        wanted = ", ".join(str(size) for size in expected)
        raise RuntimeError(f"{name}: expected shape ({wanted}), got {tuple(tensor.shape)}")
