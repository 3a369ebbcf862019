"""Measure how well messages are read, against a file of expectations: python tests/bench/score.py FOLDER EXPECT.jsonl

FOLDER holds .eml files, at any depth. EXPECT.jsonl has one object a line: `path` under FOLDER, and any of `subject`,
`from`, `from_name`, `body_contains`, `reply_text` (white space does not count; the signature may be with it),
`reply_contains`, `reply_not_contains`, `nothing_stripped`, `attachments` (each any of name, size, sha256, type,
text_contains), `attachment_count`, `attachment_names_include`, `is_bounce`, `failed_recipients`, `dsn` (status first),
`dsn_actions`, `is_auto`, `is_mdn`, `is_feedback_report`.

not_ours.tsv beside this file lists expectations that are wrong for a gateway: path, key, reason. They count as missed
all the same, and a second figure says how many of the missed are on the list.
"""

from __future__ import annotations

import argparse
import json
import time
import tracemalloc
from collections import Counter
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mailgate.automatic import classify
from mailgate.commands import read
from mailgate.compose import compose
from mailgate.message import header_end, parse
from mailgate.model import Address, Relay
from mailgate.policy import Mailbox
from mailgate.text import cut

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mailgate.model import Attachment, Automatic, Mail

    Check = tuple[str, str, bool, object]  # row of the report, key of the expectation, met?, what was read

NOT_OURS = Path(__file__).with_name("not_ours.tsv")
COPY = Relay(Address("carla@customer.example"), "partner", "copy", "a measurement", "<1@gateway.example>", "[1] x")
BOX = Mailbox("support@gateway.example")
REPORTS = ("is_mdn", "is_feedback_report")


def squeezed(text: str) -> str:
    """Return a text without white space."""
    return "".join(text.split())


def header_checks(mail: Mail, expected: dict[str, Any]) -> Iterator[Check]:
    if "subject" in expected:
        met = squeezed(mail.subject) == squeezed(expected["subject"])
        yield "subject", "subject", met, mail.subject
    if "from" in expected:
        yield "from", "from", mail.sender.email.lower() == expected["from"].lower(), mail.sender.email
    if "from_name" in expected:
        yield "from_name", "from_name", mail.sender.name == expected["from_name"], mail.sender.name


def text_checks(mail: Mail, expected: dict[str, Any]) -> Iterator[Check]:
    text, source = squeezed(mail.text), expected["path"].partition("/")[0]
    for piece in expected.get("body_contains", ()):
        yield "body_contains", "body_contains", squeezed(piece) in text, mail.text[:200]
    apart = cut(mail.text)
    new = squeezed(apart.new)
    if "reply_text" in expected:
        met = squeezed(expected["reply_text"]) in (new, squeezed(apart.new + apart.signature))
        yield f"reply_text of {source}", "reply_text", met, apart.new
        for line in filter(None, map(squeezed, expected["reply_text"].split("\n"))):
            yield "lines of reply_text kept", "reply_lines", line in new + squeezed(apart.signature), line
    for piece in expected.get("reply_contains", ()):
        yield "reply_contains", "reply_contains", squeezed(piece) in new, apart.new
    for piece in expected.get("reply_not_contains", ()):
        yield "reply_not_contains", "reply_not_contains", squeezed(piece) not in new, apart.new
    if expected.get("nothing_stripped"):
        yield "nothing_stripped", "nothing_stripped", new == text, apart.new


def is_meant(wanted: dict[str, Any], found: Attachment) -> bool:
    """Tell whether an attachment is the expected one, by all that is said of it."""
    return (
        wanted.get("name", found.name) == found.name
        and wanted.get("size", len(found.data)) == len(found.data)
        and wanted.get("type", found.type) == found.type
        and wanted.get("sha256", "") in ("", sha256(found.data).hexdigest())
        and all(piece.encode() in found.data for piece in wanted.get("text_contains", ()))
    )


def attachment_checks(mail: Mail, expected: dict[str, Any]) -> Iterator[Check]:
    names = [attachment.name for attachment in mail.attachments]
    if "attachments" in expected:
        wanted, left = expected["attachments"], list(mail.attachments)
        for one in wanted:
            hit = next((found for found in left if is_meant(one, found)), None)
            if hit is not None:
                left.remove(hit)
        shown = [(one.name, one.type, len(one.data)) for one in mail.attachments]
        yield "attachments", "attachments", not left and len(wanted) == len(names), shown
    if "attachment_count" in expected:
        yield "attachment_count", "attachment_count", expected["attachment_count"] == len(names), names
    for name in expected.get("attachment_names_include", ()):
        yield "attachment_names_include", "attachment_names_include", name in names, names


def automatic_checks(automatic: Automatic | None, expected: dict[str, Any]) -> Iterator[Check]:
    kind = automatic.kind if automatic else None
    bounces = automatic.bounces if automatic else ()
    if expected.get("is_auto"):
        yield "is_auto", "is_auto", kind is not None, kind
    for key in REPORTS:
        if expected.get(key):
            yield "receipts and complaints", key, kind == "auto-reply", kind
    if "failed_recipients" in expected:
        found = sorted({bounce.address.lower() for bounce in bounces})
        met = found == sorted(map(str.lower, expected["failed_recipients"]))
        yield "failed_recipients", "failed_recipients", met, found
    if "dsn_actions" in expected:
        actions = sorted({bounce.action for bounce in bounces})
        yield "dsn_actions", "dsn_actions", actions == sorted(set(expected["dsn_actions"])), actions
    # x.0.9nn is no status that a mail could state: it is made up where there is none
    statuses = {one[0] for one in expected.get("dsn", ()) if one[0] and not one[0][2:].startswith("0.9")}
    if statuses:
        found = sorted({bounce.status for bounce in bounces})
        yield "dsn status", "dsn", statuses <= set(found), found


def relayed(mail: Mail) -> Check:
    """Check that a copy's body is, byte for byte, the body that came in."""
    sent = compose(COPY, mail, BOX, 0.0)
    met = sent.partition(b"\r\n\r\n")[2] == mail.raw[header_end(mail.raw) :]
    return "bodies relayed unchanged", "relay", met, len(sent)


class Costs:
    """Time in seconds and peak of memory in bytes for each message."""

    def __init__(self) -> None:
        self.times: list[tuple[float, str]] = []
        self.peaks: list[tuple[float, str]] = []  # bytes for each byte of the message

    def measure(self, raw: bytes, name: str) -> tuple[Mail, Automatic | None]:
        start = time.perf_counter()
        mail, automatic = understood(raw)
        self.times.append((time.perf_counter() - start, name))
        tracemalloc.start()
        understood(raw)
        self.peaks.append((tracemalloc.get_traced_memory()[1], f"{name}, {len(raw)} bytes"))
        tracemalloc.stop()
        return mail, automatic

    def report(self) -> None:
        slowest, name = max(self.times, default=(0.0, "none"))
        print(f"slowest {slowest * 1000:.1f} ms ({name}); all {sum(one for one, _ in self.times):.2f} s")
        hungriest, name = max(self.peaks, default=(0.0, "none"))
        print(f"hungriest {hungriest / 1e6:.1f} MB ({name})")


def understood(raw: bytes) -> tuple[Mail, Automatic | None]:
    """Do all that is done with a message's bytes before an ERP is asked."""
    mail = parse(raw)
    automatic = classify(mail)
    cut(read(mail.text)[2])
    return mail, automatic


class Tally:
    """What was met and missed, by row of the report."""

    def __init__(self, not_ours: dict[tuple[str, str], str], verbose: bool) -> None:
        self.counts: Counter[tuple[str, str]] = Counter()
        self.kinds: Counter[tuple[bool, str | None]] = Counter()
        self.autos: Counter[tuple[bool, bool]] = Counter()
        self.not_ours, self.verbose = not_ours, verbose

    def add(self, name: str, check: Check) -> None:
        row, key, met, found = check
        reason = self.not_ours.get((name, key), "")
        self.counts[row, "met" if met else "not ours" if reason else "missed"] += 1
        if self.verbose and not met:
            print(f"{'not ours' if reason else 'missed'}: {name}: {row}: {found!r}{reason and ' -- '}{reason}")

    def classify(self, name: str, expected: dict[str, Any], automatic: Automatic | None) -> None:
        kind = automatic.kind if automatic else None
        wanted = bool(expected.get("is_bounce"))
        reason = self.not_ours.get((name, "is_bounce"), "")
        self.kinds[wanted, "not ours" if reason and wanted and kind != "bounce" else kind] += 1
        if self.verbose and wanted != (kind == "bounce"):
            print(f"{'not ours' if reason else 'missed'}: {name}: bounce: {kind}{reason and ' -- '}{reason}")
        auto = bool(expected.get("is_auto") or any(map(expected.get, REPORTS)))
        if not wanted and kind != "bounce":
            self.autos[auto, kind == "auto-reply"] += 1
            if self.verbose and kind == "auto-reply" and not auto:
                print(f"not expected: {name}: auto-reply: {automatic.reason if automatic else ''}")

    def report(self) -> None:
        for row in sorted({row for row, _ in self.counts}):
            met, missed, excused = (self.counts[row, word] for word in ("met", "missed", "not ours"))
            note = f"   ({excused} of the others not ours: not_ours.tsv)" if excused else ""
            print(f"{row:36} {met:5} of {met + missed + excused:5}{note}")
        right, excused = self.kinds[True, "bounce"], self.kinds[True, "not ours"]
        known = sum(count for (wanted, _), count in self.kinds.items() if wanted)
        taken = sum(count for (_, kind), count in self.kinds.items() if kind == "bounce")
        note = f"   ({excused} of the others not ours: not_ours.tsv)" if excused else ""
        print(f"{'bounces: recall':36} {right:5} of {known:5}{note}")
        print(f"{'bounces: precision (none expected)':36} {right:5} of {taken:5}")
        autos = self.autos
        print(
            f"{'auto-replies, reports: recall':36} {autos[True, True]:5} of {autos[True, True] + autos[True, False]:5}"
        )
        print(f"{'auto-replies beyond what is expected':36} {autos[False, True]:5}")


def listed(path: Path) -> dict[tuple[str, str], str]:
    """Read which expectations are not ours: (path, key) -> reason."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    rows = (line.split("\t") for line in lines if line and not line.startswith("#"))
    return {(name, key): reason for name, key, reason in rows}


def main() -> None:
    """Read every message, compare, print."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("folder", type=Path)
    arguments.add_argument("expect", type=Path)
    arguments.add_argument("--misses", action="store_true", help="print what was not met")
    options = arguments.parse_args()
    lines = options.expect.read_text(encoding="utf-8").splitlines()
    expectations = {one["path"]: one for one in map(json.loads, lines)}
    tally, costs, crashes = Tally(listed(NOT_OURS), options.misses), Costs(), 0
    for path in sorted(options.folder.rglob("*.eml")):
        name = str(path.relative_to(options.folder))
        expected = expectations.get(name, {"path": name})
        try:
            mail, automatic = costs.measure(path.read_bytes(), name)
            checks = [*header_checks(mail, expected), *text_checks(mail, expected), relayed(mail)]
            checks += [*attachment_checks(mail, expected), *automatic_checks(automatic, expected)]
        except Exception as error:  # noqa: BLE001 - a crash is what is counted here
            crashes += 1
            print(f"crash: {name}: {error!r}")
            continue
        for check in checks:
            tally.add(name, check)
        tally.classify(name, expected, automatic)
    print(f"{'messages':36} {len(costs.times) + crashes:5}\n{'crashes':36} {crashes:5}")
    tally.report()
    costs.report()


if __name__ == "__main__":
    main()
