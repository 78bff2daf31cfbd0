"""What runs a lab's weights in the page: decoded as numpy decodes, and stepped as torch steps."""

import base64
import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from playwright.sync_api import Browser, Error, Page
from torch import Tensor, nn

from rnn_tutorial import gru_cell, lstm_cell, rnn_cell
from tests.widgets.handing import hand, stored

E, H, T = 9, 33, 12
CELLS = {
    "rnnStep": (rnn_cell, nn.RNNCell, "RNN"),
    "gruStep": (gru_cell, nn.GRUCell, "GRU"),
    "lstmStep": (lstm_cell, nn.LSTMCell, "LSTM"),
}
# A step hands what torch has rounded to the next; here, products are added up in float64.
BOUND = 16 * torch.finfo(torch.float32).eps
CALL = """async ([base, module, name, ...values]) => {
    const {[name]: called} = await import(`${base}assets/widgets/${module}.js`)
    return [...called(...values)]
}"""
ROW = """async ([base, matrix, k]) => {
    const {row} = await import(base + "assets/widgets/cells.js")
    return [...row({...matrix, data: Float32Array.from(matrix.data)}, k)]
}"""
HALVES = """async (base) => {
    const {half} = await import(base + "assets/widgets/weights.js")
    return [...Array(65536).keys()].map((bits) => half(bits))
}"""
WEIGHTS = """async ([base, url, prefix]) => {
    const {weights, under} = await import(base + "assets/widgets/weights.js")
    return Object.entries(under(await weights(url), prefix)).map(([name, {shape, data}]) =>
        [name, data.constructor.name, shape, [...data]])
}"""
RUN = """async ([base, name, url, suffix, inputs, size]) => {
    const {weights} = await import(base + "assets/widgets/weights.js")
    const {[name]: step} = await import(base + "assets/widgets/cells.js")
    const trained = await weights(url)
    const zeros = Array(size).fill(0)
    let state = name === "lstmStep" ? [zeros, zeros] : zeros
    return inputs.map((x) => {
        state = step(x, state, trained, suffix)
        return name === "lstmStep" ? state.map((part) => [...part]) : [[...state]]
    })
}"""
EXPLAINED = """async ([base, name, cell, weights, x, h, c]) => {
    const {step, vector} = await import(base + "assets/widgets/steps.js")
    const cells = await import(base + "assets/widgets/cells.js")
    const nodes = step(cell, weights, "l0", x, h, c)
    const tensors = Object.fromEntries(Object.entries(weights).map(([name, rows]) =>
        [name, {shape: [rows.length, rows[0].length], data: rows.flat()}]))
    const found = cells[name](x, name === "lstmStep" ? [h, c] : h, tensors)
    return [vector(nodes, "h'"), [...(name === "lstmStep" ? found[0] : found)]]
}"""


@pytest.fixture(scope="module")
def bare(browser: Browser, served: str) -> Iterator[Page]:
    """Open a page without widgets, for the arithmetic alone."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(served + "404.html")
    yield page
    context.close()


def drawn(module: type[nn.RNNCellBase]) -> dict[str, Tensor]:
    """Draw weights that float16 holds."""
    torch.manual_seed(0)
    return {name: w.half().float() for name, w in module(E, H).state_dict().items()}


# The file


def test_all_of_float16_is_decoded_as_numpy_does(bare: Page, served: str) -> None:
    found = np.array(bare.evaluate(HALVES, served), dtype=np.float64)
    expected = np.arange(65536, dtype=np.uint16).view(np.float16).astype(np.float64)
    np.testing.assert_array_equal(found, expected)
    number = ~np.isnan(expected)
    np.testing.assert_array_equal(np.signbit(found[number]), np.signbit(expected[number]))


def test_tensors_come_by_name_in_float32(bare: Page, served: str) -> None:
    torch.manual_seed(0)
    tensors = {"encoder.weight": torch.randn(3, 2, 4), "encoder.bias": torch.randn(5),
               "head.bias": torch.zeros(0)}  # fmt: skip
    found = bare.evaluate(WEIGHTS, [served, hand(bare, tensors), ""])
    for (name, kind, shape, data), (key, tensor) in zip(found, tensors.items(), strict=True):
        assert (name, kind, shape) == (key, "Float32Array", list(tensor.shape))
        assert torch.equal(torch.tensor(data), tensor.half().float().flatten())
    found = bare.evaluate(WEIGHTS, [served, "weights.json", "encoder."])
    assert [name for name, *_ in found] == ["weight", "bias"]


def serve(page: Page, name: str, file: dict[str, Any]) -> str:
    page.route(f"**/{name}", lambda route: route.fulfill(body=json.dumps(file)))
    return name


def test_whole_numbers_of_eight_bits_have_a_scale(bare: Page, served: str) -> None:
    numbers = np.arange(-128, 128).astype(np.int8)
    file = {"w": {"shape": [16, 16], "dtype": "int8", "scale": 0.03,
                  "data": base64.b64encode(numbers.tobytes()).decode()}}  # fmt: skip
    found = bare.evaluate(WEIGHTS, [served, serve(bare, "int8.json", file), ""])
    expected = (numbers.astype(np.float64) * 0.03).astype(np.float32)
    np.testing.assert_array_equal(np.array(found[0][3], dtype=np.float32), expected)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"shape": [4, 2]}, "w: expected 16 bytes for [4,2], got 12"),
        ({"dtype": "float64"}, "w: expected float16 or int8, got float64"),
        ({"dtype": "int8"}, "w: int8 needs a scale above 0, got NaN"),
        ({"dtype": "int8", "scale": 0}, "w: int8 needs a scale above 0, got 0"),
    ],
)
def test_wrong_file_is_refused(
    bare: Page, served: str, change: dict[str, Any], message: str
) -> None:
    bare.unroute_all()
    name = serve(bare, "wrong.json", {"w": stored(torch.ones(3, 2)) | change})
    with pytest.raises(Error) as caught:
        bare.evaluate(WEIGHTS, [served, name, ""])
    assert message in str(caught.value)


def test_missing_file_is_named(bare: Page, served: str) -> None:
    with pytest.raises(Error, match=r"nothing\.json: 404"):
        bare.evaluate(WEIGHTS, [served, "nothing.json", ""])


# The steps


@pytest.mark.parametrize("name", CELLS)
@pytest.mark.parametrize("suffix", ["", "_l0", "_l1_reverse"])
def test_steps_are_those_of_torch(bare: Page, served: str, name: str, suffix: str) -> None:
    cell, module, _ = CELLS[name]
    weights = drawn(module)
    bare.unroute_all()
    url = hand(bare, {key + suffix: w for key, w in weights.items()})
    x = torch.randn(T, E)
    found = bare.evaluate(RUN, [served, name, url, suffix, x.tolist(), H])
    h = c = torch.zeros(1, H)
    reference = module(E, H)
    reference.load_state_dict(weights)
    for t, state in enumerate(found):
        given: Any = (h, c) if name == "lstmStep" else h
        theirs = reference(x[t : t + 1], given)
        expected = cell(x[t : t + 1], given, **weights)
        h, c = expected if name == "lstmStep" else (expected, c)
        wanted = expected if name == "lstmStep" else (expected,)
        other = theirs if name == "lstmStep" else (theirs,)
        assert len(state) == len(wanted)
        for part, ours, torchs in zip(state, wanted, other, strict=True):
            ours = ours[0].detach()
            torch.testing.assert_close(torch.tensor(part), ours, rtol=BOUND, atol=BOUND)
            torch.testing.assert_close(ours, torchs[0].detach(), rtol=BOUND, atol=BOUND)


@pytest.mark.parametrize("name", CELLS)
def test_the_step_player_computes_the_same(bare: Page, served: str, name: str) -> None:
    """One step, as it is explained number by number."""
    _, module, cell = CELLS[name]
    weights = {f"{key}_l0": w.tolist() for key, w in drawn(module).items()}
    x, h, c = (torch.randn(size).tolist() for size in (E, H, H))
    explained, found = bare.evaluate(EXPLAINED, [served, name, cell, weights, x, h, c])
    torch.testing.assert_close(*map(torch.tensor, (explained, found)), rtol=BOUND, atol=BOUND)


def tensor(values: Tensor) -> dict[str, Any]:
    return {"shape": list(values.shape), "data": values.flatten().tolist()}


def test_linear_layer_and_probabilities_are_those_of_torch(bare: Page, served: str) -> None:
    torch.manual_seed(0)
    x, w, b = torch.randn(E), torch.randn(H, E), torch.randn(H)
    for bias in (b, None):
        values = [x.tolist(), tensor(w), *([] if bias is None else [tensor(bias)])]
        found = bare.evaluate(CALL, [served, "cells", "linear", *values])
        expected = nn.functional.linear(x, w, bias)
        torch.testing.assert_close(torch.tensor(found), expected, rtol=BOUND, atol=BOUND)
    for scores in (torch.randn(H), 1000 * torch.randn(H), torch.zeros(1), torch.zeros(0)):
        found = bare.evaluate(CALL, [served, "cells", "softmax", scores.tolist()])
        shown = torch.tensor(found, dtype=torch.float32)
        torch.testing.assert_close(shown, scores.softmax(0), rtol=BOUND, atol=1e-12)


def test_a_row_of_a_matrix_is_that_of_torch(bare: Page, served: str) -> None:
    """As it is looked up in an embedding."""
    matrix = torch.arange(12.0).reshape(4, 3)
    for k, expected in enumerate(matrix.tolist()):
        found = bare.evaluate(ROW, [served, tensor(matrix), k])
        assert found == expected


@pytest.mark.parametrize(
    ("name", "values", "message"),
    [
        ("linear", [[1, 2], tensor(torch.ones(4, 3))], "x: expected 3 elements, got 2"),
        ("row", [tensor(torch.ones(4, 3)), 4], "expected a row from 0 to 3, got 4"),
        ("row", [tensor(torch.ones(4, 3)), -1], "expected a row from 0 to 3, got -1"),
    ],
)
def test_wrong_sizes_are_refused(
    bare: Page, served: str, name: str, values: list[Any], message: str
) -> None:
    with pytest.raises(Error) as caught:
        bare.evaluate(CALL, [served, "cells", name, *values])
    assert message in str(caught.value)
