"""The `Set-Action: value` lines on top of a text: what they ask for, what is wrong with them, and the text below.

Lines count up to the first that is neither blank nor a command. Blanks around the colon, upper and lower case,
no-break spaces, a byte order mark and a full-width colon are as mail clients write them.
"""

from __future__ import annotations

import re

from mailgate.address import is_address, parse_addresses
from mailgate.model import Command, Complaint
from mailgate.text import cut

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from mailgate.model import Scalar

# What a client's typography makes of a hyphen and a colon, and what has no width or turns the reading direction.
HYPHENS = dict.fromkeys([*range(0x2010, 0x2016), 0x2043, 0x2212, 0xFE58, 0xFE63, 0xFF0D], "-")
COLONS = dict.fromkeys([0xFF1A, 0xFE55, 0x2236, 0xA789], ":")
NO_WIDTH = dict.fromkeys(
    [0xAD, 0x34F, 0x200B, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2060, 0x2070), 0xFEFF, 0xFE0E, 0xFE0F]
)
BLANK = " \t\r\f\v\xa0\x85\u1680\u202f\u205f\u3000\u2028\u2029\u200c\u200d" + "".join(map(chr, range(0x2000, 0x200B)))
MARKS = '*_"`/'  # how plain text renders what was bold or set apart
WIDE = ("\uff33", "\uff53")  # full-width S: an input method wrote all of the line so
BULLETS = "-*\u2022\u00b7\u2013\u25cf\u25aa\u2023"
LONGEST_LIST = 10_000  # characters of addresses that go on over lines
MOST_COMMANDS = 100  # in one mail
LARGEST = 1e15  # beyond it a float has no cents

STATES = {
    "draft": "draft",
    "open": "open",
    "pending": "pending",
    "close": "close",
    "closed": "close",
    "done": "close",
    "cancel": "cancel",
    "cancelled": "cancel",
    "canceled": "cancel",
}
PRIORITIES = {"highest": 1, "high": 2, "normal": 3, "low": 4, "lowest": 5, "1": 1, "2": 2, "3": 3, "4": 4, "5": 5}
RELAY = {"yes": True, "no": False}


def parts(line: str) -> tuple[str, str] | None:
    """Return (action, value) of a line that has the form of a command, as written, or None."""
    if not line.isascii() and line.translate(NO_WIDTH).strip(BLANK).startswith(WIDE):
        import unicodedata

        line = unicodedata.normalize("NFKC", line)
    if "et" not in line[:60].lower():
        return None
    line = line.translate(NO_WIDTH).strip(BLANK)
    bold = line[:1] in MARKS
    head, colon, value = _at_colon(line.lstrip(MARKS) if bold else line)
    word = head.strip(BLANK + MARKS if bold else BLANK).translate(HYPHENS)
    name = word[4:].strip(BLANK)
    if not colon or word[:4].lower() != "set-" or not name or not name.replace("-", "").replace("_", "").isalnum():
        return None
    return name, value.strip(BLANK + MARKS if bold else BLANK)


def _at_colon(line: str) -> tuple[str, str, str]:
    """Take a line apart at its first colon of any form."""
    head, colon, value = line[:80].translate(COLONS).partition(":")
    if not colon:
        head, colon, value = line[:80].partition("=")
    if not colon:  # forgotten, where an action that is known stands before a blank
        head, colon, value = line[:80].partition(" ")
        colon = colon if value.strip() and head.translate(HYPHENS).lower().removeprefix("set-") in ACTIONS else ""
    return head, colon, value + line[80:] if colon else ""


def is_command(line: str) -> bool:
    """Tell whether a line of text has the form of a command, whatever its action and value."""
    return parts(line) is not None


class Block:
    """The lines on top of a text, asked for one after the other: which of them are commands?

    A line `Set-Cc:` that ends with a comma goes on in the next: clients wrap long lines.
    """

    def __init__(self) -> None:
        self.found: list[str] = []
        self.goes_on = False

    def takes(self, line: str) -> bool:
        """Tell whether a line is one of the block's: a command, or a blank line."""
        bare = line.strip(BLANK)
        command = parts(bare)
        if command is not None:
            self.found.append(bare)
        elif self.goes_on and "@" in bare and not bare.startswith(">"):
            self.found[-1] += f" {bare}"
        elif bare.translate(NO_WIDTH).strip(BLANK):
            return False
        cc = bool(bare) and (self.goes_on or (command is not None and command[0].lower() == "cc"))
        self.goes_on = cc and bare.endswith((",", ";")) and len(self.found[-1]) < LONGEST_LIST
        return True


class _BadValueError(ValueError):
    """Why a value is not understood, and a value that would have been."""

    def __init__(self, reason: str, nearest: str = "") -> None:
        super().__init__(reason)
        self.nearest = nearest


def read(text: str) -> tuple[tuple[Command, ...], tuple[Complaint, ...], str]:
    """Return the commands on top of a text, the complaints about bad lines, and the text without its command lines.

    A command of the same action twice is carried out once, as the last says, but for Cc, where each adds up.
    Where there are more than MOST_COMMANDS, nobody wrote them by hand: one complaint stands for them all.
    """
    lines, rest = split(text)
    if len(lines) > MOST_COMMANDS:
        return (), (Complaint(lines[0], f"there are more than {MOST_COMMANDS} such lines; none was carried out"),), rest
    commands: list[Command] = []
    complaints: list[Complaint] = []
    for line in lines:
        understood = _understand(line)
        if isinstance(understood, Complaint):
            complaints.append(understood)
            continue
        if understood.action != "cc":
            commands = [command for command in commands if command.action != understood.action]
        commands.append(understood)
    for line in strays(rest):  # who did not want his mail to be sent must not find it sent
        if (parts(line) or ("", ""))[0].lower() == "relay":
            complaints.append(Complaint(line, "it stands below the text, where no command counts"))
    return tuple(commands), tuple(complaints), rest


def split(text: str) -> tuple[tuple[str, ...], str]:
    """Return the command lines on top of a text, as written, and what stands below them."""
    block = Block()
    lines = text.split("\n")
    for number, line in enumerate(lines):
        if not block.takes(line):
            return tuple(block.found), "\n".join(lines[number:])
    return tuple(block.found), ""


def strays(rest: str) -> tuple[str, ...]:
    """Return the lines of a command's form that stand below the block: they are text, and are not carried out.

    What an older mail below says is not counted; a line in a list is, since its writer meant it.
    """
    found = [line for line in rest.split("\n") if _is_stray(line)] if "et" in rest.lower() else []
    if not found:
        return ()
    new = {line.strip() for line in cut(rest).new.split("\n")}
    return tuple(line.strip() for line in found if line.strip() in new)


def _is_stray(line: str) -> bool:
    bare = line.strip(BLANK)
    return _known(bare) or (bare[:1] in BULLETS and _known(bare[1:]))


def _known(line: str) -> bool:
    found = parts(line)
    return found is not None and found[0].lower() in ACTIONS


def _understand(line: str) -> Command | Complaint:
    found = parts(line)
    assert found is not None
    name, value = found
    action = name.lower()
    reader = ACTIONS.get(action)
    if reader is None:
        near = _nearest(action, ACTIONS)
        return Complaint(line, f"there is no command Set-{name}", _valid(near, value) if near else "")
    if not value:
        return Complaint(line, "the value is missing", _valid(action, ""))
    try:
        return Command(action, reader(value), line)
    except _BadValueError as error:
        return Complaint(line, str(error), _valid(action, error.nearest))


def _valid(action: str, value: str) -> str:
    """Return a line with that value, or with the nearest one that is understood, else with an example."""
    try:
        if value:
            ACTIONS[action](value)
    except _BadValueError as error:
        return _valid(action, error.nearest)
    return f"Set-{action.capitalize()}: {value or EXAMPLES[action]}"


def _nearest(word: str, words: dict[str, Callable[[str], Scalar | tuple[str, ...]]] | dict[str, str]) -> str:
    import difflib

    found = difflib.get_close_matches(word.casefold(), list(words), 1, 0.5)
    return found[0] if found else ""


def _state(value: str) -> str:
    word = value.casefold()
    if word not in STATES:
        raise _BadValueError(
            f"{value!r} is no state; the states are draft, open, pending, close and cancel", _nearest(word, STATES)
        )
    return STATES[word]


def _priority(value: str) -> int:
    word = value.casefold()
    if word not in PRIORITIES:
        raise _BadValueError(f"{value!r} is no priority; 1 is the highest and 5 the lowest")
    return PRIORITIES[word]


def _number(value: str) -> float:
    """Read a number as people write it: the last of comma and point is the decimal sign, unless it groups by three."""
    digits = re.sub(r"[\s'\u2019\u202f]", "", value)
    if not re.fullmatch(r"[+-]?\d[\d.,]*", digits, re.ASCII):
        raise _BadValueError(f"{value!r} is no number")
    comma, point = digits.rfind(","), digits.rfind(".")
    if comma >= 0 and point >= 0:
        group, decimal = (",", ".") if point > comma else (".", ",")
        if not re.fullmatch(rf"[+-]?\d{{1,3}}(\{group}\d{{2,3}})*\{group}\d{{3}}\{decimal}\d*", digits):
            raise _BadValueError(f"{value!r} is no number")
        return float(digits.replace(group, "").replace(decimal, "."))
    sign = "," if comma >= 0 else "."
    if digits.count(sign) > 1:
        if not re.fullmatch(rf"[+-]?\d{{1,3}}(\{sign}\d{{3}})+", digits):
            raise _BadValueError(f"{value!r} is no number")
        return float(digits.replace(sign, ""))
    if re.fullmatch(rf"[+-]?[1-9]\d{{0,2}}\{sign}\d{{3}}", digits):
        raise _BadValueError(f"{value!r} may be read in two ways", digits.replace(sign, ""))
    return float(digits.replace(",", "."))


def _amount(value: str) -> float:
    number = _number(value.strip("$\u20ac\u00a3 "))
    if abs(number) >= LARGEST:
        raise _BadValueError(f"{value!r} is too large")
    return number


def _probability(value: str) -> float:
    percent = value.rstrip().endswith("%")
    number = _number(value.rstrip("% "))
    number = number / 100 if percent else number
    if not 0 <= number <= 1:
        raise _BadValueError(
            f"{value!r} is no probability; write 0 to 1, or 0 % to 100 %",
            "" if percent or number > 100 else f"{number:g} %",
        )
    return number


def _unlinked(value: str) -> str:
    """Return an address without the link that a client renders beside it: `a@b.org <mailto:a@b.org>`."""
    value = re.sub(r"\[([^][]*+)\]\((?:mailto|https?):[^()]*+\)", r"\1", value)
    value = re.sub(r"(?<=[^\s,;+-])\s*+<(?:mailto|https?):[^<>]*+>", "", value)
    return re.sub(r"(?i)\bmailto:", "", value)


def _email(value: str) -> str:
    found = parse_addresses(_unlinked(value))
    if len(found) != 1 or not is_address(found[0].email):
        raise _BadValueError(f"{value!r} is not one e-mail address")
    return found[0].email


def _cc(value: str) -> tuple[str, ...]:
    """Return signed addresses: "+a@b" to add, "-a@b" to take away, "=a@b" for a list that replaces the old."""
    entries = []
    for entry in filter(None, map(str.strip, re.split(r"[,;]", _unlinked(value)))):
        sign, email = (entry[0], entry[1:]) if entry[0] in "+-" else ("=", entry)
        entries.append(sign + _email(email))
    if not entries:
        raise _BadValueError(f"{value!r} holds no e-mail address")
    if len({entry[0] == "=" for entry in entries}) > 1:
        signed = ", ".join(entry.replace("=", "+", 1) for entry in entries)
        raise _BadValueError("some addresses have a sign and some have none", signed)
    return tuple(entries)


def _deadline(value: str) -> str:
    """Return an ISO date, or "+N" for days from the day on which it is carried out."""
    relative = re.fullmatch(r"\+\s*(\d{1,4})\s*([dw]?)", value.lower(), re.ASCII)
    if relative:
        return f"+{int(relative[1]) * (7 if relative[2] == 'w' else 1)}"
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", value, re.ASCII):
        from datetime import date

        try:
            return date.fromisoformat(value).isoformat()
        except ValueError:
            raise _BadValueError(f"there is no day {value}") from None
    raise _BadValueError(f"{value!r} is no date; write it as year-month-day, or as days from now")


def _relay(value: str) -> bool:
    if value.casefold() not in RELAY:
        raise _BadValueError(f"{value!r} is neither yes nor no", "no")
    return RELAY[value.casefold()]


def _text(value: str) -> str:
    return value


def _user(value: str) -> str:
    return _unlinked(value) if "@" in value else value


EXAMPLES = {
    "state": "pending",
    "user": "ede",
    "priority": "2",
    "partner": "customer@example.com",
    "cost": "1200.50",
    "revenue": "1200.50",
    "probability": "50 %",
    "section": "SSUP",
    "category": "Bug",
    "cc": "+colleague@example.com",
    "deadline": "+3d",
    "subject": "the new title",
    "relay": "no",
}
ACTIONS: dict[str, Callable[[str], Scalar | tuple[str, ...]]] = {
    "state": _state,
    "user": _user,
    "priority": _priority,
    "partner": _email,
    "cost": _amount,
    "revenue": _amount,
    "probability": _probability,
    "section": _text,
    "category": _text,
    "cc": _cc,
    "deadline": _deadline,
    "subject": _text,
    "relay": _relay,
}
