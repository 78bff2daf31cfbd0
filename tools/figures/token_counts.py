"""How often each letter of a rhyme and each character of some poems occurs, most frequent first."""

from collections import Counter

from matplotlib.figure import Figure

from tools.figures.quoted import quoted, rhyme
from tools.figures.style import INK, LINE, SIZE, E, H, canvas, plot_axes, text


def draw() -> Figure:
    poems = "".join(quoted("sequences/verse.md", "poems").split())

    figure, page = canvas(height=292)
    ax = plot_axes(figure, 54, 26, 380, 216, log="x")
    ax.set(xlim=(1, 300), ylim=(0.8, 600), yscale="log")
    ax.set_xticks([1, 10, 100], ["1", "10", "100"])
    ax.set_yticks([1, 10, 100], ["1", "10", "100"])
    ax.minorticks_off()
    ax.grid(axis="y", color=LINE, linewidth=0.8)
    ax.patch.set_visible(False)
    ax.set_title("how often it occurs", loc="left", fontsize=SIZE, color=INK, pad=10)
    for label, string, color, place in (
        ("letters of the rhyme", rhyme(), H, (214, 70)),
        ("characters of the poems", poems, E, (300, 180)),
    ):
        counts = sorted(Counter(string).values(), reverse=True)
        ax.plot(range(1, len(counts) + 1), counts, color=color, marker="o", markersize=3)
        text(page, place, label, color, align="left")
    text(page, (244, 281), "place, most frequent first", INK)
    return figure
