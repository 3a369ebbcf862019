"""Where the signature of a text begins: delimiters, phones' boasts, closings with a name, legal notices.

Only the last lines are looked at, so the time does not grow with the text. In doubt there is no signature.
"""

from __future__ import annotations

import re

from mailgate.quoting_words import (
    CONTACT,
    DEVICES,
    EXCUSES,
    FOOTERS,
    GOODBYES,
    LEGAL,
    SENT_BEFORE,
    SENT_FIRST,
    SENT_LAST,
)

LONGEST_SIGNATURE = 30  # lines; what is longer was written to be read
MOST = 100  # lines, of all that a signature is made of
LONGEST_LINE = 200  # characters, of a line that is looked into; a legal paragraph may be longer
LONGEST_NOTICE = 4000
SINGULAR = frozenset(
    ("i", "i'm", "i've", "my", "ich", "je", "j'ai", "yo", "io", "ik", "mein", "mon")
)  # no lawyer says so
DASHES = "-–—"


def signature(lines: list[str], end: int) -> int:
    """Return where the signature of `lines[:end]` begins; `end` if there is none. It holds no line marked with `>`."""
    floor = end
    while floor and end - floor < MOST and lines[floor - 1].lstrip(" \t")[:1] != ">":
        floor -= 1
    return floor + _begin(lines[floor:end])


def _begin(lines: list[str]) -> int:
    begin = len(lines)
    more = False
    for _ in range(6):  # one above the other: a name, a phone's boast, a notice
        last = begin
        while last and not lines[last - 1].strip():
            last -= 1
        if not last:
            break
        noticed = _notice(lines, last, more)
        more = more or noticed < last
        found = min(noticed, _boast(lines, last), _delimited(lines, last), _closing(lines, last))
        if found == last:
            break
        begin = found
    return begin


def _lowest(last: int) -> int:
    return max(0, last - LONGEST_SIGNATURE)


def _delimited(lines: list[str], last: int) -> int:
    """Find `-- ` of RFC 3676 4.3, its kin, and rules above something that is no prose."""
    for at in range(last - 1, _lowest(last) - 1, -1):
        line = lines[at]
        text = line.strip()
        items = line == "--" and ("--" in lines[max(0, at - 40) : at] or lines[max(0, at - 1)].endswith(":"))
        most = 30 if line.endswith("- ") else 15
        if text in ("--", "- --", "—", "–") and not items and _terse(lines, at + 1, last, most):
            return at
        if len(text) < 2 or len(text) > LONGEST_LINE:
            continue
        if not text.strip("-_=*") and at + 1 == last:
            continue  # a rule at the end divides nothing
        apart = not (at and lines[at - 1].strip())  # else it underlines a heading
        if not text.strip("_"):
            if (apart and _names(lines, at + 1, last)) or _list_footer(lines, at + 1, last):
                return at
        elif len(text) >= 5 and not text.strip("-"):
            if _list_footer(lines, at + 1, last) or (apart and at + 2 < last and _names(lines, at + 1, last)):
                return at
        elif text[0] in DASHES and last - at <= 6 and not (at and lines[at - 1].strip()):
            name = text.lstrip(DASHES)
            dashes = len(text) - len(name)
            if (
                (dashes > 1 or name[:1] != " ")
                and _named(name)
                and _names(lines, at + 1, last)
                and not _listed(lines, at)
            ):
                return at
    return last


def _listed(lines: list[str], at: int) -> bool:
    """Tell whether what stands above is a list or announces one."""
    above = next((line.strip() for line in reversed(lines[max(0, at - 3) : at]) if line.strip()), ":")
    return above.endswith((":", "：")) or above[:1] in DASHES + "*•"


def _terse(lines: list[str], start: int, stop: int, most: int) -> bool:
    """Tell whether lines are few and ask nothing."""
    texts = [line.strip() for line in lines[start:stop]]
    said = next((texts[at + 1 :] for at, text in enumerate(texts) if at and not text), [])  # below the name
    if sum(map(bool, texts)) > most or any(text.endswith(("?", "？")) for text in texts):
        return False
    return not any(text.lower().startswith(("ps", "p.s")) or _sentence(text) for text in said)


def _sentence(text: str) -> bool:
    """Tell whether a line is a sentence: some words, most of them small, and a full stop."""
    words = text.split()
    return len(words) >= 4 and text[-1:] in ".!" and sum(word[0].islower() for word in words) * 2 >= len(words)


def _list_footer(lines: list[str], start: int, stop: int) -> bool:
    text = " ".join(line[:LONGEST_LINE] for line in lines[start : min(stop, start + 8)]).lower()
    return stop - start <= 12 and ("mailing list" in text or "unsubscribe" in text) and ("http" in text or "@" in text)


def _named(text: str) -> bool:
    """Tell whether a text is one to four words with a capital each."""
    words = text.split()
    return 1 <= len(words) <= 4 and all(
        word[0].isupper() and word.strip(".,").replace("-", "").replace("'", "").isalpha() for word in words
    )


def _contact(line: str) -> bool:
    """Tell whether a line says how to reach somebody, or is a name, a title, a company: no word in it is plain."""
    text = line.strip()
    label, colon, value = text.partition(":")
    known = not CONTACT.isdisjoint(label.lower().replace(".", "").split())
    if colon and value.strip() and not known and not value.startswith("//"):
        return False
    if len(text) > 100 or text.endswith(("?", "!", ";")) or text[:3].lower() in ("ps:", "ps.", "p.s", "nb:", "n.b"):
        return False
    plain = 0
    for word in text.split():
        bare = word.strip(".,:;|()<>[]*/&-–—•'\"").lower()
        if bare in CONTACT or not word[:1].islower() or any(c in word for c in "@/.:") or len(bare) <= 3:
            continue
        plain += 1
    return plain == 0


def _reachable(line: str) -> bool:
    digits = sum(map(str.isdigit, line[:LONGEST_LINE]))
    return digits >= 6 or "@" in line or "http" in line or "www." in line


def _names(lines: list[str], start: int, stop: int) -> bool:
    texts = [line for line in lines[start:stop] if line.strip()]
    return len(texts) <= 16 and all(map(_contact, texts))


def _closing(lines: list[str], last: int) -> int:
    """Find a goodbye with a name below it, and below that nothing but how to reach him."""
    for at in range(last - 1, max(-1, last - 18), -1):
        text = lines[at].strip()
        if len(text) < 60 and text.rstrip(",.!;: ").lower() in GOODBYES:
            below = [line for line in lines[at + 1 : last] if line.strip()]
            named = bool(below) and len(below) <= 12 and _named(below[0].strip(" \t*_,"))
            sure = named and any(map(_reachable, below)) and all(map(_contact, below))
            return at if sure else last
    return last


def _boast(lines: list[str], last: int) -> int:
    """Find "Sent from my phone" in the last three lines."""
    for at in range(max(0, last - 3), last):
        if _boasts(lines[at]) and all(_boasts(line) or _contact(line) for line in lines[at + 1 : last] if line.strip()):
            return at
    return last


def _boasts(line: str) -> bool:
    text = line.strip(" \t*_-–—<[(>])|.!~").lower()
    if not text or len(line) > LONGEST_LINE or line.rstrip().endswith(("?", ":", "：", ",")):
        return False
    first = text.startswith(SENT_FIRST)
    last = text.endswith(SENT_LAST) and text.startswith((*SENT_BEFORE, *DEVICES))
    if not first and not last:
        return False
    plain = re.sub(r"<[^<>]*>|\([^()]*\)|https?:\S+", " ", text)
    head, _, rest = plain.partition(". ")
    clause, _, more = head.partition(", ")
    if rest.strip() and not any(piece in rest for piece in EXCUSES):
        return False
    if more and not more.startswith(("a ", "an ", "please", "so ", "sorry")):
        return False
    return any(piece in f" {clause}" for piece in DEVICES) and len(head.split()) <= 12


def _notice(lines: list[str], last: int, more: bool = False) -> int:
    """Find a legal notice or a program's advertisement in the last paragraph; `more` if one stands below."""
    begin = last
    while begin > _lowest(last) and lines[begin - 1].strip():
        begin -= 1
    if begin and lines[begin - 1].strip():
        return last
    above = next((line.rstrip() for line in reversed(lines[max(0, begin - 4) : begin]) if line.strip()), "")
    if above.endswith((",", ":", "，", "：")):  # a greeting: what follows is the letter
        return last
    text = " ".join(line.strip()[:LONGEST_NOTICE] for line in lines[begin:last])[:LONGEST_NOTICE].lower()
    linked = "http" in text or "www." in text
    if len(text) < 300 and "?" not in text and any(text.startswith(one) or (linked and one in text) for one in FOOTERS):
        return begin
    if not text.strip("-_*=# "):  # a rule that closes a notice
        end = begin
        while end and not lines[end - 1].strip():
            end -= 1
        return begin if end and _notice(lines, end) < end else last
    if len(text) < 90 or text.rstrip().endswith("?") or not SINGULAR.isdisjoint(text.split()):
        return last
    return begin if sum(any(piece in text for piece in kind) for kind in LEGAL) >= (2 if more else 3) else last
