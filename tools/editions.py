"""What ties the editions together: links from each page to its twins."""

import posixpath
import re

from tools.site import settings, site_folder

ALTERNATE = re.compile(r'<link rel="alternate" href="[^"]*" hreflang="(\w+)">')
SWITCH = re.compile(r'<a href="[^"]*" hreflang="(\w+)"')


def linked(output: str, language: str, url: str) -> str:
    """Point the links to the other editions, which lead to their front pages, at this page's twins.

    In the head they are absolute, as search engines demand, and `rel` ends in a blank: Material's
    script would otherwise ask those addresses for their site maps, wherever the site is opened.
    """

    def absolute(link: re.Match[str]) -> str:
        href = posixpath.join(settings(link[1])["site_url"], url)
        return f'<link rel="alternate " href="{href}" hreflang="{link[1]}">'

    def relative(link: re.Match[str]) -> str:
        here, there = (posixpath.join(site_folder(name), url) for name in (language, link[1]))
        href = posixpath.relpath(there, posixpath.dirname(here) or ".")
        return f'<a href="{href}" hreflang="{link[1]}"'

    return SWITCH.sub(relative, ALTERNATE.sub(absolute, output))


def without_twins(output: str) -> str:
    """Remove the links to twins from the head of a page that has none, the 404 page."""
    return ALTERNATE.sub("", output)
