"""What a call can fail with, in the shapes that OpenERP 5.0 gives it on the wire.

The faultCode is the exception's own text, the faultString a traceback whose last line repeats it. The traceback's
paths are invented.
"""

from __future__ import annotations

_TRACE = """Traceback (most recent call last):
  File "/usr/lib/sandbox/netsvc.py", line 1, in dispatch
    result = LocalService(service_name)(method, *params)
  File "/usr/lib/sandbox/osv/osv.py", line 1, in execute
    res = pool.execute_cr(cr, uid, obj, method, *args, **kw)
"""


_REFUSALS = {
    "read": "You can not read this document!",
    "write": "You can not write in this document!",
    "create": "You can not create this kind of document!",
    "unlink": "You can not delete this document!",
}


class Fault(Exception):
    """Base: `code` is the faultCode, `kind` the Python exception that the traceback ends with."""

    kind = "Exception"

    def __init__(self, code: str, last: str | None = None) -> None:
        super().__init__(code)
        self.code: str | int = code
        self.last = code if last is None else last

    @property
    def text(self) -> str:
        """The faultString."""
        return f"{_TRACE}{self.kind}: {self.last}\n"


class Denied(Fault):
    """Wrong password or user id."""

    def __init__(self) -> None:
        super().__init__("AccessDenied")


class Warned(Fault):
    """An error that the server words for a person: `warning -- Title`, an empty line, the detail."""

    def __init__(self, title: str, detail: str) -> None:
        super().__init__(f"warning -- {title}\n\n{detail}")


class NoRight(Warned):
    """The user's groups do not allow this on that model."""

    def __init__(self, right: str, model: str) -> None:
        super().__init__("AccessError", f"{_REFUSALS[right]} ({model})")


class Integrity(Warned):
    """NOT NULL or a foreign key; the detail is PostgreSQL's text."""

    def __init__(self, detail: str) -> None:
        super().__init__("Integrity Error", detail + "\n")


class Invalid(Warned):
    """A value outside of its selection, or a failed constraint."""

    def __init__(self, detail: str) -> None:
        super().__init__("ValidateError", detail)


class NoKey(Fault):
    """Python's KeyError: the code is nothing but a field's name."""

    kind = "KeyError"

    def __init__(self, key: str) -> None:
        super().__init__(key, repr(key))


class NoAttribute(Fault):
    """Python's AttributeError, for an unknown method among others."""

    kind = "AttributeError"


class WrongType(Fault):
    """Python's TypeError, for a wrong number of arguments among others."""

    kind = "TypeError"


class WrongValue(Fault):
    """Python's ValueError."""

    kind = "ValueError"


class WrongIndex(Fault):
    """Python's IndexError."""

    kind = "IndexError"


class Unencodable(Fault):
    """Python's UnicodeEncodeError: the one with an empty faultCode."""

    kind = "UnicodeEncodeError"

    def __init__(self, text: str) -> None:
        place = next(place for place, letter in enumerate(text) if not letter.isascii())
        letter = ascii(text[place]).strip("'")
        super().__init__(
            "", f"'ascii' codec can't encode character u'{letter}' in position {place}: ordinal not in range(128)"
        )


class Database(Fault):
    """What PostgreSQL refused, in its words."""

    kind = "ProgrammingError"


class Unreachable(Fault):
    """The database does not exist."""

    kind = "OperationalError"

    def __init__(self, database: str) -> None:
        super().__init__(f'FATAL:  database "{database}" does not exist\n')


class Transport(Fault):
    """The request could not be parsed, or the result not be written: integer faultCode, short faultString."""

    def __init__(self, kind: str, detail: str) -> None:
        super().__init__("")
        self.code = 1
        self._short = f"{kind}:{detail}"

    @property
    def text(self) -> str:
        """The faultString."""
        return self._short
