"""State space models: fixed complex decays (S4D), and decays that read the input (Mamba's core)."""

import math

import torch
from torch import Tensor, nn

from rnn_tutorial.recurrences.scans import scan_chunks
from rnn_tutorial.shapes import require_shape


def s4d_poles(pairs: int, start: str = "lin") -> Tensor:
    """Return where a diagonal state space model starts: decay rates and frequencies.

    Each complex number stands for itself and its conjugate, so the state has 2 * pairs numbers.

    Shape:
        returns (K,) complex, one for each of the pairs

    Raises:
        ValueError: if `pairs` is below 1, or `start` is neither "lin" nor "inv".

    Source:
        Gu et al. (2022), "On the parameterization and initialization of diagonal state space
        models", S4D-Lin and S4D-Inv.

    >>> s4d_poles(3).imag / math.pi
    tensor([0., 1., 2.])

    Explained in: docs/en/recurrences/state-space.md
    """
    if pairs < 1:
        raise ValueError(f"pairs: expected at least 1, got {pairs}")
    n, size = torch.arange(pairs), 2 * pairs
    frequencies = {"lin": math.pi * n, "inv": size / math.pi * (size / (2 * n + 1) - 1)}
    if start not in frequencies:
        raise ValueError(f"start: expected 'lin' or 'inv', got {start!r}")
    imag = frequencies[start].to(torch.get_default_dtype())
    return torch.complex(torch.full_like(imag, -0.5), imag)


def discretize(a: Tensor, step: Tensor, rule: str = "zoh") -> tuple[Tensor, Tensor]:
    """Turn s' = a s + x into s_t = decay s_{t-1} + scale x_t, for steps of a given length.

    Shape:
        a (E, K) or (K,) complex, step the same or one that broadcasts -> decay, scale, broadcast

    Raises:
        ValueError: if a real part of `a` is not below 0, a step is not above 0, or `rule` is
            neither "zoh" (zero-order hold) nor "bilinear".

    Source:
        Gu et al. (2022), "On the parameterization and initialization of diagonal state space
        models", which compares both rules.

    >>> decay, scale = discretize(torch.tensor([-0.5 + 0j]), torch.tensor(2.0), "bilinear")
    >>> decay.real, scale.real
    (tensor([0.3333]), tensor([1.3333]))

    Explained in: docs/en/recurrences/state-space.md
    """
    if not (a.real < 0).all():
        raise ValueError(f"a: expected real parts below 0, got {a.real.max().item():g}")
    if not (step > 0).all():
        raise ValueError(f"step: expected numbers above 0, got {step.min().item():g}")
    if rule == "zoh":
        decay = (a * step).exp()
        return decay, (decay - 1) / a
    if rule != "bilinear":
        raise ValueError(f"rule: expected 'zoh' or 'bilinear', got {rule!r}")
    half = a * step / 2
    return (1 + half) / (1 - half), step / (1 - half)


def ssm_kernel(decay: Tensor, weight_in: Tensor, weight_out: Tensor, steps: int) -> Tensor:
    """Return what an input of one at step 0 gives at step 0, 1, and so on.

    Shape:
        decay, weight_in, weight_out (E, K) complex -> (T, E) real

    Raises:
        RuntimeError: if shapes disagree; ValueError: if `steps` is below 1.

    Source:
        Gu et al. (2022), "On the parameterization and initialization of diagonal state space
        models", the Vandermonde product.

    >>> half, one = torch.full((1, 1), 0.5 + 0j), torch.ones(1, 1) + 0j
    >>> ssm_kernel(half, one, one, steps=3).T
    tensor([[2.0000, 1.0000, 0.5000]])

    Explained in: docs/en/recurrences/state-space.md
    """
    require_shape("decay", decay, "E", "K")
    for name, weight in (("weight_in", weight_in), ("weight_out", weight_out)):
        require_shape(name, weight, *decay.shape)
    if steps < 1:
        raise ValueError(f"steps: expected at least 1, got {steps}")
    powers = decay.expand(steps - 1, *decay.shape).cumprod(dim=0)
    powers = torch.cat([torch.ones_like(decay)[None], powers])
    return 2 * (weight_out * weight_in * powers).sum(dim=2).real


def causal_convolution(kernel: Tensor, input: Tensor) -> Tensor:
    """Sum over the past, output_t = kernel_0 input_t + kernel_1 input_{t-1} + ..., by FFT.

    Shape:
        kernel (T, E), input (T, N, E) -> (T, N, E)

    Raises:
        RuntimeError: if shapes disagree.

    Source:
        Gu et al. (2022), "Efficiently modeling long sequences with structured state spaces".

    >>> causal_convolution(torch.tensor([[1.0], [0.5]]), torch.tensor([[[2.0]], [[4.0]]])).flatten()
    tensor([2., 5.])

    Explained in: docs/en/recurrences/state-space.md
    """
    require_shape("input", input, "T", "N", "E")
    require_shape("kernel", kernel, len(input), input.shape[2])
    size = 2 * len(input)  # room for what would else come round to the beginning
    product = torch.fft.rfft(kernel, n=size, dim=0)[:, None] * torch.fft.rfft(input, n=size, dim=0)
    output: Tensor = torch.fft.irfft(product, n=size, dim=0)[: len(input)]
    return output


def require_ssm(
    input: Tensor, decay: Tensor, weight_in: Tensor, weight_out: Tensor, state: Tensor | None
) -> Tensor:
    """Raise unless the arguments of a diagonal model fit together; return its state, or zeros.

    Shape:
        input (T, N, E) real, decay, weight_in, weight_out (E, K) complex, state (N, E, K) complex
        or None -> state (N, E, K)

    Raises:
        RuntimeError: if shapes disagree; TypeError: if one of the weights or the state is not
        complex, or the input is; ValueError: if there is no step.

    >>> w = torch.ones(3, 4) + 0j
    >>> require_ssm(torch.zeros(7, 2, 5), w, w, w, None)
    Traceback (most recent call last):
    RuntimeError: input: expected shape (T, N, 3), got (7, 2, 5)

    Explained in: docs/en/recurrences/state-space.md
    """
    require_shape("decay", decay, "E", "K")
    require_shape("input", input, "T", "N", decay.shape[0])
    if not input.is_floating_point():
        raise TypeError(f"input: expected floating-point numbers, got {input.dtype}")
    if len(input) < 1:
        raise ValueError("input: expected at least one step, got 0")
    if state is None:
        state = decay.new_zeros(input.shape[1], *decay.shape)
    require_shape("state", state, input.shape[1], *decay.shape)
    named = {"decay": decay, "weight_in": weight_in, "weight_out": weight_out, "state": state}
    for name, tensor in named.items():
        if name != "state":
            require_shape(name, tensor, *decay.shape)
        if not tensor.is_complex():
            raise TypeError(f"{name}: expected complex numbers, got {tensor.dtype}")
    return state


def ssm_loop(
    input: Tensor, decay: Tensor, weight_in: Tensor, weight_out: Tensor, state: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """Run a diagonal state space model step by step.

    Shape:
        input (T, N, E) real, decay, weight_in, weight_out (E, K) complex, state (N, E, K) complex,
        zeros by default -> output (T, N, E), last state (N, E, K)

    Raises:
        RuntimeError: if shapes disagree; TypeError: if one of the weights or the state is not
        complex, or the input is; ValueError: if there is no step.

    Source:
        Gu et al. (2022), "On the parameterization and initialization of diagonal state space
        models".

    >>> half, one = torch.full((1, 1), 0.5 + 0j), torch.ones(1, 1) + 0j
    >>> ssm_loop(torch.ones(3, 1, 1), half, one, one)[0].flatten()
    tensor([2.0000, 3.0000, 3.5000])

    Explained in: docs/en/recurrences/state-space.md
    """
    state, outputs = require_ssm(input, decay, weight_in, weight_out, state), []
    for x_t in input:
        state = decay * state + weight_in * x_t[..., None]
        outputs.append(2 * (weight_out * state).sum(dim=2).real)
    return torch.stack(outputs), state


def ssm_scan(
    input: Tensor, decay: Tensor, weight_in: Tensor, weight_out: Tensor, state: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """Run a diagonal state space model as a scan in two levels.

    Shape:
        as `ssm_loop`

    Raises:
        as `ssm_loop`

    Source:
        Gu et al. (2022), "On the parameterization and initialization of diagonal state space
        models", for the model; the scan is ours.

    >>> half, one = torch.full((1, 1), 0.5 + 0j), torch.ones(1, 1) + 0j
    >>> ssm_scan(torch.ones(3, 1, 1), half, one, one)[0].flatten()
    tensor([2.0000, 3.0000, 3.5000])

    Explained in: docs/en/recurrences/state-space.md
    """
    state = require_ssm(input, decay, weight_in, weight_out, state)
    written = weight_in * input[..., None]
    decays = decay.expand_as(written).flatten(2)
    states, last = scan_chunks(decays, written.flatten(2), state.flatten(1))
    states = states.view(written.shape)
    return 2 * (weight_out * states).sum(dim=3).real, last.view_as(state)


def ssm_convolution(
    input: Tensor, decay: Tensor, weight_in: Tensor, weight_out: Tensor, state: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """Run a diagonal state space model as one convolution, and a term for the carried state.

    Shape:
        as `ssm_loop`

    Raises:
        as `ssm_loop`

    Source:
        Gu et al. (2022), "On the parameterization and initialization of diagonal state space
        models"; the term for the state follows from unrolling the recurrence.

    >>> half, one = torch.full((1, 1), 0.5 + 0j), torch.ones(1, 1) + 0j
    >>> ssm_convolution(torch.ones(3, 1, 1), half, one, one)[1]
    tensor([[[1.7500+0.j]]])

    Explained in: docs/en/recurrences/state-space.md
    """
    state = require_ssm(input, decay, weight_in, weight_out, state)
    kernel = ssm_kernel(decay, weight_in, weight_out, len(input))
    powers = decay.expand(len(input), *decay.shape).cumprod(dim=0)  # 1, 2, ..., T
    carried = torch.einsum("tek,bek->tbe", weight_out * powers, state)
    output = causal_convolution(kernel, input) + 2 * carried.real
    written = weight_in * torch.cat([powers[:-1].flip(0), torch.ones_like(powers[:1])])
    last = powers[-1] * state + torch.einsum("tek,tbe->bek", written, input.to(decay.dtype))
    return output, last


def require_selective(
    input: Tensor, step: Tensor, a: Tensor, b: Tensor, c: Tensor, state: Tensor | None
) -> Tensor:
    """Raise unless the arguments of a selective model fit together; return its state, or zeros.

    Shape:
        input (T, N, E), step (T, N, E), a (E, K), b (T, N, K), c (T, N, K), state (N, E, K) or
        None -> state (N, E, K)

    Raises:
        RuntimeError: if shapes disagree; ValueError: if there is no step in time, `a` is not below
        0 or `step` is below 0.

    >>> x, b = torch.zeros(7, 2, 3), torch.zeros(7, 2, 4)
    >>> require_selective(x, x, torch.ones(3, 4), b, b, None)
    Traceback (most recent call last):
    ValueError: a: expected numbers below 0, got 1

    Explained in: docs/en/recurrences/state-space.md
    """
    require_shape("input", input, "T", "N", "E")
    require_shape("step", step, *input.shape)
    require_shape("a", a, input.shape[2], "K")
    for name, weight in (("b", b), ("c", c)):
        require_shape(name, weight, *input.shape[:2], a.shape[1])
    if len(input) < 1:
        raise ValueError("input: expected at least one step, got 0")
    if not (a < 0).all():
        raise ValueError(f"a: expected numbers below 0, got {a.max().item():g}")
    if not (step >= 0).all():
        raise ValueError(f"step: expected numbers of at least 0, got {step.min().item():g}")
    if state is None:
        state = input.new_zeros(input.shape[1], *a.shape)
    require_shape("state", state, input.shape[1], *a.shape)
    return state


def selective_loop(
    input: Tensor, step: Tensor, a: Tensor, b: Tensor, c: Tensor, state: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """Run a selective state space model step by step: step, b and c may change at every step.

    Shape:
        input (T, N, E), step (T, N, E), a (E, K), b (T, N, K), c (T, N, K), state (N, E, K), zeros
        by default -> output (T, N, E), last state (N, E, K)

    Raises:
        RuntimeError: if shapes disagree; ValueError: if there is no step in time, `a` is not below
        0 or `step` is below 0.

    Source:
        Gu and Dao (2023), "Mamba: linear-time sequence modeling with selective state spaces"; as
        in their code, the input is scaled by `step * b`, and only the decay is zero-order hold.

    >>> ones = torch.ones(3, 1, 1)
    >>> selective_loop(ones, ones, torch.tensor([[-math.log(2)]]), ones, ones)[0].flatten()
    tensor([1.0000, 1.5000, 1.7500])

    Explained in: docs/en/recurrences/state-space.md
    """
    state, outputs = require_selective(input, step, a, b, c, state), []
    for x_t, step_t, b_t, c_t in zip(input, step, b, c, strict=True):
        decay = (step_t[..., None] * a).exp()
        state = decay * state + (step_t * x_t)[..., None] * b_t[:, None]
        outputs.append((state * c_t[:, None]).sum(dim=2))
    return torch.stack(outputs), state


def selective_scan(
    input: Tensor, step: Tensor, a: Tensor, b: Tensor, c: Tensor, state: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """Run a selective state space model as a scan in two levels.

    Shape:
        as `selective_loop`

    Raises:
        as `selective_loop`

    Source:
        Gu and Dao (2023), "Mamba: linear-time sequence modeling with selective state spaces".

    >>> ones = torch.ones(3, 1, 1)
    >>> selective_scan(ones, ones, torch.tensor([[-math.log(2)]]), ones, ones)[0].flatten()
    tensor([1.0000, 1.5000, 1.7500])

    Explained in: docs/en/recurrences/state-space.md
    """
    state = require_selective(input, step, a, b, c, state)
    decay = (step[..., None] * a).exp()
    written = (step * input)[..., None] * b[:, :, None]
    states, last = scan_chunks(decay.flatten(2), written.flatten(2), state.flatten(1))
    states = states.view(written.shape)
    return (states * c[:, :, None]).sum(dim=3), last.view_as(state)


class DiagonalSSM(nn.Module):
    """A layer of diagonal state space models: a product with the input, then one model a feature.

    It has no nonlinearity of its own; put one between two layers.

    Shape:
        input (T, N, E), state (N, H, K) complex or None -> output (T, N, H), last state (N, H, K)

    Raises:
        RuntimeError: if shapes disagree; TypeError: if the state is not complex; ValueError: if a
        size is below 1, `start` is unknown, or the step sizes are not above 0 and in order.

    Source:
        Gu et al. (2022), "On the parameterization and initialization of diagonal state space
        models": start, range of step sizes, a skip connection; the product is ours.

    >>> layer = DiagonalSSM(input_size=3, hidden_size=5, pairs=2)
    >>> output, state = layer(torch.zeros(7, 4, 3))
    >>> output.shape, state.shape
    (torch.Size([7, 4, 5]), torch.Size([4, 5, 2]))

    Explained in: docs/en/recurrences/state-space.md
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        pairs: int = 4,
        start: str = "lin",
        steps: tuple[float, float] = (1e-3, 1e-1),
    ) -> None:
        super().__init__()
        for name, size in (("input_size", input_size), ("hidden_size", hidden_size)):
            if size < 1:
                raise ValueError(f"{name}: expected at least 1, got {size}")
        if not 0 < steps[0] <= steps[1]:
            raise ValueError(f"steps: expected 0 < steps[0] <= steps[1], got {steps}")
        poles = s4d_poles(pairs, start).expand(hidden_size, pairs)
        low, high = math.log(steps[0]), math.log(steps[1])
        self.weight_ih = nn.Parameter(torch.empty(hidden_size, input_size))
        nn.init.uniform_(self.weight_ih, -(input_size**-0.5), input_size**-0.5)
        self.log_step = nn.Parameter(low + (high - low) * torch.rand(hidden_size, 1))
        self.log_rate = nn.Parameter((-poles.real).log())
        self.frequency = nn.Parameter(poles.imag.clone())
        self.weight_out = nn.Parameter(torch.randn(hidden_size, pairs, 2))
        self.skip = nn.Parameter(torch.ones(hidden_size))

    def forward(self, input: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Return the outputs of all steps and the last state."""
        require_shape("input", input, "T", "N", self.weight_ih.shape[1])
        x = nn.functional.linear(input, self.weight_ih)
        poles = torch.complex(-self.log_rate.exp(), self.frequency)
        decay = (poles * self.log_step.exp()).exp()
        weight_in = (decay - 1) / poles
        weight_out = torch.view_as_complex(self.weight_out)
        output, state = ssm_scan(x, decay, weight_in, weight_out, state)
        return output + self.skip * x, state
