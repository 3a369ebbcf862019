"""An embedded ERP for trying out and for tests: it speaks OpenERP 5.0's XML-RPC, its faults and quirks included.

    with Sandbox() as sandbox:
        proxy = xmlrpc.client.ServerProxy(sandbox.url + "/xmlrpc/object")
        proxy.execute("terp", 3, "admin", "crm.case", "search", [])

Everything listens on 127.0.0.1 only. Mails that the ERP sends, and mails that are handed to `smtp_port`, are kept in
`sink` and go nowhere.
"""

from __future__ import annotations

import contextlib
import signal
import threading

from mailgate.sandbox import seed as seeding
from mailgate.sandbox.mailbag import Mailbag
from mailgate.sandbox.mailer import Mailer
from mailgate.sandbox.reading import ADMIN
from mailgate.sandbox.server import Server
from mailgate.sandbox.services import Services
from mailgate.sandbox.sink import Envelope, Sink
from mailgate.sandbox.store import Store

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Self

DATABASE = "terp"

__all__ = ["DATABASE", "Envelope", "Sandbox", "Sink", "serve"]


class Sandbox:
    """The ERP, its SMTP sink, and a page that shows both. Use it as a context manager, or `close` it.

    `path` is a database file that outlives the sandbox (mails go to a second file beside it); ":memory:" is one that
    does not. Ports: 0 is any free one. `seed` makes the example company in a new database. Raises OSError if a port
    is taken. `calls` lists model and method of every `object.execute`; `fail_next` is `Server.fail_next`.
    """

    def __init__(self, path: str = ":memory:", port: int = 0, smtp_port: int = 0, *, seed: bool = True) -> None:
        with contextlib.ExitStack() as opened:
            self.store = opened.enter_context(contextlib.closing(Store(path)))
            mailbag = None
            if path != ":memory:":
                mailbag = opened.enter_context(contextlib.closing(Mailbag(path + ".mails")))
            self.sink = opened.enter_context(Sink(smtp_port, keep=mailbag.keep if mailbag else None))
            self.sink.mails += mailbag.mails() if mailbag else []
            self.mailer = Mailer(port=self.sink.port)
            self._prepare(seed)
            self.services = Services(self.store, self.mailer, DATABASE)
            self.server = Server(self.services, port, self._page)
            self._opened = opened.pop_all()
        self.url = f"http://127.0.0.1:{self.server.port}"
        self.page_url = self.url + "/"
        self.smtp_port = self.sink.port
        self.calls = self.services.calls
        self.fail_next = self.server.fail_next

    def _prepare(self, seed: bool) -> None:
        if self.store.new:
            with self.store.writing() as db:
                seeding.base(self.store, db, self.mailer)
                if seed:
                    seeding.company(self.store, db, self.mailer)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop everything; waits for calls that are being carried out."""
        self.sink.close()  # first, so that a call which waits for a mail's reception ends
        self.server.close()
        self._opened.close()

    def execute(self, model: str, method: str, *args: Any) -> Any:
        """Call a model's method as the administrator, past the network and not counted. Raises Fault."""
        return self.services.run(ADMIN, model, method, *args)

    def pause(self) -> None:
        """Refuse connections until `resume`: the ERP is down."""
        self.server.listener.pause()

    def resume(self) -> None:
        """Listen again."""
        self.server.listener.resume()

    def reset(self) -> None:
        """Forget the calls that were counted, and the mails."""
        self.calls.clear()
        self.sink.clear()

    def _page(self) -> str:
        from mailgate.sandbox.page import render

        return render(self.services, self.sink.mails)


def serve(
    path: str = ":memory:", port: int = 0, smtp_port: int = 0, *, say: Callable[[str], None] = print, seed: bool = True
) -> None:
    """Run a sandbox until it is interrupted or terminated, saying where it listens."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, signal.default_int_handler)
    with Sandbox(path, port, smtp_port, seed=seed) as sandbox:
        try:
            say("A sandbox, for trying out and for tests: it delivers no mail and is no ERP.")
            say(f"ERP   {sandbox.url}  (database {DATABASE}, user 3, password admin)")
            say(f"SMTP  127.0.0.1:{sandbox.smtp_port}")
            say(f"Page  {sandbox.page_url}")
            threading.Event().wait()
        except KeyboardInterrupt:
            say("The sandbox ends.")
