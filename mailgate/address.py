"""Addresses of RFC 5322: read them out of header fields, compare them, write them, and say which are safe to mail.

An addr-spec is never decoded (RFC 2047 section 5): what others see as the address is what is seen here.
"""

from __future__ import annotations

import re

from mailgate.charset import harmless
from mailgate.header import decode_words
from mailgate.model import Address

_TOKEN = re.compile(
    r'"(?:[^"\\]++|\\.)*+"|=\?[^?\s]{1,60}\?[bBqQ]\?[^?]*+\?=|\[[^\[\]<>@,]*+\]|\\.|[^"<>(),;:\\\s=\[]++|\s++|.',
    re.DOTALL,
)

LONGEST = 200_000  # characters of a list; some thousand addresses


class _Entry:
    """One entry of an address list while it is being read."""

    __slots__ = ("angle", "at", "comment", "inside", "named", "phrase", "phrase_at", "route")

    def __init__(self) -> None:
        self.phrase: list[str] = []
        self.angle: list[str] = []
        self.comment: list[str] = []
        self.named = 0  # how many tokens of the phrase stand before the last >
        self.inside = False  # between < and >
        self.phrase_at = self.at = self.route = False  # an @ was seen: outside, inside, inside as first character

    def shut(self) -> None:
        self.inside, self.named = False, len(self.phrase)

    def after(self) -> _Entry:
        """Take the words behind the address off, as the beginning of the next entry."""
        entry = _Entry()
        entry.phrase = self.phrase[self.named :]
        del self.phrase[self.named :]
        return entry

    def open(self) -> None:
        self.inside, self.angle = True, []
        self.at = self.route = False

    def put(self, token: str) -> None:
        if not self.inside:
            self.phrase_at = self.phrase_at or "@" in token
            self.phrase.append(token)
            return
        self.route = self.route or (not self.at and token[0] == "@" and not "".join(self.angle[:3]).strip())
        self.at = self.at or "@" in token
        self.angle.append(token)

    def complete(self) -> bool:
        """Tell whether a comma here ends the entry: in `<@route,@route:a@b>` it does not."""
        return not self.inside or (self.at and not self.route)


def _word(token: str) -> str:
    """Return what a quoted string or quoted pair stands for; other tokens as they are."""
    if len(token) > 1 and token[0] == token[-1] == '"':
        return re.sub(r"\\(.)", r"\1", token[1:-1]) if "\\" in token else token[1:-1]
    return token[1] if len(token) == 2 and token[0] == "\\" else token


def _name(tokens: list[str]) -> str:
    """Return a display name: quotes taken off, encoded words decoded, blanks made single."""
    name = " ".join(harmless(decode_words("".join(map(_word, tokens)))).split())
    if name.count('"') == 1:
        name = name.replace('"', "").strip()
    while len(name) > 1 and name[0] == name[-1] and name[0] in "'\"":
        name = name[1:-1].strip()
    return name


def _bare(text: str) -> str:
    """Return an addr-spec without what programs write around one: quotes, brackets, links."""
    text = text.partition("[mailto:")[0]
    if len(text) > 2 and text[0] + text[-1] in ("''", "[]"):
        text = text[1:-1].strip()
    return text[7:].partition("?")[0] if text[:7].lower() == "mailto:" else text


def _addr_spec(text: str, inside: bool) -> tuple[str, str]:
    """Return the addr-spec in a text (`inside`: of angle brackets), and the words beside it."""
    text = _bare(harmless(text).strip())
    if text.startswith("@") and ":" in text:
        text = text.rpartition(":")[2]
    if '"' not in text:
        if inside and (" " in text or "\t" in text):
            text = re.sub(r"\s*+([@.])\s*+", r"\1", text)
        elif "@ " in text or " @" in text:
            text = re.sub(r"\s*+@\s*+", "@", text)
            text = re.sub(r"(?<=\w)\s*+\.\s*+(?=\w)", ".", text) if text.count(" . ") else text
        words = text.split()
        found = next((word for word in words if "@" in word), "")
        return found, " ".join(word for word in words if word != found)
    local, _, host = text.rpartition("@")
    local = local.strip()
    name, _, local = ("", "", local) if local.endswith('"') else local.rpartition(" ")
    return f"{local}@{host.strip()}", name


def _is_plain(word: str) -> bool:
    local, _, host = word.partition("@")
    return bool(local) and "." in host and "@" not in host and "=?" not in word


def _close(entry: _Entry, loose: list[str], out: list[Address]) -> None:
    """Turn a finished entry into an address. A name without one is kept: `Doe, John <j@d>` is one mailbox."""
    if not (entry.phrase or entry.angle):
        return
    spec, rest = _addr_spec("".join(entry.angle), True) if entry.angle else ("", "")
    tokens = entry.phrase
    if "@" not in spec:
        spec, rest = _addr_spec("".join(tokens), False)
        tokens = [rest]
    local, _, host = spec.rpartition("@")
    if not local.strip("@") or not host or spec.startswith("@") or local.endswith(":"):
        loose.append(_name(entry.phrase))
        return
    several = rest.split() if tokens is not entry.phrase and '"' not in spec else []
    if several and not entry.comment and all(_is_plain(word) for word in (spec, *several)):
        out.extend(Address(word) for word in (spec, *several))  # their commas are missing
        loose.clear()
        return
    name = _name(tokens) or _name(["".join(entry.comment)])
    if entry.angle and tokens is entry.phrase:
        name = ", ".join([*filter(None, loose), name]) if name else name
    loose.clear()
    out.append(Address(spec, name))


def _read(value: str, comments: bool) -> tuple[list[Address], int]:
    """Read a list; return it with the number of comments left open at the end."""
    out: list[Address] = []
    loose: list[str] = []
    entry, depth = _Entry(), 0
    for lexeme in _TOKEN.findall(value):
        if comments and (lexeme == "(" or (lexeme == ")" and depth)):
            depth += 1 if lexeme == "(" else -1
        elif depth:
            entry.comment.append(lexeme)
        elif lexeme in ",;" and entry.complete():
            _close(entry, loose, out)
            entry = _Entry()
            if lexeme == ";":
                loose.clear()
        elif lexeme == ":" and not entry.inside and entry.angle:
            continue
        elif lexeme == ":" and not entry.inside and not entry.phrase_at:
            entry.phrase.clear()
            loose.clear()
        elif lexeme == "<":
            if entry.at and not entry.inside:  # a second address: the comma between them is missing
                following = entry.after()
                _close(entry, loose, out)
                entry = following
            entry.open()
        elif lexeme == ">":
            entry.shut()
        else:
            entry.put(lexeme)
    _close(entry, loose, out)
    return out, depth


def parse_addresses(value: str) -> tuple[Address, ...]:
    """Read the mailboxes of a header value (RFC 5322 3.4): lists, groups, comments, quoted and encoded names.

    Takes the unfolded value, decoded or not. Never raises; entries without an addr-spec are left out, and so is what
    stands beyond LONGEST characters.
    """
    if len(value) > LONGEST:
        value = value[:LONGEST].rpartition(",")[0]
    found, open_comments = _read(value, comments=True)
    if open_comments:
        found, _ = _read(value, comments=False)
    return tuple(found)


def _domain_key(host: str) -> str:
    """Return the comparison form of a domain: lower case, no trailing dot, IDN labels as `xn--` (RFC 5890 A-labels).

    Not by the idna codec: that is IDNA 2003, which takes grüße for grüsse, another domain since 2008.
    """
    host = host.strip().rstrip(".").lower()
    if host.isascii() or len(host) > 255:
        return host
    from unicodedata import normalize

    labels = normalize("NFKC", host).lower().replace("\u3002", ".").split(".")
    return ".".join(label if label.isascii() else f"xn--{label.encode('punycode').decode()}" for label in labels)


def address_key(email: str, plus: bool = False) -> str:
    """Return the form in which addresses are compared: case folded, IDN in one form, without blanks around.

    `plus` also takes the detail off (RFC 5233): `user+detail@host` becomes `user@host`.
    """
    local, at, host = email.strip().strip("<>").rpartition("@")
    local = local.strip().casefold()
    if len(local) > 2 and local[0] == local[-1] == '"' and not set(local[1:-1]) & set(' "\\(),:;<>@[]'):
        local = local[1:-1]
    if not local.isascii():
        from unicodedata import normalize

        local = normalize("NFC", local)
    if plus and "+" in local[1:]:
        local = local[0] + local[1:].partition("+")[0]
    return f"{local}{at}{_domain_key(host)}"


def domain(email: str) -> str:
    """Return the domain of an address in its comparison form; "" where there is none."""
    _, at, host = email.strip().strip("<>").rpartition("@")
    return _domain_key(host) if at else ""


def is_address(email: str) -> bool:
    """Tell whether a string is exactly one addr-spec that may be used as an SMTP recipient (RFC 5321 4.1.2, RFC 6531).

    Quoted local parts are refused: nobody has one, and half the programs on the way misread them. So is a leading
    hyphen, which a sendmail command takes for an option.
    """
    local, at, host = email.rpartition("@")
    if not (at and local and host) or len(email) > 254 or not email.isprintable() or local.startswith("-"):
        return False
    if set(email) & set(' \t"(),:;<>\\') - set(":" if host.startswith("[") else "") or "@" in local:
        return False
    if host.startswith("["):
        return re.fullmatch(r"\[(?:\d{1,3}(?:\.\d{1,3}){3}|IPv6:[0-9A-Fa-f:.]{2,45})\]", host) is not None
    labels = host.split(".")
    return all(label.replace("-", "").replace("_", "").isalnum() and label[0] != "-" for label in labels)


def written(address: Address) -> str:
    """Return an address as RFC 5322 writes it: `"Name" <a@b>`, the name quoted and not MIME-encoded."""
    name = harmless(address.name).strip()
    if not name:
        return address.email
    quoted = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{quoted}" <{address.email}>'
