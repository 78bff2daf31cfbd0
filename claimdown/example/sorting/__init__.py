"""Two ways to sort a list, as the pages explain them."""

from sorting.insertion import insertion_sort
from sorting.merge import merge, merge_sort

__all__ = ["insertion_sort", "merge", "merge_sort"]
