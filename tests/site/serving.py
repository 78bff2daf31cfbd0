"""The built site on a port of this machine, as a web server publishes it, and quicker to visit."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache, partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

PREFIX = "/rnn-tutorial/"  # the path of `site_url`, from which the 404 page takes its links


class Published(SimpleHTTPRequestHandler):
    """Serve the site under its published path, with its own 404 page."""

    def translate_path(self, path: str) -> str:
        inside = path.removeprefix(PREFIX.rstrip("/")) if path.startswith(PREFIX) else "/nowhere"
        return super().translate_path(inside)

    def end_headers(self) -> None:
        self.send_header("Cache-Control", "max-age=3600")  # the site stays as it is for this run
        super().end_headers()

    def send_error(self, code: int, *_: object, **__: object) -> None:
        page = (Path(self.directory) / "404.html").read_bytes()
        self.send(code, "text/html; charset=utf-8", page)

    def send(self, code: int, kind: str, body: bytes) -> None:
        self.send_response(code)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Keep the test's output to itself."""


class WithoutSearch(Published):
    """Serve an index of no words: to read the site's takes longer than all else on a page."""

    def do_GET(self) -> None:
        if not self.path.endswith("/search_index.json"):
            return super().do_GET()
        return self.send(200, "application/json", empty_index(self.translate_path(self.path)))


@cache
def empty_index(path: str) -> bytes:
    """Return a search index without its words; every page asks for it."""
    index = json.loads(Path(path).read_text(encoding="utf-8"))
    return json.dumps(index | {"docs": []}).encode()


@contextmanager
def serving(site: Path, handler: type[Published]) -> Iterator[str]:
    """Serve a folder; give the address of its start page's folder."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(handler, directory=str(site)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}{PREFIX}"
    server.shutdown()
    server.server_close()
