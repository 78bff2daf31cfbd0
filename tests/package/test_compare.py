"""How far apart two tensors are: bounds met and missed by one, every type, what is refused."""

import math

import pytest
import torch
from torch import Tensor, zeros

from rnn_tutorial import assert_close, max_abs_diff, ulp_distance

DTYPES = [torch.float32, torch.float64]
FLOATS = [*DTYPES, torch.float16, torch.bfloat16]
COMPLEX = [torch.complex64, torch.complex128]
WHOLE = [torch.bool, torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64]
INF, NAN = math.inf, math.nan


def units(count: float, dtype: torch.dtype) -> float:
    return count * torch.finfo(dtype).eps


# ---- within rounding --------------------------------------------------------------------------


@pytest.mark.parametrize("scale", [1.0, 2.0**-30, 2.0**30])
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("eps", [1, 16, 100])
def test_one_epsilon_less_passes_and_one_more_fails(
    eps: int, dtype: torch.dtype, scale: float
) -> None:
    expected = torch.tensor([[-1.0, 0.5], [0.0, 2.0**-10]], dtype=dtype) * scale
    for index in ((0, 0), (0, 1), (1, 0), (1, 1)):  # the bound is the largest element's for all
        for sign in (1, -1):
            for off in (eps - 1, eps):
                actual = expected.clone()
                actual[index] += sign * units(off, dtype) * scale
                assert_close(actual, expected, eps)
            actual = expected.clone()
            actual[index] += sign * units(eps + 1, dtype) * scale
            with pytest.raises(AssertionError, match="machine epsilons") as caught:
                assert_close(actual, expected, eps)
            assert f"at index {index}" in str(caught.value)


def test_sixteen_epsilons_by_default() -> None:
    one = torch.ones(1)
    assert_close(one + units(16, one.dtype), one)
    with pytest.raises(AssertionError, match=r"more than 16: "):
        assert_close(one + units(17, one.dtype), one)


@pytest.mark.parametrize("dtype", FLOATS + COMPLEX)
def test_each_type_has_its_own_epsilon(dtype: torch.dtype) -> None:
    one = torch.ones(3, dtype=dtype)
    assert_close(one + units(2, dtype), one, eps=2)
    with pytest.raises(AssertionError, match=r"^4 machine epsilons of 1 apart, more than 3: "):
        assert_close(one + units(4, dtype), one, eps=3)


def test_complex_numbers_are_apart_in_the_plane() -> None:
    one = torch.ones(1, dtype=torch.complex64)
    off = units(10, torch.complex64) * 1j
    assert_close(one + off, one, eps=10)
    with pytest.raises(AssertionError, match=r"^10 machine"):
        assert_close(one + off, one, eps=9)


def test_the_message_gives_values_and_index() -> None:
    expected = torch.tensor([[1.0, 2.0], [4.0, 8.0]], requires_grad=True)
    actual = torch.tensor([[1.0, 2.0], [5.0, 8.0]])
    message = "1e+06 machine epsilons of 8 apart, more than 16: 5.0, not 4.0, at index (1, 0)"
    with pytest.raises(AssertionError) as caught:
        assert_close(actual, expected)
    assert str(caught.value) == message
    with pytest.raises(AssertionError, match=r": 5\.0, not 4\.0, at index \(\)$"):
        assert_close(actual[1, 0], expected[1, 0])


@pytest.mark.parametrize("dtype", FLOATS)
def test_nothing_is_close_to_an_infinity_or_nan(dtype: torch.dtype) -> None:
    for number in (NAN, INF, -INF):
        for pair in ((number, number), (number, 1.0), (1.0, number)):
            for other in (0.0, 1.0):
                actual, expected = (torch.tensor([other, x, other], dtype=dtype) for x in pair)
                with pytest.raises(AssertionError, match=r"at index \(1,\)$"):
                    assert_close(actual, expected, eps=1e300)


def test_an_infinity_does_not_widen_the_bound() -> None:
    with pytest.raises(AssertionError):
        assert_close(torch.tensor([5.0, INF]), torch.tensor([1.0, INF]))


@pytest.mark.parametrize("dtype", DTYPES)
def test_zeros_agree_with_zeros_and_the_smallest_numbers_only(dtype: torch.dtype) -> None:
    zero = zeros(2, dtype=dtype)
    smallest = torch.nextafter(zero, zero + 1)
    assert_close(zero, -zero, eps=0)
    assert_close(3 * smallest, zero, eps=3)
    assert_close(zero, 3 * smallest, eps=3)
    with pytest.raises(AssertionError, match=r"^4 machine epsilons of 0 apart"):
        assert_close(4 * smallest, zero, eps=3)
    with pytest.raises(AssertionError):
        assert_close(torch.full_like(zero, torch.finfo(dtype).tiny), zero)


@pytest.mark.parametrize("dtype", [torch.float16, torch.float32])
def test_a_difference_that_overflows_its_type_is_measured(dtype: torch.dtype) -> None:
    largest = torch.full((1,), torch.finfo(dtype).max, dtype=dtype)
    off = 2 / torch.finfo(dtype).eps
    assert_close(largest, -largest, eps=off)
    with pytest.raises(AssertionError):
        assert_close(largest, -largest, eps=off - 1)
    assert max_abs_diff(largest, -largest) == 2 * torch.finfo(dtype).max


def test_shape_type_and_device_must_agree() -> None:
    two = torch.ones(2)
    for actual, expected, message in (
        (two, torch.ones(1), r"expected shape torch.Size\(\[1\]\), got torch.Size\(\[2\]\)"),
        (two, torch.tensor(1.0), r"expected shape torch.Size\(\[\]\), got torch.Size\(\[2\]\)"),
        (zeros(0), zeros(0, 1), "expected shape"),
        (two, two.double(), "expected dtype torch.float64, got torch.float32"),
        (zeros(0), zeros(0).double(), "expected dtype torch.float64, got torch.float32"),
        (two, two.to("meta"), "expected device meta, got cpu"),
    ):
        with pytest.raises(AssertionError, match=f"^actual: {message}"):
            assert_close(actual, expected)
    assert_close(zeros(0, 3), zeros(0, 3))
    with pytest.raises(NotImplementedError, match="no data"):
        assert_close(two.to("meta"), two.to("meta"))


@pytest.mark.parametrize("dtype", WHOLE)
def test_whole_numbers_are_not_rounded(dtype: torch.dtype) -> None:
    one = torch.ones(2, dtype=dtype)
    with pytest.raises(TypeError, match="floating point"):
        assert_close(one, one)


def test_tuples_are_compared_pair_by_pair() -> None:
    small, large = torch.ones(2) / 1024, torch.ones(3) * 1024
    assert_close((large, small), (large, small), eps=0)
    assert_close((large, (small, large)), (large, (small, large)), eps=0)
    assert_close((), ())
    off = small + units(1, torch.float32)  # small compared with `large`, and large with `small`
    for actual, expected in (
        ((large, off), (large, small)),
        ((large, (large, off)), (large, (large, small))),
        ((large, small), (large,)),
        ((large,), (large, small)),
    ):
        with pytest.raises(AssertionError):
            assert_close(actual, expected)
    for actual, expected in (((small,), small), (small, (small,)), ([small], [small])):
        with pytest.raises(TypeError, match=r"^expected tensors or tuples, got <class"):
            assert_close(actual, expected)


def test_any_layout_is_taken() -> None:
    x = torch.randn(3, 4).T
    assert_close(x, x.contiguous(), eps=0)
    assert_close(x[::2, :1].expand(2, 5), x[::2, :1].repeat(1, 5), eps=0)


# ---- the largest difference -------------------------------------------------------------------


def test_max_abs_diff() -> None:
    tensor = torch.tensor
    assert max_abs_diff(tensor([1.0, 2.0]), tensor([1.0, 2.0])) == 0.0
    assert max_abs_diff(tensor([1.0, -1.0]), tensor([-1.0, 1.0])) == 2.0
    assert max_abs_diff(tensor([1.0]), tensor([4.0])) == 3.0
    assert max_abs_diff(tensor([0.0]), tensor([-0.0])) == 0.0
    assert max_abs_diff(zeros(0, 3), zeros(0, 3)) == 0.0
    assert max_abs_diff(tensor(3.0), tensor(1.0)) == 2.0
    assert max_abs_diff(tensor([3.0 + 4.0j]), tensor([0.0j])) == 5.0


@pytest.mark.parametrize("sides", [(True, False), (False, True), (True, True)])
def test_max_abs_diff_of_nan_is_below_no_bound(sides: tuple[bool, bool]) -> None:
    actual, expected = (torch.tensor([1.0, NAN if side else 1.0]) for side in sides)
    difference = max_abs_diff(actual, expected)
    assert not difference <= INF


def test_max_abs_diff_of_infinities() -> None:
    inf, one = torch.tensor([INF]), torch.ones(1)
    assert max_abs_diff(inf, one) == max_abs_diff(one, -inf) == max_abs_diff(inf, -inf) == INF
    assert math.isnan(max_abs_diff(inf, inf))


@pytest.mark.parametrize("dtype", WHOLE)
def test_max_abs_diff_refuses_whole_numbers(dtype: torch.dtype) -> None:
    zero, one = zeros(2, dtype=dtype), torch.ones(2, dtype=dtype)
    floats = torch.ones(2)
    empty = zeros(0, dtype=dtype)
    for pair in ((zero, one), (one, zero), (one, one), (floats, one), (one, floats), (empty,) * 2):
        with pytest.raises(TypeError, match=f"{dtype}.*torch.equal"):
            max_abs_diff(*pair)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_max_abs_diff_rounds_no_difference_of_a_smaller_type(dtype: torch.dtype) -> None:
    eps = torch.finfo(dtype).eps
    large, small = torch.tensor([1.0], dtype=dtype), torch.tensor([eps / 8], dtype=dtype)
    assert max_abs_diff(large, small) == 1 - eps / 8  # in its own type it is 1
    assert max_abs_diff(large, small.double()) == max_abs_diff(large.double(), small) == 1 - eps / 8


def test_max_abs_diff_of_two_half_types() -> None:
    brain, half = torch.tensor([256.0]).bfloat16(), torch.tensor([0.125]).half()
    assert max_abs_diff(brain, half) == max_abs_diff(half, brain) == 255.875


# ---- representable numbers --------------------------------------------------------------------


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("value", [0.0, 1.0, -1.0, 0.1, 3e-39, 2.0**100, -(2.0**-100)])
def test_ulp_distance_of_neighbours(value: float, dtype: torch.dtype) -> None:
    start = torch.tensor([value], dtype=dtype)
    for direction in (INF, -INF):
        towards = torch.tensor([direction], dtype=dtype)
        x = start
        for steps in range(4):
            assert ulp_distance(x, start) == ulp_distance(start, x) == steps
            x = torch.nextafter(x, towards)


@pytest.mark.parametrize("dtype", DTYPES)
def test_ulp_distance_of_known_pairs(dtype: torch.dtype) -> None:
    def distance(a: list[float], b: list[float]) -> int:
        return ulp_distance(torch.tensor(a, dtype=dtype), torch.tensor(b, dtype=dtype))

    finfo = torch.finfo(dtype)
    fraction = {torch.float32: 23, torch.float64: 52}[dtype]
    assert distance([0.0], [-0.0]) == 0
    assert distance([], []) == 0
    assert distance([1.0], [2.0]) == 2**fraction
    assert distance([1.0, 1.0], [1.0, 1.0 + finfo.eps]) == 1
    assert distance([finfo.max], [INF]) == 1
    assert distance([INF], [INF]) == 0
    assert distance([0.0], [finfo.tiny]) == 2**fraction
    # The two farthest numbers: in float64 the distance takes 64 bits.
    exponents = {torch.float32: 255, torch.float64: 2047}[dtype]
    assert distance([INF], [-INF]) == 2 * exponents * 2**fraction
    assert distance([1.0, 2.0], [1.0, -2.0]) == 2 ** {23: 31, 52: 63}[fraction]


def test_ulp_distance_takes_any_layout() -> None:
    x = torch.randn(3, 4).T
    assert ulp_distance(x, x.contiguous()) == 0


@pytest.mark.parametrize("dtype", [*WHOLE, *COMPLEX, torch.float16, torch.bfloat16])
def test_ulp_distance_refuses_other_types(dtype: torch.dtype) -> None:
    zero, one = zeros(2, dtype=dtype), torch.ones(2, dtype=dtype)
    for pair in ((zero, one), (one, torch.ones(2)), (torch.ones(2), one)):
        with pytest.raises(TypeError, match="expected both float32 or both float64, got torch"):
            ulp_distance(*pair)


def test_ulp_distance_rejects() -> None:
    one, nan = torch.ones(1), torch.full((1,), NAN)
    for pair in ((one, nan), (nan, one), (nan, nan)):
        with pytest.raises(ValueError, match=r"^actual, expected: expected numbers, got NaN$"):
            ulp_distance(*pair)
    with pytest.raises(TypeError, match="expected both float32 or both float64, got torch"):
        ulp_distance(one, one.double())


def test_tensors_that_require_gradients() -> None:
    one: Tensor = torch.ones(2, requires_grad=True)
    assert max_abs_diff(one, one.detach()) == ulp_distance(one, one.detach()) == 0
    assert_close(one, one.detach(), eps=0)
