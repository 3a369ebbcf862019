"""The transports to an Odoo behind one port: XML-RPC (releases 14 to 19) and JSON-2 (19 on).

Both call a model's method with named arguments, store the same for the same values, and sort what the server says into
the errors of `mailgate.status`. Nothing is read or sent before the first call, and no secret gets into an error.
"""

from __future__ import annotations

import json
import re
from abc import ABC, abstractmethod

from mailgate.erp.http import FORBIDDEN, Http, printable
from mailgate.erp.odoo_faults import OdooUserError, fault, json_error, status_error, unwritten
from mailgate.status import ErpDenied, ErpDoubt, ErpError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any, Protocol

    from mailgate.erp import Memory
    from mailgate.policy import Erp as Settings

    class OdooRpc(Protocol):
        """One server and database, as the gateway's user. Every method may raise ErpError."""

        @property
        def calls(self) -> int:
            """How many requests were sent, log-ins and questions for the release included."""

        @property
        def uid(self) -> int:
            """The gateway's user id."""

        @property
        def release(self) -> int:
            """The number before the first point of the release: 14, 19."""

        @property
        def spoken(self) -> str:
            """What is spoken with the server: XML-RPC or JSON-2."""

        def version(self) -> tuple[int, str]:
            """Return the release as a number and in the server's own words: (14, "14.0")."""

        def call(self, model: str, method: str, /, ids: Sequence[int] | None = None, **named: Any) -> Any:
            """Return what a model's method answers; `ids` are the records it is called on.

            Names are the same on both transports, but not on all releases: `search` has `args` on 14 and `domain` on
            19, `search_read` has `domain` on both. `context` is one of them.
            """

        def create(self, model: str, values: Mapping[str, Any], context: Mapping[str, Any]) -> int:
            """Make a record and return its id."""

        def close(self) -> None:
            """Close the connection. Another call opens it again."""


__all__ = ("Auto", "Json2", "OdooUserError", "XmlRpc", "fault", "open_rpc")

JSON2_SINCE = 19
DAY = 86400
WORD = 12  # a secret shorter than this may be a word of its own right, and is not looked for in a text

XML_CONTROLS = bytes([*range(9), 11, 12, *range(14, 32)])


# --- the transports


class _Transport(ABC):
    """What both have: settings, secret, memory, and a server that is asked one thing at a time."""

    def __init__(self, settings: Settings, secret: Callable[[], str], memory: Memory, http: Http) -> None:
        self.settings = settings
        self.memory = memory
        self.http = http
        self._read = secret
        self._secret: str | None = None
        self._uid: int | None = None
        self._version: tuple[int, str] | None = None

    @property
    def calls(self) -> int:
        """How many requests were sent."""
        return self.http.requests

    @property
    def secret(self) -> str:
        """The password or API key, read once, when the first call needs it."""
        if self._secret is None:
            self._secret = self._read()
        return self._secret

    @property
    def uid(self) -> int:
        """The gateway's user id, as remembered."""
        if self._uid is None:
            key = self.key(f"uid:{self.settings.user}")
            known = self.memory.recall(key, self.settings.remember)
            if not isinstance(known, int):
                known = self._who()
                self.memory.remember(key, known)
            self._uid = known
        return self._uid

    @property
    def release(self) -> int:
        """The number before the first point of the release."""
        return self.version()[0]

    def version(self) -> tuple[int, str]:
        """Return the release as a number and in the server's own words."""
        if self._version is None:
            self._version = _release(self._asked_version(), self.http.host)
        return self._version

    def close(self) -> None:
        """Close the connection."""
        self.http.close()

    def key(self, what: str) -> str:
        """Return the key under which something of this database is remembered."""
        return _key(self.settings, what)

    def failed(self, error: ErpError) -> ErpError:
        """Return an error without the secret; what was remembered is forgotten if the user is refused."""
        if isinstance(error, ErpDenied):
            self._uid = None
            self.memory.forget(self.key(""))
        if self._secret is not None and len(self._secret) >= WORD:
            error.args = tuple(str(part).replace(self._secret, "***") for part in error.args)
            error.detail = error.detail.replace(self._secret, "***")
        return error

    @abstractmethod
    def _who(self) -> int:
        """Return the id of the user that the secret belongs to."""

    @abstractmethod
    def _asked_version(self) -> object:
        """Return what the server says of its version."""


class XmlRpc(_Transport):
    """`OdooRpc` over /xmlrpc/2; the secret is a password or an API key."""

    spoken = "XML-RPC"

    @property
    def uid(self) -> int:
        """The gateway's user id: configured, or looked up by login and remembered."""
        user = self.settings.user
        return user if isinstance(user, int) else super().uid

    def call(self, model: str, method: str, /, ids: Sequence[int] | None = None, **named: Any) -> Any:
        """Return what a model's method answers (None where that cannot be written as XML)."""
        return self._execute(model, method, [] if ids is None else [list(ids)], named)

    def create(self, model: str, values: Mapping[str, Any], context: Mapping[str, Any]) -> int:
        """Make a record and return its id. On 14 `create` wants the values by position."""
        return _one_id(self._execute(model, "create", [dict(values)], {"context": dict(context)}))

    def _execute(self, model: str, method: str, arguments: list[Any], named: dict[str, Any]) -> Any:
        who = (self.settings.database, self.uid, self.secret)
        return self._ask("object", "execute_kw", *who, model, method, arguments, named)

    def _who(self) -> int:
        login = self.settings.user
        uid = self._ask("common", "authenticate", self.settings.database, login, self.secret, {})
        if isinstance(uid, int) and uid is not False:
            return uid
        raise self.failed(
            ErpDenied(f"the ERP refuses the login {login!r}: wrong login or password, or an inactive user")
        )

    def _asked_version(self) -> object:
        found = self._ask("common", "version")
        return found.get("server_version") if isinstance(found, dict) else found

    def _ask(self, service: str, method: str, *arguments: Any) -> Any:
        """Return the answer to one call; what XML forbids in it is dropped, since 14 sends it as it is."""
        import xmlrpc.client

        from mailgate.erp.rpc import XML, decode, encode

        path = f"/xmlrpc/2/{service}"
        try:
            status, _, answer = self.http.post(path, encode(method, arguments, nil=True), XML)
            if status != 200:
                raise status_error(status, f"XML-RPC service at {self.http.host}", answer)
            return decode(answer.translate(None, XML_CONTROLS), self.http.host)
        except xmlrpc.client.Fault as said:
            if unwritten(said.faultString):
                return None
            raise self.failed(fault(said.faultCode, said.faultString, _model(arguments))) from None
        except ErpError as error:
            raise self.failed(error) from None


class Json2(_Transport):
    """`OdooRpc` over /json/2; the secret is an API key, and its owner is the gateway's user."""

    spoken = "JSON-2"

    def call(self, model: str, method: str, /, ids: Sequence[int] | None = None, **named: Any) -> Any:
        """Return what a model's method answers."""
        return self._ask(model, method, named if ids is None else {"ids": list(ids), **named})

    def create(self, model: str, values: Mapping[str, Any], context: Mapping[str, Any]) -> int:
        """Make a record and return its id."""
        return _one_id(self._ask(model, "create", {"vals_list": [dict(values)], "context": dict(context)}))

    def _who(self) -> int:
        found = self._ask("res.users", "context_get", {})
        uid = found.get("uid") if isinstance(found, dict) else None
        if isinstance(uid, int) and uid is not False:
            return uid
        raise ErpDoubt("the ERP does not say whose the API key is", printable(str(found)))

    def _asked_version(self) -> object:
        try:
            return _page_of_version(self.http)
        except ErpError as error:
            raise self.failed(error) from None

    def _ask(self, model: str, method: str, values: Mapping[str, Any]) -> Any:
        body = json.dumps(_clean(values), ensure_ascii=False).encode("utf-8", "replace")
        try:
            status, _, answer = self.http.post(f"/json/2/{model}/{method}", body, self._headers())
            said = _loaded(answer)
            if status == 200 and said is not NO_JSON:
                return said
            raise json_error(status, said, answer, self._where(), model)
        except ErpError as error:
            raise self.failed(error) from None

    def _headers(self) -> dict[str, str]:
        database = self.settings.database
        if not self.secret or not _fits_a_header(self.secret):
            raise ErpDenied("erp.api_key is not what an API key looks like: letters and digits, in one line")
        if not _fits_a_header(database):
            raise ErpDenied(f"the ERP has no such database: {printable(database)}")
        return {
            "Authorization": f"bearer {self.secret}",
            "X-Odoo-Database": database,
            "Content-Type": "application/json; charset=utf-8",
        }

    def _where(self) -> str:
        return f"JSON-2 service with the database {self.settings.database!r} at {self.http.host}"


class Auto:
    """`OdooRpc` over what the server speaks best, as remembered for a day; the secret is an API key."""

    def __init__(self, settings: Settings, api_key: Callable[[], str], memory: Memory, http: Http) -> None:
        self.memory = memory
        self.http = http
        self._key = _key(settings, "transport")
        self._known: tuple[int, str] | None = None
        self._xmlrpc = XmlRpc(settings, api_key, memory, http)
        self._json2 = Json2(settings, api_key, memory, http)
        self._choice: XmlRpc | Json2 | None = None

    @property
    def calls(self) -> int:
        """How many requests were sent."""
        return self.http.requests

    @property
    def uid(self) -> int:
        """The gateway's user id."""
        return self._chosen().uid

    @property
    def release(self) -> int:
        """The number before the first point of the release."""
        return self.version()[0]

    @property
    def spoken(self) -> str:
        """What is spoken with the server."""
        return self._chosen().spoken

    def version(self) -> tuple[int, str]:
        """Return the release as a number and in the server's own words, wherever it tells them."""
        if self._known is None:
            try:
                self._known = self._xmlrpc.version()
            except ErpDenied:  # no such service
                self._known = self._json2.version()
        return self._known

    def call(self, model: str, method: str, /, ids: Sequence[int] | None = None, **named: Any) -> Any:
        """Return what a model's method answers."""
        return self._chosen().call(model, method, ids, **named)

    def create(self, model: str, values: Mapping[str, Any], context: Mapping[str, Any]) -> int:
        """Make a record and return its id."""
        return self._chosen().create(model, values, context)

    def close(self) -> None:
        """Close the connection."""
        self.http.close()

    def _chosen(self) -> XmlRpc | Json2:
        if self._choice is None:
            known = self.memory.recall(self._key, DAY)
            if known not in ("xmlrpc", "json2"):
                known = "json2" if self.release >= JSON2_SINCE else "xmlrpc"
                self.memory.remember(self._key, known)
            self._choice = self._json2 if known == "json2" else self._xmlrpc
        return self._choice


def open_rpc(
    settings: Settings, secret: Callable[[], str], api_key: Callable[[], str] | None, memory: Memory, timeout: float
) -> OdooRpc:
    """Return the transport of these settings; `secret` reads the password, `timeout` is in seconds.

    An API key goes before the password, which XML-RPC takes it for. Nothing is read or sent yet.
    """
    http = Http(settings.url, timeout, settings.ca_file)
    if settings.transport == "json2":
        return Json2(settings, api_key or secret, memory, http)
    if settings.transport == "xmlrpc" or api_key is None:
        return XmlRpc(settings, api_key or secret, memory, http)
    return Auto(settings, api_key, memory, http)


def _key(settings: Settings, what: str) -> str:
    return f"erp:{settings.url}:{settings.database}:{what}"


# --- what is said


def _clean(value: Any) -> Any:
    """Return a value with such texts as XML-RPC would have the server read."""
    if isinstance(value, str):
        return value.translate(FORBIDDEN).replace("\r\n", "\n").replace("\r", "\n")
    if isinstance(value, dict):
        return {_clean(name): _clean(inner) for name, inner in value.items()}
    return [_clean(inner) for inner in value] if isinstance(value, list | tuple) else value


def _fits_a_header(text: str) -> bool:
    return text.isascii() and text.isprintable()


def _model(arguments: tuple[Any, ...]) -> str:
    return str(arguments[3]) if len(arguments) > 4 else ""


# --- what is answered

NO_JSON = object()


def _loaded(answer: bytes) -> Any:
    try:
        return json.loads(answer)
    except (ValueError, RecursionError):
        return NO_JSON


def _one_id(answer: Any) -> int:
    number = answer[0] if isinstance(answer, list) and len(answer) == 1 else answer
    if isinstance(number, int) and number > 0 and number is not True:
        return number
    raise ErpDoubt("the ERP made a record, perhaps, and answered with something else than its id")


def _release(text: object, host: str) -> tuple[int, str]:
    """Read "14.0", "19.0+e", "saas~18.2"."""
    words = printable(str(text), 40)
    number = re.search("[0-9]{1,4}", words)
    if not number:
        raise ErpDenied(f"the server at {host} does not tell its release: is that an Odoo?")
    return int(number[0]), words


def _page_of_version(http: Http) -> object:
    status, _, answer = http.get("/web/version")
    said = _loaded(answer)
    if status == 200 and isinstance(said, dict):
        return said.get("version")
    raise status_error(status, f"Odoo at {http.host}", answer)
