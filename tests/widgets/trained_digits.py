"""A network that reads digits row by row, trained as in the lab, for its demo's tests."""

from functools import cache

import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

EPOCHS, BATCH, RATE = 20, 64, 0.01


@cache
def split() -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return images to train with and their labels, then the others, which training never sees."""
    digits = load_digits()
    images, labels = torch.tensor(digits.images, dtype=torch.float32), torch.tensor(digits.target)
    indices = train_test_split(range(len(labels)), test_size=0.2, stratify=labels, random_state=0)
    train, test = map(torch.tensor, indices)
    return images[train], labels[train], images[test], labels[test]


@cache
def trained() -> dict[str, Tensor]:
    """Train; return what the lab hands to its page, as float16 holds it."""
    torch.manual_seed(0)
    images, labels, test, truth = split()
    recurrent, head = nn.RNN(8, 128, batch_first=True), nn.Linear(128, 10)
    optimizer = torch.optim.Adam([*recurrent.parameters(), *head.parameters()], lr=RATE)
    steps = EPOCHS * -(-len(images) // BATCH)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    inputs = (images - images.mean()) / images.std()
    for _ in range(EPOCHS):
        for batch in torch.randperm(len(images)).split(BATCH):
            scores = head(recurrent(inputs[batch])[0][:, -1])
            loss = cross_entropy(scores, labels[batch], label_smoothing=0.1)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    tensors = {**recurrent.state_dict(), "head.weight": head.weight, "head.bias": head.bias}
    tensors |= {"mean": images.mean(), "deviation": images.std()}
    tensors |= {"samples": test[:20], "labels": truth[:20]}
    return {name: tensor.detach().half().float() for name, tensor in tensors.items()}
