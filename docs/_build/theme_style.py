"""What is changed in the theme's own style sheets."""

# The order of the pseudo-elements is that of the minified file.
SWITCHING = (
    "[data-md-color-switching] *,[data-md-color-switching] :after,[data-md-color-switching] :before"
    "{transition-duration:0s!important}"
)


def without_switching(sheet: str) -> str:
    """Take out the rule that keeps a change of scheme from fading; site.js adds it when it is needed.

    Material's script sets and unsets the attribute whenever a page has loaded, and with this rule
    every element is styled anew each time.

    Raises:
        ValueError: if the sheet is another one than that of Material 9.8.
    """
    if sheet.count(SWITCHING) != 1:
        raise ValueError("the theme's palette has changed: how does it keep colours from fading?")
    return sheet.replace(SWITCHING, "")
