"""Sort by putting one item after another into its place."""


def insertion_sort(items: list[int]) -> tuple[list[int], int]:
    """Return the items in order, and how many steps to the left they made."""
    result, steps = list(items), 0
    for position in range(1, len(result)):
        while position > 0 and result[position - 1] > result[position]:
            result[position - 1 : position + 1] = result[position], result[position - 1]
            position, steps = position - 1, steps + 1
    return result, steps
