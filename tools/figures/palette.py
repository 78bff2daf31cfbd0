"""The colours and the type of figures: plain values, which cost nothing."""

# The light scheme; site.css defines --fig-NAME for both schemes. No two names share a colour.
PALETTE = {
    "ink": "#23262d",  # text
    "muted": "#5d6470",  # secondary text, arrows
    "line": "#c9ccd3",  # grids and frames: never text
    "paper": "#ffffff",  # the sheet behind a figure; transparent on the site
    "n": "#5f6875",  # batch
    "t": "#8f5a00",  # time
    "e": "#22763a",  # input features
    "h": "#1f5fbf",  # hidden features
    "ld": "#7440b8",  # layers x directions
    "neg": "#b5452f",  # negative values in a heat map
}
FONT = (
    "var(--fig-font, system-ui, -apple-system, 'Segoe UI', Roboto, "
    "'Noto Sans', 'Helvetica Neue', Arial, sans-serif)"
)
