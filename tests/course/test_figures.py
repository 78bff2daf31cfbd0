"""The committed figures are what their modules draw now, and their colours can be read."""

import re
from functools import cache
from itertools import pairwise, zip_longest
from pathlib import Path
from xml.etree import ElementTree

import pytest
from markdown import Markdown
from matplotlib.font_manager import findfont
from PIL import ImageFont

from tools.figures import TARGET, module, names, target
from tools.figures.drawing import drawn_svg
from tools.figures.palette import PALETTE
from tools.figures.style import TINT
from tools.figures.tidy import _ungroup

NUMBER = re.compile(r"(?<![#\w])-?\d+\.?\d*(?:e-?\d+)?")  # no part of a colour or a name
SITE_CSS = TARGET.parent / "site.css"
SCHEMES = {"light": r":root,\s*\[data-md-color-scheme=\"default\"\]", "dark": r"\[[^]]*slate\"\]"}
AA = 4.5  # WCAG 2.2, 1.4.3, text of ordinary size


drawn = cache(drawn_svg)  # for several tests


def differences(actual: str, expected: str, tolerance: float) -> list[str]:
    """Compare two SVG texts: words exactly, numbers within a tolerance; name what differs."""
    found = []
    trees = [list(ElementTree.fromstring(svg).iter()) for svg in (actual, expected)]
    for index, (a, b) in enumerate(zip_longest(*trees)):
        if a is None or b is None or (a.tag, a.attrib.keys()) != (b.tag, b.attrib.keys()):
            return [*found, f"element {index}: {_show(a)} where the file has {_show(b)}"]
        for kind in ("text", "tail"):
            if (getattr(a, kind) or "") != (getattr(b, kind) or ""):
                found.append(f"element {index}, {kind}: {_show(a)} where the file has {_show(b)}")
        for key, value in a.attrib.items():
            if not _close(value, b.attrib[key], tolerance):
                found.append(
                    f"element {index}, {_show(a)}: {key}={value!r}, in the file {b.attrib[key]!r}"
                )
    return found


def _show(element: ElementTree.Element | None) -> str:
    if element is None:
        return "nothing"
    return f"<{element.tag.split('}')[-1]}> {(element.text or '').strip()!r}"


def _close(a: str, b: str, tolerance: float) -> bool:
    if a == b:
        return True
    numbers = [[float(number) for number in NUMBER.findall(text)] for text in (a, b)]
    return NUMBER.sub("?", a) == NUMBER.sub("?", b) and all(
        abs(x - y) <= tolerance for x, y in zip(*numbers, strict=True)
    )


@pytest.mark.parametrize("name", names())
def test_figure_is_what_its_module_draws(name: str) -> None:
    assert target(name).is_file(), f"run: python -m tools.figures {name}"
    tolerance = getattr(module(name), "TOLERANCE", 0.02)
    found = differences(drawn(name), target(name).read_text(encoding="utf-8"), tolerance)
    assert not found, f"{target(name).name}: " + "\n".join(found[:10])


def test_figure_is_drawn_the_same_twice() -> None:
    name = names()[0]
    assert drawn_svg(name) == drawn(name)


def test_every_svg_has_a_module() -> None:
    assert {path.name for path in TARGET.iterdir()} == {target(name).name for name in names()}


@pytest.mark.parametrize("name", names())
def test_figure_stands_alone_and_inlined(name: str) -> None:
    svg = drawn(name)
    assert "<style" not in svg, "a style element in an inlined SVG reaches the whole page"
    assert not re.search(r"(?:href|url\()[=\"'(]*https?:", svg), (
        "it asks another site for something"
    )
    fonts = set(re.findall(r"font(?:-family)?: (.)", svg))
    assert fonts == {"v"}, "a font other than var(--fig-font): readers may not have it"
    assert "$" not in svg, "mathtext is off: write s_{t-1}"
    fixed = set(re.findall(r"#[0-9a-f]{6}\b", re.sub(r"var\([^)]*\)", "", svg)))
    assert not fixed, f"colours outside of the palette do not follow the scheme: {fixed}"
    # A figure is 382 px wide on a phone of 390 px; site.css never makes it narrower than 0.7 px a
    # unit.
    width = float(svg.split('viewBox="')[1].split()[2])
    scale = max(0.7, 382 / width)
    for attributes, content in re.findall(r"<text\b([^>]*)>(.*?)</text>", svg, re.DOTALL):
        size = float(re.findall(r"font-size: ([\d.]+)px", attributes)[0]) * scale
        assert size >= 9.5, f"too small on a phone: {content}"
        for percent in re.findall(r'font-size="(\d+)%"', content):
            assert size * int(percent) / 100 >= 8, f"too small on a phone: {content}"


@pytest.mark.parametrize("name", names())
def test_numbers_in_a_row_do_not_touch(name: str) -> None:
    """As wide as in DejaVu Sans, which is wider than what most readers have."""
    font = ImageFont.truetype(findfont("DejaVu Sans"), 100)
    ends: dict[str, list[tuple[float, float, str]]] = {}
    for text in ElementTree.fromstring(drawn(name)).iter("{http://www.w3.org/2000/svg}text"):
        style, number = text.attrib["style"], text.text or ""
        if "text-anchor: middle" in style and re.fullmatch(r"−?\d+\.\d+", number):
            half = (
                float(style.split("font-size: ")[1].split("px")[0]) * font.getlength(number) / 200
            )
            x = float(text.attrib["x"])
            ends.setdefault(text.attrib["y"], []).append((x - half, x + half, number))
    for row in ends.values():
        for (_, end, left), (start, _, right) in pairwise(sorted(row)):
            assert start - end >= 3, f"{left} and {right} touch"


# Into the page


def page(markdown: str) -> str:
    extensions = ["attr_list", "pymdownx.arithmatex", "tools.inline_svg"]
    options = {"pymdownx.arithmatex": {"generic": True}}
    return Markdown(extensions=extensions, extension_configs=options).convert(markdown)


def test_image_becomes_a_figure() -> None:
    html = page('![Row "a" & $x_t$](../assets/figures/memory-loop.svg "Of $x_t$."){ #fig-a .wide }')
    start = '<figure class="figure wide" id="fig-a" style="--figure-width: 520"><svg role="img" '
    assert html.startswith(start + 'aria-label="Row &quot;a&quot; &amp; x_t"')
    assert "<?xml" not in html
    assert "<!DOCTYPE" not in html
    caption = '<figcaption>Of <span class="arithmatex">\\(x_t\\)</span>.</figcaption></figure>'
    assert html.endswith(caption)


def test_ids_of_figures_do_not_clash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shape = '<defs><path id="p" d="M 0 0"/></defs><use xlink:href="#p" clip-path="url(#p)"/>'
    for name in ("one", "two"):
        svg = f'<?xml version="1.0"?>\n<svg viewBox="0 0 9 9">{shape}</svg>'
        (tmp_path / f"{name}.svg").write_text(svg, encoding="utf-8")
    monkeypatch.setattr("tools.inline_svg.FIGURES", tmp_path)
    html = page("\n\n".join(f"![x](assets/figures/{name}.svg)" for name in ("one", "two", "one")))
    ids = re.findall(r' id="([^"]*)"', html)
    assert ids == ["one-p", "two-p", "one-2-p"]
    assert re.findall(r'href="#([^"]*)"', html) == re.findall(r"url\(#([^)]*)", html) == ids


def test_a_long_line_is_written_by_steps_that_do_not_drift(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    points = [(0.04 * k, 100 - 0.33 * k) for k in range(500)]
    line = " L ".join(f"{x:.2f} {y:.2f}" for x, y in points)
    svg = f'<svg viewBox="0 0 9 9"><path d="M {line} "/><path d="M 0 0 L 1.25 2 "/></svg>'
    (tmp_path / "line.svg").write_text(svg, encoding="utf-8")
    monkeypatch.setattr("tools.inline_svg.FIGURES", tmp_path)
    html = page("![x](assets/figures/line.svg)")
    assert 'd="M 0 0 L 1.25 2 "' in html, "a short line is left alone"
    written = re.search(r'd="M([^l"]*)l([^"]*)"', html)
    assert written
    start, steps = ([float(n) for n in part.split()] for part in written.groups())
    assert len(steps) == 2 * 499
    for axis in (0, 1):
        here = start[axis]
        for point, step in zip(points[1:], steps[axis::2], strict=True):
            here += step
            assert abs(here - point[axis]) <= 0.05 + 0.005 + 1e-9


@pytest.mark.parametrize(
    ("image", "message"),
    [
        ("![](../assets/figures/memory-loop.svg)", r"memory-loop\.svg: no alt text"),
        ("![x](../assets/figures/nowhere.svg)", r"nowhere\.svg: no such figure"),
        ("See ![x](../assets/figures/memory-loop.svg)", r"memory-loop\.svg: .* stands alone"),
        ("![x](../assets/figures/memory-loop.svg) Yes", r"memory-loop\.svg: .* stands alone"),
    ],
)
def test_bad_image_is_named(image: str, message: str) -> None:
    with pytest.raises((ValueError, FileNotFoundError), match=message):
        page(image)


# Colours


def variables(scheme: str) -> dict[str, str]:
    """Read the variables of a scheme from site.css: the light ones, and what the dark change."""
    css = re.sub(r"/\*.*?\*/", "", SITE_CSS.read_text(encoding="utf-8"), flags=re.DOTALL)
    shared = r":root,\s*\[data-md-color-scheme\]"
    found: dict[str, str] = {}
    for selector in (SCHEMES["light"], SCHEMES[scheme], shared):
        block = re.search(selector + r"\s*\{([^}]*)\}", css)
        assert block, f"site.css: no block {selector}"
        found |= dict(re.findall(r"--([\w-]+):\s*([^;]+);", block[1]))
    return found


def rgb(found: dict[str, str], name: str) -> tuple[float, ...]:
    value = found[name]
    while reference := re.fullmatch(r"var\(--([\w-]+)\)", value):
        value = found[reference[1]]
    assert re.fullmatch(r"#[0-9a-f]{6}", value), f"--{name}: {value} is no colour in hexadecimal"
    return tuple(int(value[i : i + 2], 16) / 255 for i in (1, 3, 5))


def luminance(color: tuple[float, ...]) -> float:
    linear = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in color)
    return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(a: tuple[float, ...], b: tuple[float, ...]) -> float:
    """WCAG's contrast ratio, 1 to 21."""
    dark, light = sorted((luminance(a), luminance(b)))
    return (light + 0.05) / (dark + 0.05)


def blend(front: tuple[float, ...], back: tuple[float, ...], opacity: float) -> tuple[float, ...]:
    return tuple(opacity * f + (1 - opacity) * b for f, b in zip(front, back, strict=True))


@pytest.mark.parametrize("scheme", SCHEMES)
def test_text_can_be_read(scheme: str) -> None:
    found = variables(scheme)
    on_page = ["ink", "muted", "accent", "accent-strong", "negative"]
    on_page += [name for name in found if name.startswith("axis-")]
    in_code = ["ink", "muted"] + [name for name in found if name.startswith("code-")]
    pairs = [(text, ground) for text in on_page for ground in ("page",)]
    pairs += [(text, ground) for text in in_code for ground in ("raised", "quiet", "page")]
    assert len(pairs) >= 34
    poor = {
        f"--{text} on --{ground}": round(ratio, 2)
        for text, ground in pairs
        if (ratio := contrast(rgb(found, text), rgb(found, ground))) < AA
    }
    assert not poor


@pytest.mark.parametrize("scheme", SCHEMES)
def test_numbers_in_a_heat_map_can_be_read(scheme: str) -> None:
    found = variables(scheme)
    ink, page = rgb(found, "fig-ink"), rgb(found, "page")
    for name in ("n", "t", "e", "h", "ld", "neg"):
        cell = blend(rgb(found, f"fig-{name}"), page, TINT)
        assert contrast(ink, cell) >= AA, f"--fig-ink on the full tint of --fig-{name}"


@pytest.mark.parametrize("scheme", SCHEMES)
def test_site_css_defines_every_colour_of_the_figures(scheme: str) -> None:
    found = variables(scheme)
    assert {f"fig-{name}" for name in PALETTE} <= found.keys()
    if scheme == "light":  # standing alone, a figure looks as on the light site, on white
        for name in PALETTE.keys() - {"paper"}:
            alone = tuple(int(PALETTE[name][i : i + 2], 16) / 255 for i in (1, 3, 5))
            assert alone == rgb(found, f"fig-{name}"), name


def test_palette_can_be_read_on_paper() -> None:
    paper = rgb(PALETTE, "paper")
    for name in PALETTE.keys() - {"paper", "line"}:
        assert contrast(rgb(PALETTE, name), paper) >= AA, name


def test_groups_that_carry_nothing_go_and_empty_ones_stay_closed() -> None:
    svg = '<g><g id="a"><path/></g><g/><g class="x"/></g>'
    assert _ungroup(svg) == '<g id="a"><path/></g><g/><g class="x"/>'
