"""Lighthouse's scores of the built site, on the phone that it emulates.

    make site && npm --prefix benchmarks/js ci && python benchmarks/lighthouse.py [PAGE ...]

The site is served as a host would serve it, compressed and with an age for the browser's cache.
A page is visited five times and the visit with the median performance shown, as Lighthouse's own
documentation advises (docs/variability.md), with the lowest and the highest in brackets.
Shown are the four scores, of 100, how many milliseconds long tasks keep the page from answering,
and the largest layout shift of all visits.
"""

import gzip
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PROGRAM = ROOT / "benchmarks/js/node_modules/.bin/lighthouse"
PAGES = [
    "index.html",
    "foundations/rnn-by-hand.html",
    "look-up/shape-explorer.html",
    "labs/digits.html",
]
VISITS = 5
CATEGORIES = ["performance", "accessibility", "best-practices", "seo"]
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = "--headless=new --no-sandbox --disable-gpu --disable-background-networking --no-first-run"


class Compressed(SimpleHTTPRequestHandler):
    """Serve text gzipped, as GitHub Pages does."""

    def do_GET(self) -> None:
        path = Path(self.translate_path(self.path))
        if not path.is_file():
            self.send_error(404)
            return
        body, kind = path.read_bytes(), self.guess_type(str(path))
        self.send_response(200)
        if path.suffix not in (".woff2", ".png"):
            body = gzip.compress(body, 6)
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "max-age=600")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Keep the table free of requests."""


def report(address: str, browser: str) -> dict[str, Any]:
    """Run Lighthouse once."""
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "report.json"
        command = [str(PROGRAM), address, "--quiet", "--output=json", f"--output-path={target}"]
        command += [f"--only-categories={','.join(CATEGORIES)}", f"--chrome-flags={FLAGS}"]
        environment = os.environ | {"CHROME_PATH": browser}
        subprocess.run(command, check=True, env=environment, stdin=subprocess.DEVNULL)
        return json.loads(target.read_text(encoding="utf-8"))


def scores(found: dict[str, Any]) -> list[int]:
    """List the scores of one visit in the order of `CATEGORIES`, so that visits can be sorted."""
    return [round(100 * found["categories"][name]["score"]) for name in CATEGORIES]


def complaints(found: dict[str, Any]) -> list[str]:
    """List the audits that cost a score."""
    weighed = {
        reference["id"]
        for name in CATEGORIES
        for reference in found["categories"][name]["auditRefs"]
        if reference["weight"]
    }
    audits = [audit for name, audit in found["audits"].items() if name in weighed]
    low = [audit for audit in audits if audit["score"] is not None and audit["score"] < 0.9]
    return [f"{audit['id']}: {audit.get('displayValue') or audit['title']}" for audit in low]


def main(pages: list[str]) -> None:
    """Print a line for each page, and below it what cost points."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None or not PROGRAM.is_file() or not (ROOT / "site/index.html").is_file():
        sys.exit(f"This needs Chromium or Chrome, {PROGRAM.relative_to(ROOT)} and site/: see above")
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Compressed, directory=ROOT / "site"))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(f"{'page':<30}{' '.join(f'{name:>14}' for name in CATEGORIES)}  blocking  layout shift")
    for page in pages:
        address = f"http://127.0.0.1:{server.server_port}/{page}"
        visits = sorted((report(address, browser) for _ in range(VISITS)), key=scores)
        found = visits[VISITS // 2]
        performance, *others = scores(found)
        of_all = f"{performance} ({scores(visits[0])[0]} to {scores(visits[-1])[0]})"
        columns = " ".join(f"{column:>14}" for column in (of_all, *others))
        blocking = found["audits"]["total-blocking-time"]["numericValue"]
        shift = max(visit["audits"]["cumulative-layout-shift"]["numericValue"] for visit in visits)
        print(f"{page:<30}{columns}  {blocking:>8.0f}  {shift:.4f}", flush=True)
        for complaint in complaints(found):
            print(f"    {complaint}")


if __name__ == "__main__":
    main(sys.argv[1:] or PAGES)
