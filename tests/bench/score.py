"""Measure how well messages are read, against a file of expectations: python tests/bench/score.py FOLDER EXPECT.jsonl

FOLDER holds .eml files, at any depth. EXPECT.jsonl has one object a line: `path` under FOLDER, and any of `subject`,
`from`, `from_name`, `body_contains`, `reply_text` (white space does not count; the signature may be with it),
`attachments`, `attachment_count`, `attachment_names_include`, `is_bounce`, `failed_recipients`, `dsn_actions`,
`is_auto`, `is_mdn`, `is_feedback_report`. With --misses each expectation that is not met is printed as well.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mailgate.automatic import classify
from mailgate.message import parse
from mailgate.text import cut

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mailgate.model import Automatic, Mail

    Check = tuple[str, bool, object]  # name, met?, what was read


def squeezed(text: str) -> str:
    """Return a text without white space."""
    return "".join(text.split())


def header_checks(mail: Mail, expected: dict[str, Any]) -> Iterator[Check]:
    if "subject" in expected:
        yield "subject", squeezed(mail.subject) == squeezed(expected["subject"]), mail.subject
    if "from" in expected:
        yield "from", mail.sender.email.lower() == expected["from"].lower(), mail.sender.email
    if "from_name" in expected:
        yield "from_name", mail.sender.name == expected["from_name"], mail.sender.name


def text_checks(mail: Mail, expected: dict[str, Any]) -> Iterator[Check]:
    text = squeezed(mail.text)
    for piece in expected.get("body_contains", ()):
        yield "body_contains", squeezed(piece) in text, mail.text[:200]
    apart = cut(mail.text)
    if "reply_text" in expected:
        source = expected["path"].partition("/")[0]
        met = squeezed(expected["reply_text"]) in (squeezed(apart.new), squeezed(apart.new + apart.signature))
        yield f"reply_text of {source}", met, apart.new
    for piece in expected.get("reply_contains", ()):
        yield "reply_contains", squeezed(piece) in squeezed(apart.new), apart.new


def attachment_checks(mail: Mail, expected: dict[str, Any]) -> Iterator[Check]:
    names = [attachment.name for attachment in mail.attachments]
    if "attachments" in expected:
        wanted = expected["attachments"]
        met = len(wanted) == len(names) and all(
            (one.get("name") or name) == name for one, name in zip(wanted, names, strict=False)
        )
        yield "attachments", met, names
    if "attachment_count" in expected:
        yield "attachment_count", expected["attachment_count"] == len(names), names
    for name in expected.get("attachment_names_include", ()):
        yield "attachment_names_include", name in names, names


def automatic_checks(automatic: Automatic | None, expected: dict[str, Any]) -> Iterator[Check]:
    kind = automatic.kind if automatic else None
    bounces = automatic.bounces if automatic else ()
    if expected.get("is_auto"):
        yield "is_auto", kind is not None, kind
    if expected.get("is_mdn") or expected.get("is_feedback_report"):
        yield "receipts and complaints", kind == "auto-reply", kind
    if "failed_recipients" in expected:
        found = sorted({bounce.address.lower() for bounce in bounces})
        yield "failed_recipients", found == sorted(map(str.lower, expected["failed_recipients"])), found
    if "dsn_actions" in expected:
        actions = sorted({bounce.action for bounce in bounces})
        yield "dsn_actions", actions == sorted(set(expected["dsn_actions"])), actions


def report(counts: Counter[tuple[str, bool]], bounces: Counter[tuple[bool, bool]]) -> None:
    for name in sorted({name for name, _ in counts}):
        met, missed = counts[name, True], counts[name, False]
        print(f"{name:36} {met:4} of {met + missed}")
    right, extra, missed = bounces[True, True], bounces[False, True], bounces[True, False]
    print(f"{'bounces: precision':36} {right:4} of {right + extra}")
    print(f"{'bounces: recall':36} {right:4} of {right + missed}")


def main() -> None:
    """Read every message, compare, print."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("folder", type=Path)
    arguments.add_argument("expect", type=Path)
    arguments.add_argument("--misses", action="store_true", help="print what was not met")
    options = arguments.parse_args()
    lines = options.expect.read_text(encoding="utf-8").splitlines()
    expectations = {one["path"]: one for one in map(json.loads, lines)}
    counts: Counter[tuple[str, bool]] = Counter()
    bounces: Counter[tuple[bool, bool]] = Counter()
    times: list[tuple[float, str]] = []
    crashes = 0
    for path in sorted(options.folder.rglob("*.eml")):
        name = str(path.relative_to(options.folder))
        expected = expectations.get(name, {"path": name})
        raw = path.read_bytes()
        start = time.perf_counter()
        try:
            mail = parse(raw)
            automatic = classify(mail)
            cut(mail.text)
        except Exception as error:  # noqa: BLE001 - a crash is what is counted here
            crashes += 1
            print(f"crash: {name}: {error!r}")
            continue
        times.append((time.perf_counter() - start, name))
        bounces[bool(expected.get("is_bounce")), bool(automatic and automatic.kind == "bounce")] += 1
        checks = [*header_checks(mail, expected), *text_checks(mail, expected)]
        checks += [*attachment_checks(mail, expected), *automatic_checks(automatic, expected)]
        for check, met, found in checks:
            counts[check, met] += 1
            if options.misses and not met:
                print(f"missed: {name}: {check}: {found!r}")
    slowest, name = max(times, default=(0.0, "none"))
    print(f"{'messages':36} {len(times) + crashes:4}\n{'crashes':36} {crashes:4}")
    report(counts, bounces)
    total = sum(one for one, _ in times)
    print(f"slowest {slowest * 1000:.1f} ms ({name}); all {total:.2f} s")


if __name__ == "__main__":
    main()
