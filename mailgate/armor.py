"""Clear-signed text (RFC 9580 7): the text without what PGP put around it. Pure and total; nothing is verified."""

from __future__ import annotations

BEGIN = "-----BEGIN PGP SIGNED MESSAGE-----"
SIGNATURE = "-----BEGIN PGP SIGNATURE-----"
END = "-----END PGP SIGNATURE-----"
# Not any word with a colon: where the empty line below them got lost, the text begins here.
HEADERS = ("hash:", "charset:", "comment:", "version:", "messageid:", "notdashescaped:", "saltedhash:")


def without_armor(text: str) -> str:
    """Return a text with the signed words of each clear-signed block in its place, dashes as they were written.

    Lines end with "\\n" or "\\r\\n". Blocks that are quoted, indented or not complete are text.
    """
    if BEGIN not in text:
        return text
    lines = text.split("\n")
    bare = [line.rstrip() for line in lines]
    out: list[str] = []
    at = 0
    while True:
        try:
            begin = bare.index(BEGIN, at)
            signature = bare.index(SIGNATURE, begin)
            end = bare.index(END, signature)
        except ValueError:
            break
        out += lines[at:begin]
        out += _signed(lines[begin + 1 : signature])
        at = end + 1
    return "\n".join([*out, *lines[at:]])


def _signed(lines: list[str]) -> list[str]:
    """Return the signed words of one block, from the lines between its first and its signature."""
    at, escaped = 0, True
    while at < len(lines) and lines[at].lower().startswith(HEADERS):
        escaped = escaped and not lines[at].lower().startswith("notdashescaped:")
        at += 1
    if at < len(lines) and not lines[at].strip():
        at += 1
    return [line.removeprefix("- ") if escaped else line for line in lines[at:]]
