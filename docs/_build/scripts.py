"""What is published of a widget's module: the code without its comments.

The types of the widgets stand in their comments, which are a quarter of what a reader of the site
would have to wait for. In the modules, a comment begins a line or is `/** … */`.
"""

import re

BLOCK = r"/\*\*(?:(?!\*/).)*\*/"
COMMENT = re.compile(rf"(?ms)^[ \t]*(?://[^\n]*|{BLOCK}[ \t]*(?:{BLOCK})?)\n|{BLOCK} ?")


def without_comments(source: str) -> str:
    """Return a module without its comments; no other line changes, those of templates included."""
    return COMMENT.sub("", source)
