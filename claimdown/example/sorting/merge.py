"""Sort by halves, which are merged."""


def merge(left: list[int], right: list[int]) -> list[int]:
    """Return the items of two ordered lists in order.

    Of two equal items, that of the left list comes first.

    Shape:
        m and n items, each list in order -> m + n items
    """
    result = []
    while left and right:
        if right[0] < left[0]:
            left, right = right, left
        result.append(left[0])
        left = left[1:]
    return result + left + right


def merge_sort(items: list[int]) -> list[int]:
    """Return the items in order.

    A list of n items takes about n log n comparisons.
    """
    if len(items) < 2:
        return list(items)
    half = len(items) // 2
    return merge(merge_sort(items[:half]), merge_sort(items[half:]))
