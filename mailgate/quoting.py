"""Replies taken apart: what is new, what is quoted, the signature. In doubt it is new: losing words is worst.

Each line gets a kind, so that none is lost. Plain comparisons instead of large patterns: most mails are short, and
compiling a pattern costs more than they do. Every look around a line is bounded, so the time is linear.
"""

from __future__ import annotations

import re

from mailgate.model import Cut
from mailgate.quoting_words import (
    ABOVE_LINE,
    DAYS,
    FORWARD,
    INFORMATION,
    INLINE,
    LABELS,
    OPENINGS,
    ORIGINAL,
    PERSONS,
    QUOTING,
    WEAK_OPENINGS,
    WROTE,
    WROTE_PIECES,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    Run = tuple[bool, int, int]  # quoted?, first line, line after the last

NEW, QUOTE, SIGNATURE = range(3)
MOST_LINES = 20_000  # what is longer is no letter
RULE = "-_*=#~—–⁃"  # lines are drawn with these
ATTRIBUTION_LINES = 5
LONGEST_ATTRIBUTION = 400  # characters
LABEL_LINES = 24
RAW = ("message-id:", "mime-version:", "content-type:", "received:", "return-path:", "dkim-signature:")
TRIM = "*_ \t\u200e\u200f\u202c\xa0"


def _quoted(line: str) -> bool:
    return line[:4].lstrip(" \t\u200e\xa0")[:1] in (">", "＞") and bool(line)


def _marks(lines: list[str]) -> list[bool]:
    """Tell of each line whether it bears a quote's mark: `>`, or `AB>` on lines of which one is nothing else."""
    marks = list(map(_quoted, lines))
    at = 0
    while at < len(lines):
        initials, mark, _ = lines[at][:4].partition(">")
        stop = at + 1
        if mark and 0 < len(initials) <= 3 and initials.isalpha() and initials.isupper():
            while stop < len(lines) and lines[stop].startswith(initials + ">"):
                stop += 1
            if stop - at > 1 and any(line.rstrip() == initials + ">" for line in lines[at:stop]):
                marks[at:stop] = [True] * (stop - at)
        at = stop
    for at in range(1, len(lines) - 1):  # what a mail program wrapped out of a quoted line
        if marks[at - 1] and marks[at + 1] and not marks[at] and _wrapped(lines[at - 1], lines[at]):
            marks[at] = True
    return marks


def _wrapped(above: str, line: str) -> bool:
    first = line[:80].partition(" ")[0]
    if _label(above.lstrip(" >")) in ("from", "to", "cc") and len(above) >= 55 and "@" in above[:1000]:
        return len(line) < 80
    full = len(above) >= 60 and len(above) + 1 + len(first) > 70 and len(line) < 40
    return full and first[:1].islower() and above.rstrip()[-1:] not in ".!?:;)"


# --- who wrote, and when ---------------------------------------------------------------------------------------------


def _opens(line: str) -> int:
    """Tell whether a line begins as an attribution does: 2 surely, 1 perhaps in the middle of one, 0 not."""
    text = line[:80].lstrip(TRIM + "->").lower()
    first = text.partition(" ")[0]
    if text[:1].isdigit():
        if re.match(r"\d{1,4}(?:[-./年]\s?\d|\.?(?: de)?\s[^\W\d]{3})", text):
            return 2
        return 1 if re.match(r"\d\d?[:.h]\d\d", text) else 0
    if first in WEAK_OPENINGS:
        return 2 if re.match(r"\d{1,4}[-./]\d", text[len(first) + 1 :]) else 1
    word = first.rstrip(".,:")
    if first in OPENINGS or word in DAYS or first[:1] in ("在", "于", "於"):
        return 2
    return 2 if text.startswith(QUOTING) else 0


def _dated(text: str) -> bool:
    return (
        re.search(r"\d[:.h]\d\d|\d{4}|\d{1,2}[-/.]\d{1,2}[-/.]\d|\d\d?\.? [^\W\d]{3}|[^\W\d]{3}\.? \d", text)
        is not None
    )


def _attributes(lines: list[str], marked: bool) -> bool:
    """Tell whether some lines say who wrote what follows.

    `marked` tells that a quote's marks follow: then less is asked. Else a date and a verb are needed, an address or
    no pronoun: "On 3 May 2024 I wrote:" is said by a customer.
    """
    text = " ".join(line.strip() for line in lines).strip(TRIM + "-")
    if not text or len(text) > LONGEST_ATTRIBUTION:
        return False
    lower = text.lower()
    words = re.findall(r"[^\W\d_]+", lower)
    verb = not WROTE.isdisjoint(words) or any(piece in lower for piece in WROTE_PIECES)
    addressed, dated = "@" in text, _dated(text)
    if not text.endswith((":", "：")):
        last = words[-1] if words else ""
        ends = (last in WROTE or lower.endswith(WROTE_PIECES)) and dated
        return (ends and _opens(text) == 2) or (marked and dated and text.endswith(">") and bool(_dated_first(text)))
    if dated and addressed and (verb or _dated_first(text) or (marked and _opens(text) == 2)):
        return True
    if lower.startswith(QUOTING) and (addressed or marked):
        return True
    if marked and dated and (_bracketed(text) or (text[-2:-1] in ")]" and ("(" in text or "[" in text))):
        return True
    if marked and verb and (addressed or dated) and len(lines) == 1 + addressed:
        return True
    if marked and len(lines) == 1:
        return verb
    if addressed:
        return verb and dated and _opens(text) == 2
    timed = re.search(r"\d[:.h]\d\d", text) is not None
    said = words[1:] if words[:1] == ["el"] else words  # how such a line begins in Spanish
    return verb and (timed or marked) and dated and _opens(text) == 2 and PERSONS.isdisjoint(said)


def _dated_first(text: str) -> bool:
    """Tell whether a line begins with a date and ends with an address, as it is understood in every language."""
    pattern = r"(?:\d{1,4}[-/.]\d\d?[-/.]\d{1,4}|[^<>]*\d[:.]\d\d)\b[^<>]*<\s?[^<>\s]+@[^<>\s]+\s?>\s*:?$"
    return re.match(pattern, text) is not None


def _bracketed(text: str) -> bool:
    """Tell whether an address stands in brackets, as programs write it and people do not."""
    left, _, right = text.partition("@")
    last = max(left.rfind("<"), left.rfind("("))
    return last >= 0 and " " not in left[last + 1 :].strip() and (">" in right or ")" in right)


def _attribution(lines: list[str], start: int, floor: int = 0) -> int:
    """Return where the attribution above the quote at `start` begins; `start` if there is none."""
    last = start - 1
    while last >= floor and start - last <= 3 and not lines[last].strip():
        last -= 1
    if last < floor or _quoted(lines[last]) or len(lines[last]) > LONGEST_ATTRIBUTION:
        return start
    begin = last + 1
    while begin > floor and last - begin < ATTRIBUTION_LINES and _label(lines[begin - 1]):
        begin -= 1
    if begin < last and any(_label(line) == "from" and "@" in line for line in lines[begin : last + 1]):
        return begin
    begin = start
    for first in range(last, max(floor - 1, last - ATTRIBUTION_LINES), -1):
        line = lines[first]
        if not line.strip() or _quoted(line) or (first != last and _ends(line)):
            break
        opens = _opens(line)
        joined = opens or first == last or line.rstrip().endswith("<") or _continues(lines[first + 1])
        if begin < start and not joined:
            break
        if joined and _attributes(lines[first : last + 1], True):
            begin = first
        if begin == first and opens == 2:
            return begin
    return _paragraph(lines, begin, last, floor)


def _paragraph(lines: list[str], begin: int, last: int, floor: int) -> int:
    """Return where a paragraph begins that is a wrapped attribution as a whole; `begin` if it is none."""
    first = last
    while first > floor and last - first < 3 and lines[first - 1].strip() and not _quoted(lines[first - 1]):
        first -= 1
    if first == last or (first > floor and lines[first - 1].strip()):
        return begin
    for at in range(first, last):
        if len(lines[at].strip()) + len(lines[at + 1].strip().partition(" ")[0]) < 55:
            return begin
    text = " ".join(line.strip() for line in lines[first : last + 1])
    sure = len(text) < 200 and text.rstrip(TRIM).endswith((":", "：")) and _dated(text) and _bracketed(text)
    return first if sure and PERSONS.isdisjoint(re.findall(r"[^\W\d_]+", text.lower())) else begin


def _ends(line: str) -> bool:
    """Tell whether a sentence ends with a line."""
    last = line.rstrip()[-1:]
    return last in "!?;:" or (last == "." and not any(map(str.isdigit, line)))


def _continues(line: str) -> bool:
    """Tell whether a line of an attribution cannot be its first one."""
    text = line.lstrip(TRIM)
    first = text[:40].partition(" ")[0].rstrip(":").lower()
    return text[:1] in "<>(" or first in WROTE or _opens(line) == 1 or (text[:1].islower() and "@" in text)


def _bare_attribution(lines: list[str], at: int) -> bool:
    """Tell whether a strong attribution begins here whose quote bears no marks, as some programs write it."""
    line = lines[at]
    if not line.strip() or len(line) > LONGEST_ATTRIBUTION or _quoted(line):
        return False
    opens = _opens(line) == 2
    if not opens and "@" not in line:
        return False
    for last in range(at, min(len(lines), at + (ATTRIBUTION_LINES if opens else 1))):
        if not lines[last].strip() or _quoted(lines[last]):
            return False
        if _attributes(lines[at : last + 1], False):
            following = next(filter(str.strip, lines[last + 1 : last + 6]), "")
            return not _quoted(following) if following else "@" in "".join(lines[at : last + 1])
    return False


# --- header blocks and lines that nobody types -----------------------------------------------------------------------


def _label(line: str) -> str:
    """Return the kind of a line `Label: …`; "" for another line."""
    head, colon, rest = line[:60].replace("：", ":").partition(":")
    words = head.strip(TRIM + ">").lower().split()
    if not colon or rest.startswith("//") or not 1 <= len(words) <= 3:
        return ""
    return LABELS.get("".join(words)) or LABELS.get(words[0], "")


def _header_block(lines: list[str], at: int, ruled: bool = False) -> bool:
    """Tell whether a header block as programs put it above a quote begins here, in any order of its lines.

    From and two others with an address among them, or the full set without one: a traveller has From, To and Date.
    A header that somebody copied from the source of a mail is what he wants to show.
    """
    if _label(lines[at]) in ("", "cc", "other"):
        return False
    if any(line[:20].lower().startswith(RAW) for line in lines[max(0, at - 6) : at + LABEL_LINES]):
        return False
    kinds: set[str] = set()
    other = blank = 0
    bold = lines[at].lstrip(" \t>").startswith("*")
    address = False
    for line in lines[at : at + LABEL_LINES]:
        kind = _label(line)
        if kind:
            if kind in kinds and kind == "from":
                break
            kinds.add(kind)
            other = blank = 0
        elif line.strip(" \t>"):
            other += 1
        else:
            blank += 1
        if other > 2 or blank > 1 or (other and blank):
            break
        address = address or ("@" in line[:1000] and kind in ("from", "to", "cc"))
    if "from" not in kinds or len(kinds) < 2:
        return False
    full = {"from", "date", "subject"} <= kinds
    if address:
        return len(kinds - {"cc", "other"}) >= 3 or (ruled and len(kinds) >= 2)
    whole = _label(lines[at]) == "from" and "to" in kinds  # as Outlook writes it, where it shows names alone
    return (full and whole) or ((bold or ruled) and len(kinds) >= 3)


def _ruled(line: str) -> str:
    """Return the lower-case title of a line such as `----- Original Message -----`; "" for another line."""
    text = line.strip()
    if len(text) > 300 or text[:2].strip(RULE):
        return ""
    return text.strip(RULE + " \t:").lower().replace("i\u0307", "i")


def _rule(line: str) -> bool:
    text = line.strip()
    return len(text) >= 3 and not text.strip(RULE)


def _forward(line: str) -> bool:
    text = line.strip() if len(line) < 300 else ""
    title = _ruled(line)
    return title.startswith(FORWARD) or (text.endswith((":", "：")) and text.lower().startswith(FORWARD))


def _original(lines: list[str], at: int) -> bool:
    line = lines[at]
    title = _ruled(line)
    if title:
        zoho = title.startswith("on ") and title.rpartition(" ")[2] == "wrote"
        lotus = title.startswith("message from ") and any(map(str.isdigit, title))
        return title in ORIGINAL or zoho or lotus or any(piece in title for piece in ABOVE_LINE)
    text = line.strip(TRIM + ":<>[]").lower() if len(line) < 80 else ""
    if text in ORIGINAL:
        below = next((n for n in range(at + 1, min(len(lines), at + 4)) if lines[n].strip(RULE + " \t")), at)
        return below > at and _header_block(lines, below, ruled=True)
    return False


def _marker(lines: list[str], start: int) -> tuple[int, bool]:
    """Return the line from which on everything is an older mail, by a mark that nobody types; else their number.

    And whether a forwarded mail begins there: it is what its sender wants to say, so nothing below is cut.
    """
    for at in range(start, len(lines)):
        line = lines[at]
        if not line or line.isspace():
            continue
        if _forward(line):
            return at, True
        ruled = at > 0 and (_rule(lines[at - 1]) or (at > 1 and not lines[at - 1].strip() and _rule(lines[at - 2])))
        if _original(lines, at) or _header_block(lines, at, ruled) or _bare_attribution(lines, at):
            if _forward_above(lines, at):
                return at, True
            begin = _attribution(lines, at, start)
            while begin > start and not lines[begin - 1].strip(RULE + " \t"):
                begin -= 1
            return begin, False
    return len(lines), False


def _marked_below(lines: list[str], at: int) -> int:
    """Return the first line marked with `>` right below a header block; 0 if the quote bears no marks."""
    blank = True
    for here in range(at, min(len(lines), at + LABEL_LINES)):
        line = lines[here]
        if _quoted(line):
            return here if blank and here > at else 0
        blank = not line.strip() or bool(_label(line)) or _ruled(line) in ORIGINAL
    return 0


def _forward_above(lines: list[str], at: int) -> bool:
    """Tell whether what is above a header block says that the mail below is passed on."""
    if any(map(_forward, lines[max(0, at - 3) : at])):
        return True
    above = [line.strip(TRIM + ".!:,-") for line in lines[max(0, at - 20) : at] if line.strip(RULE + " \t")]
    return at < 20 and len(above) == 1 and len(above[0]) <= 40 and above[0].lower().startswith(INFORMATION)


# --- stretches -------------------------------------------------------------------------------------------------------


def _runs(lines: list[str], heads: dict[int, int]) -> Iterator[Run]:
    """Yield the stretches of quoted and other lines. An attribution and blank lines below belong to their quote.

    `heads` says where the header block begins that belongs to the quote at a line.
    """
    bears = _marks(lines)
    marks: list[bool] = []
    floor = 0
    starts: set[int] = set()
    for at, line in enumerate(lines):
        before = bool(marks) and marks[-1]
        quoted = bears[at] or (before and not line.strip())
        if quoted and not before:
            begin = heads[at] if at in heads else _attribution(lines, at, floor)
            marks[begin:] = [True] * (at - begin)
            starts.update((begin,) if begin < at else ())
        if quoted:
            floor = at + 1
        marks.append(quoted)
    start = 0
    for at in range(1, len(marks) + 1):
        if at == len(marks) or marks[at] != marks[start] or at in starts:
            if any(map(str.strip, lines[start:at])):
                yield marks[start], start, at
            start = at


def _is_quote(lines: list[str], start: int, stop: int) -> bool:
    """Tell whether marked lines at the end are surely quoted: `>` is a sign of code, diffs and comparisons as well."""
    if not _quoted(lines[start]):
        return True  # an attribution
    texts = [line.lstrip(" \t>") for line in lines[start:stop] if line.strip(" \t>")]
    inner = [line.lstrip(" \t>") for line in lines[start : min(stop, start + ATTRIBUTION_LINES)]]
    first = next((n for n, line in enumerate(inner) if line.strip()), 0)
    for last in range(first, len(inner)):
        if _attributes(inner[first : last + 1], True):
            return True
    if inner and (_header_block(inner, first, ruled=True) or _ruled(inner[first]) in ORIGINAL):
        return True
    above = next((line for line in reversed(lines[max(0, start - 3) : start]) if line.strip()), "").rstrip()
    compared = any(line.startswith("< ") for line in lines[max(0, start - 5) : start])  # by diff
    if len(texts) < 2 or compared or above.endswith((":", "：", "```")):
        return False
    signs = sum(1 for text in texts if not text[:1].isalpha() or text.rstrip()[-1:] in "{};")
    return signs * 2 <= len(texts)


def _split(lines: list[str], kinds: list[int], heads: dict[int, int]) -> None:
    """Mark the quoted lines.

    A quote at the end goes (top posting), one with its attribution at the beginning goes (bottom posting); quotes
    between new lines stay, since the answers are hard to understand without them: only their attributions go.
    """
    runs = list(_runs(lines, heads))
    while len(runs) > 1 and runs[-1][0] and _is_quote(lines, runs[-1][1], runs[-1][2]):
        _, start, stop = runs.pop()
        kinds[start:stop] = [QUOTE] * (stop - start)
    if len(runs) < 2:
        return
    if not runs[-1][0] and all(quoted and not _quoted(lines[start]) for quoted, start, _ in runs[:-1]):
        kinds[: runs[-1][1]] = [QUOTE] * runs[-1][1]
        return
    for quoted, start, stop in runs:
        at = start
        while quoted and at < stop and not _quoted(lines[at]):
            kinds[at] = QUOTE
            at += 1


def _says(lines: list[str], kinds: list[int]) -> bool:
    return any(kind == NEW and line.strip() for line, kind in zip(lines, kinds, strict=True))


def _kinds(lines: list[str]) -> list[int]:
    """Return the kind of each line."""
    from mailgate.signing import signature

    kinds = [NEW] * len(lines)
    if len(lines) > MOST_LINES:
        return kinds
    heads: dict[int, int] = {}
    end, forward = _marker(lines, 0)
    while not forward and end < len(lines):
        below = _marked_below(lines, end)
        if not below:
            break  # below is behind end, and the next end is not before it: each line is looked at once
        heads[below] = end
        end, forward = _marker(lines, below)
    if forward:
        return kinds
    above = " ".join(lines[max(0, end - 30) : end])[:3000].lower() if end < len(lines) else ""
    if any(piece in above for piece in INLINE) or not any(x.strip() and not _quoted(x) for x in lines[:end]):
        end = len(lines)
    kinds[end:] = [QUOTE] * (len(lines) - end)
    last = signature(lines, end)  # below the quote, or the only one
    kinds[last:end] = [SIGNATURE] * (end - last)
    part = kinds[:last]
    _split(lines[:last], part, heads)
    kinds[:last] = part
    stop = last
    while stop and (kinds[stop - 1] == QUOTE or not lines[stop - 1].strip()):
        stop -= 1
    if stop < last or last == end:  # above the quote
        first = signature(lines, stop)
        if all(kind == NEW for kind in kinds[first:stop]):
            kinds[first:stop] = [SIGNATURE] * (stop - first)
    return kinds if _says(lines, kinds) else [NEW] * len(lines)


def take_apart(text: str) -> Cut:
    """Return new text, quote and signature of a message's text; every line of it stands in one of them."""
    lines = text.split("\n")
    kinds = _kinds(lines)
    parts: tuple[list[str], list[str], list[str]] = ([], [], [])
    for line, kind in zip(lines, kinds, strict=True):
        parts[kind].append(line)
    return Cut(*("\n".join(part).strip("\n") for part in parts))


def without_signature(text: str) -> str:
    """Return a text without its signature, the quote where it stood."""
    lines = text.split("\n")
    kinds = _kinds(lines)
    return "\n".join(line for line, kind in zip(lines, kinds, strict=True) if kind != SIGNATURE).strip("\n")
