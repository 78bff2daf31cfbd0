"""Recurrences that are linear in the state: five ways to compute one, and networks made of them."""

__all__ = []
