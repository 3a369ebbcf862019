"""Header fields as they come: folded, encoded (RFC 2047), with parameters (RFC 2045, RFC 2231), often broken.

Everything here is total, and linear in the length of a value.
"""

from __future__ import annotations

import re
from binascii import a2b_base64, a2b_qp

from mailgate.charset import decode_text, harmless, one_line

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_FIELD = re.compile(rb"([!-9;-~]++)[ \t]*:([^\n]*+(?:\n[ \t][^\n]*+)*+)\n?")
_FOLDS = bytes.maketrans(b"\t", b" ")
# A line that is no field is a field's second half (its indent got lost) only if one of these follows in the header.
_KNOWN = (
    rb"(?im)^(?:received|return-path|from|sender|to|cc|subject|date|message-id|in-reply-to|references|reply-to|"
    rb"mime-version|content-(?:type|transfer-encoding|disposition|id)|x-[!-9;-~]+|dkim-signature)[ \t]*:"
)

ADDRESS_FIELDS = (b"from", b"sender", b"reply-to", b"to", b"cc", b"bcc")
LONGEST = 20_000  # characters of a field with parameters
MOST_GUESSES = 50  # of charsets, in one value or header


def header_lines(flat: bytes) -> bytes:
    """Return a message, every byte in its place, with the lines of its header ended by LF or CRLF.

    For headers whose lines end with CR alone above a body with LF, or with LF CR.
    """
    head = flat[:2000]
    first = head.find(b"\n")
    if re.match(rb"[!-9;-~]++[ \t]*:[^\r\n]*+\r(?!\r?\n)", head):
        end = min((at for at in (flat.find(b"\r\r"), flat.find(b"\n")) if at >= 0), default=len(flat))
        end += 2 if flat.startswith(b"\r\r", end) else 0
        return flat[:end].replace(b"\r", b"\n") + flat[end:]
    if first > 0 and head[first - 1] != 13 and re.match(rb"\n\r[!-9;-~]++[ \t]*:", head[first:]):
        end = flat.find(b"\n\r\n\r")
        end = end + 4 if end >= 0 else len(flat)
        return flat[:end].replace(b"\n\r", b"\r\n") + flat[end:]
    return flat


def narrowed(raw: bytes) -> bytes:
    """Return a message in UTF-8 that came whole in UTF-16, as some editors save it; any other as it is."""
    codec = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}.get(raw[:2], "")
    codec = codec or ("utf-16-le" if raw[1:8:2] == b"\0" * 4 else "utf-16-be" if raw[0:7:2] == b"\0" * 4 else "")
    if not codec or not re.match(r"\s*(?:From |[!-9;-~]+[ \t]*:)", raw[:400].decode(codec, "replace")):
        return raw
    return raw.decode(codec, "replace").encode("utf-8", "replace")


def below_junk(flat: bytes, start: int) -> int:
    """Return where the header begins below some lines that are none, as of a server's log; `start` if nowhere near.

    Such lines are few, no line of them is empty, at least two known fields follow them at once, and among the fields
    is one that no text has by chance.
    """
    stop = blank_line(flat, start, len(flat))[0]
    known = re.compile(_KNOWN)
    found = known.search(flat, start, min(stop, start + 1000))
    match = found and _FIELD.match(flat, found.start(), stop)
    if not (found and match and known.match(flat, match.end(), stop)):
        return start
    sure = re.compile(rb"(?im)^(?:received[ \t]*:|(?:from|return-path|message-id)[ \t]*:[^\n]*@)")
    return found.start() if sure.search(flat, found.start(), min(stop, found.start() + 65536)) else start


def blank_line(flat: bytes, start: int, stop: int) -> tuple[int, int]:
    """Return where the first empty line of `flat[start:stop]` begins and ends; `(stop, stop)` if there is none."""
    for empty in (b"\n", b"\r\n", b"\r\r\n"):
        if flat.startswith(empty, start, stop):
            return start, start + len(empty)
    first = (stop, stop)
    for mark in (b"\n\n", b"\n\r\n", b"\n\r\r\n"):
        at = flat.find(mark, start, first[1])
        if at >= 0 and at + 1 < first[0]:
            first = at + 1, at + len(mark)
    return first


def read_fields(flat: bytes, start: int, stop: int) -> tuple[list[tuple[bytes, bytes]], int]:
    """Return the fields of the header at `start` (name, value still folded) and where the body begins.

    Lines end with LF or CRLF. A line that is no field ends the header, but for known breakages: an mbox line, a folded
    line without its indent, a name that none can have.
    """
    fields: list[tuple[bytes, bytes]] = []
    lost: list[bytes] = []  # lines of the last field whose indent got lost
    last, body = blank_line(flat, start, stop)
    position, known = start, -1
    while position < last:
        match = _FIELD.match(flat, position, last)
        if match:
            _join_lines(fields, lost)
            fields.append((match[1], match[2]))
            position = match.end()
            continue
        if known < position:
            found = re.compile(_KNOWN).search(flat, position, last)
            known = found.start() if found else last
        line_end = flat.find(b"\n", position, last) + 1 or last
        if fields and known < last:
            if not _no_more(fields[-1][0], flat, position, line_end):
                lost.append(flat[position:line_end])
        elif fields and (_parameter(fields[-1][1], flat, position) or _words_go_on(fields[-1][1], flat, position)):
            lost.append(flat[position:line_end])
        elif fields or not flat.startswith((b"From ", b">From "), position):
            body = position
            break
        position = line_end
    _join_lines(fields, lost)
    return fields, body


def _join_lines(fields: list[tuple[bytes, bytes]], lost: list[bytes]) -> None:
    if lost:
        fields[-1] = fields[-1][0], b" ".join([fields[-1][1], *lost])
        lost.clear()


def _no_more(name: bytes, flat: bytes, position: int, stop: int) -> bool:
    """Tell whether a line within a header is an mbox line, or a field with a bad name or none, and belongs nowhere."""
    if flat.startswith((b":", b"From ", b">From "), position):
        return True
    before, colon, _ = flat[position : min(stop, position + 80)].partition(b":")
    if not colon or b"=?" in before or b"@" in before:
        return False
    return b" " not in before.strip() or (name.lower() in ADDRESS_FIELDS and flat.find(b"@", position, stop) < 0)


def _words_go_on(value: bytes, flat: bytes, position: int) -> bool:
    """Tell whether a line is an encoded word whose indent got lost, below a value that ends with one."""
    return flat.startswith(b"=?", position) and value[-100:].rstrip().endswith(b"?=")


def _parameter(value: bytes, flat: bytes, position: int) -> bool:
    """Tell whether a line is a parameter whose indent got lost: the field above ends with a semicolon."""
    if len(value) > LONGEST or not value.rstrip().endswith(b";"):
        return False
    return (
        re.compile(rb"(?i)(?:boundary|charset|name|filename|format|type|report-type)\*?[\d*]{0,4}[ \t]*=").match(
            flat, position
        )
        is not None
    )


def unfold(value: bytes, charset: str = "", guess: bool = True) -> str:
    """Return a field's value on one line, as RFC 5322 2.2.3; raw 8-bit text is UTF-8, else of `charset`, or guessed."""
    flat = value.translate(_FOLDS, b"\r\n").strip()
    if flat.isascii() and b"\x1b$" not in flat:
        return one_line(flat.decode())
    try:
        return one_line(flat.decode() if b"\x1b$" not in flat else decode_text(flat, "iso-2022-jp"))
    except ValueError:
        return one_line(decode_text(flat, charset, guess))


class _Word:
    """One encoded word as it stands in a value."""

    __slots__ = ("charset", "encoding", "text")

    def __init__(self, charset: str, encoding: str, text: str) -> None:
        self.charset, self.encoding, self.text = charset, encoding, text


def _base64(pieces: list[str]) -> list[bytes]:
    """Decode the base64 of neighbouring words, with foreign characters, without padding, or cut within a quad."""
    padded = pieces[-1].rstrip().endswith("=")
    pieces = [re.sub(r"[^A-Za-z0-9+/]+", "", text.replace("-", "+").replace("_", "/")) for text in pieces]
    odd = {len(text) % 4 for text in pieces[:-1]} - {0}
    if odd and (padded or 1 in odd or sum(map(len, pieces)) % 4 == 0):
        pieces = ["".join(pieces)]
    out = []
    for text in pieces:
        kept = text[: len(text) - (len(text) % 4 == 1)]
        out.append(a2b_base64(kept + "=" * (-len(kept) % 4)))
    return out


def _decoded(words: list[_Word], guess: bool) -> str:
    """Decode neighbouring words of one charset: their bytes are joined first, since mailers split characters."""
    out: list[bytes] = []
    at = 0
    while at < len(words):
        stop = at + 1
        if words[at].encoding in "bB":
            while stop < len(words) and words[stop].encoding in "bB" and not words[stop - 1].text.endswith("="):
                stop += 1
            out += _base64([word.text for word in words[at:stop]])
        else:
            out.append(a2b_qp(words[at].text.encode("utf-8", "replace"), header=True))
        at = stop
    return decode_text(b"".join(out), words[0].charset, guess)


def _unclosed(value: str, start: int, stop: int, encoding: str) -> int:
    """Return where an encoded word ends whose `?=` is lost: at the next blank, or if it is no text of its kind, -1."""
    blank = re.compile(r"[\s?<>]" if encoding in "bB" else r"[\s?<>,]").search(value, start, stop)
    end = blank.start() if blank else stop
    if end == start or (encoding in "bB" and not re.fullmatch(r"[A-Za-z0-9+/]{8,}={0,2}", value[start:end])):
        return -1
    return end


def _words(value: str) -> Iterator[str | _Word]:
    """Split a value into literal texts and encoded words."""
    begin = re.compile(r"=\? ?([^?\s]{0,60}(?: [^?\s]{1,20})?) ?\? ?([bBqQ]) ?\?")
    position, end = 0, 0
    match = begin.search(value)
    while match:
        following = begin.search(value, match.end())
        stop = following.start() if following else len(value)
        if 0 <= end < match.end():
            end = value.find("?=", match.end())
        closed = 0 <= end < stop
        after = end if closed else _unclosed(value, match.end(), stop, match[2])
        if after >= 0:
            yield value[position : match.start()]
            position = after + 2 if closed else after + (value[after : after + 1] == "?")
            yield _Word(match[1], match[2], value[match.end() : after])
        match = following
    yield value[position:]


def decode_words(value: str) -> str:
    """Decode the encoded words of a value (RFC 2047), also inside words and quotes where they should not stand.

    A word whose end is lost ends at the next blank. A value that was encoded twice is decoded twice.
    """
    for _ in range(2):
        if "=?" not in value:
            break
        decoded = _decode_once(value)
        if not (decoded.startswith("=?") and decoded.endswith("?=")):
            return decoded
        value = decoded
    return value


def _same(label: str) -> str:
    return label.lower().replace("-", "").replace("_", "").partition("*")[0]


def _decode_once(value: str) -> str:
    out: list[str] = []
    left = MOST_GUESSES
    pending: list[_Word] = []
    gap = ""
    for piece in _words(value):
        if isinstance(piece, str):
            if piece.strip() or not pending:
                out += [_decoded(pending, left > 0), piece] if pending else [piece]
                left -= bool(pending)
                pending.clear()
            else:
                gap = piece
            continue
        if pending and _same(piece.charset) != _same(pending[0].charset):
            out.append(_decoded(pending, left > 0))
            left -= 1
            pending.clear()
        pending.append(piece)
        gap = ""
    return one_line("".join(out) + (_decoded(pending, left > 0) + gap if pending else ""))


def _unquote(value: str) -> str:
    value = value.strip()
    if value.startswith('"'):
        value = value[1:].removesuffix('"')
        return re.sub(r"\\(.)", r"\1", value) if "\\" in value else value
    return value


def _join(pieces: list[tuple[int, bool, str]]) -> str:
    """Put the pieces of one RFC 2231 parameter together: (number, percent-encoded, value)."""
    from urllib.parse import unquote_to_bytes

    pieces.sort(key=lambda piece: piece[0])
    charset = ""
    if pieces[0][1] and pieces[0][2].count("'") >= 2:
        charset, _, rest = pieces[0][2].split("'", 2)
        pieces[0] = (pieces[0][0], True, rest)
    data = b"".join(unquote_to_bytes(text) if encoded else text.encode() for _, encoded, text in pieces)
    return decode_text(data, charset or "utf-8")


def parameters(value: str) -> tuple[str, dict[str, str]]:
    """Split `text/plain; charset="x"` into the lower-case value and its parameters (lower-case names, decoded).

    Continued and percent-encoded parameters (RFC 2231) win over plain ones; encoded words in values are decoded.
    What stands beyond LONGEST characters is not read.
    """
    value = value[:LONGEST]
    main, _, rest = value.partition(";")
    if not rest and "=" not in main:
        return main.strip().lower(), {}
    words = main.split(None, 1)
    main, rest = (words[0], f"{words[1]};{rest}") if len(words) == 2 and "=" in words[1] else (main, rest)
    found: dict[str, str] = {}
    pieces: dict[str, list[tuple[int, bool, str]]] = {}
    for match in re.finditer(
        r'(?<![^\s;])([^\s=;"*]++)(?:\*(\d{1,4}))?(\*)?\s*=\s*+("(?:[^"\\]++|\\.)*+"|[^;]*)', rest
    ):
        name, number, encoded, text = match[1].lower(), match[2], bool(match[3]), _unquote(match[4])
        if number or encoded:
            pieces.setdefault(name, []).append((int(number or 0), encoded, text))
        else:
            found.setdefault(name, decode_words(text))
    for name, several in pieces.items():
        found[name] = decode_words(_join(several))
    return main.strip().lower(), found


def message_ids(value: str) -> tuple[str, ...]:
    """Return the Message-IDs of a field in order, each with its angle brackets and without blanks.

    Where there are no brackets at all, words with an @ are ids whose brackets got lost. Some mailers write long ids as
    encoded words, which are decoded. Comments in an id that has blanks are left out (RFC 5322 4.5.4).
    """
    value = decode_words(value)
    if "<" not in value and "&lt;" in value:
        value = value.replace("&lt;", "<").replace("&gt;", ">")
    tokens = re.findall(r"<([^<>]*+)>", value)
    if not tokens:
        tokens = [word.strip("\"'()[]") for word in re.split(r"[\s,;<>]+", value) if "@" in word]
    ids = ("".join(harmless(_without_comments(token) if " " in token else token).split()) for token in tokens)
    return tuple(dict.fromkeys(f"<{token}>" for token in ids if token))


def _without_comments(value: str) -> str:
    """Return a structured value without its comments, nested up to three deep (RFC 5322 3.2.2)."""
    for _ in range(3):
        if "(" not in value:
            break
        value = re.sub(r"\([^()]*+\)", " ", value)
    return value


# Minutes east of Greenwich of zones that mailers write although RFC 5322 does not know them.
ZONES = {
    "cet": 60, "cest": 120, "met": 60, "mest": 120, "mez": 60, "mesz": 120, "wet": 0, "west": 60, "bst": 60, "eet": 120,
    "eest": 180, "msk": 180, "msd": 240, "jst": 540, "kst": 540, "hkt": 480, "sgt": 480, "aest": 600, "aedt": 660,
    "nzst": 720, "nzdt": 780, "sast": 120, "brt": -180,
}  # fmt: skip
# The first letters of months in German, French, Spanish, Italian, Portuguese, Dutch and the northern languages.
MONTHS = {
    "jan": "gen ene", "feb": "fév fev feb", "mar": "mär mrz mrt maa mars mär", "apr": "avr abr",
    "may": "mai mag maj mei",
    "jun": "juin giu", "jul": "juil lug", "aug": "aoû aou ago", "sep": "set", "oct": "okt ott out", "nov": "nov",
    "dec": "déc dez dic des",
}  # fmt: skip


def _numbered(value: str) -> str:
    """Return a date whose month is a number with its name: ISO 8601, `2017/03/14`, `14.03.2017`."""
    found = re.match(r"(\d{4})([-/])(\d\d)\2(\d\d)(?:(?:[T ,]+)(\d\d?:\d\d(?::\d\d)?)(?:[.,]\d+)?\s*(.*)|$)", value)
    parts = (found[1], found[3], found[4], found[5], found[6]) if found else None
    if not parts:
        found = re.match(
            r"(?:[^\W\d]+\.?,?\s+)?(\d\d?)\.(\d\d?)\.(\d{4}),?(?:\s+(\d\d?:\d\d(?::\d\d)?)\s*(.*)|$)", value
        )
        parts = (found[3], found[2], found[1], found[4], found[5]) if found else None
    if not parts or not 1 <= int(parts[1]) <= 12:
        return value
    year, month, day, hours, zone = parts
    zone = "+0000" if zone in ("Z", None) else zone
    return f"{int(day)} {list(MONTHS)[int(month) - 1]} {year} {hours or '00:00'} {zone}"


def _usual(value: str) -> str:
    """Return a date in the form that parsedate_tz reads: ISO 8601, foreign months, and odd zones written anew."""
    value = _without_comments(value).replace('"', " ").strip()
    value = _numbered(value)
    value = re.sub(r"\s*:\s*", ":", value)
    value = re.sub(r"^[^\W\d]+\.?,?\s*(?=\d{1,2}[\s.-])", "", value)  # the weekday, in whatever language
    zone = re.search(r"(?:(?:GMT|UTC?|Z)\s?)?(?<!\d)([+-])(\d\d?)(?::?(\d\d))?$", value)
    if zone and zone.start() > 8:
        value = f"{value[: zone.start()]} {zone[1]}{int(zone[2]):02}{zone[3] or '00'}"
    words = value.split()
    for at, word in enumerate(words):
        letters = word.strip(".,").lower()
        minutes = ZONES.get(letters) if at else None
        month = next((name for name, others in MONTHS.items() if letters[:4] in others.split()), None)
        month = month or next((name for name, others in MONTHS.items() if letters[:3] in (name, *others.split())), None)
        if minutes is not None:
            words[at] = f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}{abs(minutes) % 60:02}"
        elif month and at:
            words[at] = month
        elif word[:-1].isdigit():
            words[at] = word.rstrip(".")
    return " ".join(words) if ":" in value or "." in value else f"{' '.join(words)} 00:00:00"


def date_of(value: str) -> float | None:
    """Return the time of a Date field (RFC 5322 3.3) in seconds since the epoch; without a zone it is UTC.

    None for what is no date or in no calendar, and for years before 1900 or after 9999. Two-digit years are those from
    1969 to 2068, three-digit ones count from 1900, as RFC 5322 4.3 says.
    """
    from calendar import monthrange, timegm
    from email.utils import parsedate_tz

    value = decode_words(value[:1000])[:200]
    try:
        parsed = parsedate_tz(_usual(value))
        if parsed is None:
            return None
        year, month, day, hour, minute, second = parsed[:6]
        year += 1900 if 100 <= year < 1000 else 0
        if year == 2000 and not re.search(r"(?:(?<![\d:+-])|(?<=[^\W\d]-))(?:20)?00(?!\d)", value):
            return None  # the year was 0, or less
        if not (1900 <= year <= 9999 and 1 <= day <= monthrange(year, month)[1] and abs(parsed[9] or 0) < 100_000):
            return None
        if not (0 <= hour <= 24 and 0 <= minute <= 59 and 0 <= second <= 60 and 0 <= hour * 60 + minute <= 1440):
            return None
        hour += 12 if hour < 12 and re.search(r"(?i)\d\s?pm\b", value) else 0
        return float(timegm((year, month, day, hour, minute, second, 0, 0, 0)) - (parsed[9] or 0))
    except (ValueError, OverflowError, IndexError, TypeError):  # dates that cannot be, which parsedate_tz lets through
        return None
