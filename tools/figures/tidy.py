"""Make matplotlib's SVG fit for a page: small, and coloured by the style sheet."""

import re

from tools.figures.palette import FONT, PALETTE


def tidy(svg: str) -> str:
    """Make matplotlib's SVG small, free of global styles, and its colours replaceable by CSS."""
    svg = svg[svg.index("<svg") :]
    for part in (r"<metadata>.*?</metadata>", r"<style.*?</style>", r"<!--.*?-->"):
        svg = re.sub(part, "", svg, flags=re.DOTALL)
    svg = re.sub(r"<defs>\s*</defs>", "", svg)
    svg = re.sub(r' id="(step-\d[^"]*)"', r' class="\1"', svg)  # what the front page moves through
    used = set(re.findall(r'(?:url\(#|href="#)([^")]+)', svg))
    svg = re.sub(r' id="([^"]*)"', lambda id: id[0] if id[1] in used else "", svg)
    svg = _short_ids(svg)
    svg = re.sub(r"<[^>]*>", _tidy_tag, _ungroup(svg))
    svg = re.sub(r"(?<=>)[^<>]*_[^<>]*(?=</text>)", lambda label: subscripts(label[0]), svg)
    return re.sub(r"\s*\n\s*", "\n", svg).strip() + "\n"


def _short_ids(svg: str) -> str:
    """Number what is referred to; matplotlib's names change with the last bit of a number."""
    names = dict.fromkeys(re.findall(r' id="([^"]*)"', svg))
    numbered = {name: f"i{number}" for number, name in enumerate(names)}
    return re.sub(
        r'( id="|url\(#|href="#)([^")]+)', lambda found: found[1] + numbered[found[2]], svg
    )


def _ungroup(svg: str) -> str:
    """Drop the groups that carry nothing."""
    kept: list[bool] = []

    def group(tag: re.Match[str]) -> str:
        if tag[0] != "</g>":
            kept.append(tag[0] != "<g>")
            return tag[0] if kept[-1] else ""
        return tag[0] if kept.pop() else ""

    return re.sub(r"<g\b[^>]*(?<!/)>|</g>", group, svg)  # not <g/>, which closes itself


def _tidy_tag(match: re.Match[str]) -> str:
    tag = re.sub(r"-?\d+\.\d{3,}", lambda number: f"{float(number[0]):.2f}", match[0])
    tag = re.sub(r"\s+", " ", tag)
    if tag.startswith("<svg"):
        root = f"font-family: {FONT}; font-variant-numeric: tabular-nums; stroke-linejoin: round"
        tag = re.sub(r'(width|height)="([\d.]+)pt"', r'\1="\2"', tag)
        return tag.replace("<svg", f'<svg style="{root}"', 1)
    # The font that the layout was measured with; readers get the root's.
    tag = tag.replace("font-family: 'DejaVu Sans'; ", "")
    tag = re.sub(r" transform=\"rotate\(-?0 [^)]*\)\"", "", tag)
    for name, color in PALETTE.items():
        tag = tag.replace(f": {color}", f": var(--fig-{name}, {color})")
    return tag


def subscripts(label: str) -> str:
    """Set x_{t-1} and x_t as x with a subscript."""

    def symbol(found: re.Match[str]) -> str:
        below = (found[2] or found[3]).replace("-", "−")
        return (
            f'<tspan font-style="italic">{found[1]}</tspan>'
            f'<tspan dy="0.25em" font-size="84%">{below}</tspan>'
            '<tspan dy="-0.21em">\u200b</tspan>'  # back on the line
        )

    return re.sub(r"([A-Za-z])_(?:\{([^}]*)\}|(\w))", symbol, label)
