"""The theme's script as it is published: steps within a page leave the page as it is.

The script is told each place that a reader goes to, but not where the visit began.  So it took the
first step within a page, say to a heading, for one to another page: it fetched that page and put it
in its own place.  What the reader had set in a widget was lost, and at times the heading, too.
"""

import re

# By what is there, what is published; names are those of the minified script.
MENDS = {
    # All pages but the one that is there.
    r'let (\w+=\w+\.pipe\(\w+\("pathname"\),(\w+)\()': (
        r"let link,last=new URL(location),first=location.pathname,"
        r"\1(place,index)=>index||place.pathname!==first?[place]:[]),\2("
    ),
    # Places on the page that is there; the script looked for them once another page had come.
    # A link may lead again to where the last one led.
    r'\w+\.pipe\((\w+\()\(\)=>(\w+)\),\w+\("hash"\)\)': (
        r"\2.pipe(\1place=>{let here=last.pathname===place.pathname"
        r"&&(last.hash!==place.hash||link===place);last=place;return here?[place]:[]}))"
    ),
    # A link to where the reader is adds nothing to the history.  The script took an entry back if
    # a link was followed again, and the reader with it, had the address changed by scrolling.
    r'history\.replaceState\((\w+),""\),history\.pushState\(null,"",(\w+)\)': (
        r'link=\2,\2.href===location.href?history.replaceState(null,""):'
        r'(history.replaceState(\1,""),history.pushState(null,"",\2))'
    ),
    r",\w+\.pipe\(\w+\(\((\w+),(\w+)\)=>\1\.pathname===\2\.pathname&&\1\.hash===\2\.hash\),"
    r"\w+\(\(\)=>\w+\),\w+\(\(\)=>history\.back\(\)\)\)": "",
    # The address follows the headings; where on the page the reader was stays with it.
    r'(history\.replaceState\()\{\}(,"",`\$\{(\w+)\}`\)\)\}else \3\.hash="",\1)\{\}': (
        r"\1history.state\2history.state"
    ),
}


def mended_navigation(script: str) -> str:
    """Let the theme's script keep the page that a reader is on, and the place on it.

    Raises:
        ValueError: if the script is another one than that of Material 9.8.
    """
    for place, mend in MENDS.items():
        script, count = re.subn(place, mend, script)
        if count != 1:
            raise ValueError(f"the theme's script has changed: {count} places are like {place}")
    return script
