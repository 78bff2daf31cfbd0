"""Linear-chain CRF: one score for a whole sequence of tags, neighbours scored as pairs."""

import torch
from torch import Tensor

from rnn_tutorial.heads.checks import (
    _require_bools,
    _require_floats,
    _require_lengths,
    _require_range,
)
from rnn_tutorial.heads.log_space import NEVER
from rnn_tutorial.masked import lengths_to_mask
from rnn_tutorial.shapes import require_shape


def forbid(scores: Tensor, allowed: Tensor) -> Tensor:
    """Give each transition that is not allowed a score so low that its probability is zero.

    Shape:
        scores (C, C) or (C,), allowed: bools of the same shape; returns scores of that shape

    Raises:
        RuntimeError: if shapes disagree.
        TypeError: if `allowed` is not of bools, or `scores` are no floating-point numbers.

    >>> forbid(torch.zeros(2), torch.tensor([True, False]))
    tensor([ 0.0000e+00, -1.0000e+30])

    Explained in: docs/en/labs/segmentation.py
    """
    require_shape("allowed", allowed, *scores.shape)
    _require_bools("allowed", allowed, "where a transition is allowed")
    _require_floats("scores", scores)
    return scores.masked_fill(~allowed, NEVER)


def _real_steps(
    emissions: Tensor, transitions: Tensor, start: Tensor, end: Tensor, lengths: Tensor | None
) -> Tensor:
    """Mark the real steps (N, T) of a batch, after a check that the arguments fit together."""
    require_shape("emissions", emissions, "N", "T", "C")
    batch, steps, tags = emissions.shape
    require_shape("transitions", transitions, tags, tags)
    require_shape("start_transitions", start, tags)
    require_shape("end_transitions", end, tags)
    if steps * tags == 0:
        shape = tuple(emissions.shape)
        raise RuntimeError(f"emissions: expected T and C of at least 1, got shape {shape}")
    if lengths is None:
        lengths = torch.full((batch,), steps, device=emissions.device)
    _require_lengths("lengths", lengths, batch, 1, steps)
    real = lengths_to_mask(lengths, steps)
    _require_finite("emissions", emissions.detach()[real])
    _require_finite("transitions", transitions)
    _require_finite("start_transitions", start)
    _require_finite("end_transitions", end)
    return real


def _require_finite(name: str, scores: Tensor) -> None:
    """Raise unless all scores are finite: through infinities, gradients would be NaN."""
    _require_floats(name, scores)
    if not scores.isfinite().all():
        got = scores[~scores.isfinite()][0].item()
        wanted = f"finite numbers, {NEVER} for what is forbidden"
        raise ValueError(f"{name}: expected {wanted}, got {got}")


def path_score(
    emissions: Tensor,
    tags: Tensor,
    transitions: Tensor,
    start_transitions: Tensor,
    end_transitions: Tensor,
    lengths: Tensor | None = None,
) -> Tensor:
    """Add up the scores that a sequence of tags collects: at its steps, and from tag to tag.

    Shape:
        emissions (N, T, C), tags (N, T) of integers from 0 to C - 1, at padding any,
        transitions (C, C) from the row's tag to the column's, start_transitions and
        end_transitions (C,), lengths (N,), by default T each; returns (N,)

    Raises:
        RuntimeError: if shapes disagree, or T or C is 0.
        TypeError: if lengths or tags are no integers, or scores no floating-point numbers.
        ValueError: if a length is not from 1 to T, if a tag at a real step is not from 0 to C - 1
            (-100, which pads targets of PyTorch's losses, is none), or if a score is not finite.

    Source:
        Lafferty, McCallum and Pereira (2001); in this form, Lample et al. (2016), section 2.2.
        The names of the weights are those of `torchcrf.CRF`, in the package pytorch-crf.

    >>> emissions = torch.tensor([[[1.0, 0.0], [2.0, 0.0]]])
    >>> weights = torch.tensor([[0.0, 10.0], [20.0, 0.0]]), torch.zeros(2), torch.zeros(2)
    >>> path_score(emissions, torch.tensor([[1, 0]]), *weights)  # 0, then 20 to get to 2
    tensor([22.])

    Explained in: docs/en/labs/segmentation.py
    """
    real = _real_steps(emissions, transitions, start_transitions, end_transitions, lengths)
    require_shape("tags", tags, *real.shape)
    _require_range("tags, up to each length", tags[real], 0, len(transitions) - 1)
    tags = tags.long().masked_fill(~real, 0)
    here = emissions.gather(2, tags.unsqueeze(2)).squeeze(2).masked_fill(~real, 0.0)
    moves = transitions[tags[:, :-1], tags[:, 1:]].masked_fill(~real[:, 1:], 0.0)
    last = tags.gather(1, real.sum(dim=1, keepdim=True) - 1).squeeze(1)
    return start_transitions[tags[:, 0]] + here.sum(1) + moves.sum(1) + end_transitions[last]


def log_partition(
    emissions: Tensor,
    transitions: Tensor,
    start_transitions: Tensor,
    end_transitions: Tensor,
    lengths: Tensor | None = None,
) -> Tensor:
    """Return the logarithm of the sum of exp(score) over all C**T paths, by the forward algorithm.

    The loop is that of a recurrent network: its state holds, for each tag, the log of the sum over
    all paths so far that end there. `path_score` minus this is a path's log-probability.

    Shape:
        emissions (N, T, C), transitions (C, C) from the row's tag to the column's,
        start_transitions and end_transitions (C,), lengths (N,), by default T each; returns (N,)

    Raises:
        RuntimeError: if shapes disagree, or T or C is 0.
        TypeError: if lengths are no integers, or scores no floating-point numbers.
        ValueError: if a length is not from 1 to T, or a score at a real step not finite.

    Source:
        Rabiner (1989), section III.A, as logarithms.

    >>> weights = torch.zeros(2, 2), torch.zeros(2), torch.zeros(2)
    >>> log_partition(torch.zeros(1, 3, 2), *weights).exp()  # 2 * 2 * 2 paths, each exp(0)
    tensor([8.])

    Explained in: docs/en/labs/segmentation.py
    """
    real = _real_steps(emissions, transitions, start_transitions, end_transitions, lengths)
    alpha = start_transitions + emissions[:, 0]
    for t in range(1, real.shape[1]):
        ahead = torch.logsumexp(alpha.unsqueeze(2) + transitions, dim=1) + emissions[:, t]
        alpha = torch.where(real[:, t].unsqueeze(1), ahead, alpha)
    return torch.logsumexp(alpha + end_transitions, dim=1)


def best_path(
    emissions: Tensor,
    transitions: Tensor,
    start_transitions: Tensor,
    end_transitions: Tensor,
    lengths: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """Find the path with the highest score, by the Viterbi algorithm.

    It is the loop of `log_partition` with max in place of logsumexp. At each step, each tag also
    notes which tag its best path came from; the notes are then read from the end.

    Shape:
        emissions (N, T, C), transitions (C, C) from the row's tag to the column's,
        start_transitions and end_transitions (C,), lengths (N,), by default T each;
        returns tags (N, T), 0 at padding, and their scores (N,)

    Raises:
        RuntimeError: if shapes disagree, or T or C is 0.
        TypeError: if lengths are no integers, or scores no floating-point numbers.
        ValueError: if a length is not from 1 to T, or a score at a real step not finite.

    Source:
        Viterbi (1967); Rabiner (1989), section III.B.

    >>> emissions = torch.tensor([[[1.0, 0.0], [2.0, 0.0]]])
    >>> weights = torch.tensor([[0.0, 10.0], [20.0, 0.0]]), torch.zeros(2), torch.zeros(2)
    >>> best_path(emissions, *weights)
    (tensor([[1, 0]]), tensor([22.]))

    Explained in: docs/en/labs/segmentation.py
    """
    real = _real_steps(emissions, transitions, start_transitions, end_transitions, lengths)
    best, came_from = start_transitions + emissions[:, 0], []
    stay = torch.arange(len(transitions), device=emissions.device)  # at padding
    for t in range(1, real.shape[1]):
        scores, tags = (best.unsqueeze(2) + transitions).max(dim=1)
        going = real[:, t].unsqueeze(1)
        best = torch.where(going, scores + emissions[:, t], best)
        came_from.append(torch.where(going, tags, stay))
    score, tag = (best + end_transitions).max(dim=1)
    path = [tag]
    for tags in reversed(came_from):
        path.append(tags.gather(1, path[-1].unsqueeze(1)).squeeze(1))
    return torch.stack(path[::-1], dim=1).masked_fill(~real, 0), score


def tag_marginals(
    emissions: Tensor,
    transitions: Tensor,
    start_transitions: Tensor,
    end_transitions: Tensor,
    lengths: Tensor | None = None,
) -> Tensor:
    """Return the probability of each tag at each step, all paths taken together.

    It is the gradient of `log_partition` with respect to the emissions.

    Shape:
        emissions (N, T, C), transitions (C, C) from the row's tag to the column's,
        start_transitions and end_transitions (C,), lengths (N,), by default T each;
        returns (N, T, C), 0 at padding

    Raises:
        RuntimeError: if shapes disagree, or T or C is 0.
        TypeError: if lengths are no integers, or scores no floating-point numbers.
        ValueError: if a length is not from 1 to T, or a score at a real step not finite.

    Source:
        Rabiner (1989), equation 27; that backpropagation computes it: Eisner (2016).

    >>> weights = torch.zeros(2, 2), torch.tensor([NEVER, 0.0]), torch.zeros(2)
    >>> tag_marginals(torch.zeros(1, 2, 2), *weights)  # not the first tag at the first step
    tensor([[[0.0000, 1.0000],
             [0.5000, 0.5000]]])

    Explained in: docs/en/labs/segmentation.py
    """
    _require_floats("emissions", emissions)
    moves, start, end = transitions.detach(), start_transitions.detach(), end_transitions.detach()
    with torch.inference_mode(False), torch.enable_grad():  # whatever mode the caller is in
        emissions = emissions.detach().clone().requires_grad_()
        total = log_partition(emissions, moves, start, end, lengths).sum()
    return torch.autograd.grad(total, emissions)[0]
