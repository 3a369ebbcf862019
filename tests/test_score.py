"""The measure itself: it must count a miss as a miss, or its figures say nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

SCRIPT = Path(__file__).parent / "bench" / "score.py"
REPLY = (
    b"From: Carla <carla@customer.example>\nSubject: The printer\nMIME-Version: 1.0\n"
    b'Content-Type: multipart/mixed; boundary="b"\n\n--b\n\nIt smokes.\n\n> How is it?\n> Is it well?\n'
    b'\n--b\nContent-Type: text/csv; name="log.csv"\n\n1,2\n--b--\n'
)
REPORT = (
    b"From: MAILER-DAEMON@mx.example\nSubject: Undelivered\nContent-Type: multipart/report; boundary=b;"
    b" report-type=delivery-status\n\n--b\n\nNo.\n--b\nContent-Type: message/delivery-status\n\n"
    b"Reporting-MTA: dns; mx\n\n"
    b"Final-Recipient: rfc822; carla@customer.example\nAction: failed\nStatus: 5.1.1\n\n--b--\n"
)
RIGHT: tuple[dict[str, Any], ...] = (
    {
        "path": "a/reply.eml", "subject": "The printer", "from": "carla@customer.example", "from_name": "Carla",
        "body_contains": ["It smokes."], "reply_text": "It  smokes.", "reply_contains": ["smokes"],
        "reply_not_contains": ["How is it"], "attachment_count": 1, "attachment_names_include": ["log.csv"],
        "attachments": [{"name": "log.csv", "size": 3, "type": "text/csv", "text_contains": ["1,2"]}],
    },
    {
        "path": "b/report.eml", "is_bounce": True, "failed_recipients": ["carla@customer.example"],
        "dsn": [["5.1.1", "", "userunknown", 1]], "dsn_actions": ["failed"],
    },
)  # fmt: skip
WRONG: tuple[dict[str, Any], ...] = (
    {
        "path": "a/reply.eml", "subject": "x", "from": "x@y", "from_name": "x", "body_contains": ["fire"],
        "reply_text": "It smokes. And burns.", "reply_contains": ["fire"], "reply_not_contains": ["smokes"],
        "attachment_count": 2, "attachment_names_include": ["x"], "nothing_stripped": True, "is_auto": True,
        "attachments": [{"name": "log.csv", "size": 4}], "is_bounce": True,
    },
    {"path": "b/report.eml", "failed_recipients": ["x@y"], "dsn": [["5.2.2", "", "", 1]], "dsn_actions": ["delayed"]},
)  # fmt: skip


def scored(folder: Path, expected: tuple[dict[str, Any], ...]) -> dict[str, tuple[str, str]]:
    """Return met and all of each row that the script prints."""
    for name, raw in (("a/reply.eml", REPLY), ("b/report.eml", REPORT)):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(raw)
    expect = folder / "expect.jsonl"
    expect.write_text("\n".join(map(json.dumps, expected)))
    run = subprocess.run([sys.executable, SCRIPT, folder, expect], capture_output=True, text=True, check=True)
    rows = (line.rsplit(None, 3) for line in run.stdout.splitlines() if " of " in line and "(" not in line[36:])
    return {row[0]: (row[1], row[3]) for row in rows}


def test_what_is_right_is_met(tmp_path: Path) -> None:
    rows = scored(tmp_path, RIGHT)
    assert {name for name, (met, known) in rows.items() if met != known} == set()
    assert {key for one in RIGHT for key in one} - {"path", "is_bounce", "dsn", "reply_text"} <= set(rows)
    assert rows["bodies relayed unchanged"] == ("2", "2")
    assert rows["bounces: recall"] == rows["bounces: precision (none expected)"] == ("1", "1")


def test_what_is_wrong_is_missed(tmp_path: Path) -> None:
    rows = scored(tmp_path, WRONG)
    met = {name: found for name, found in rows.items() if found[0] != "0"}
    assert met == {"bodies relayed unchanged": ("2", "2")}
    assert rows["lines of reply_text kept"] == ("0", "1")
    assert rows["bounces: recall"] == rows["bounces: precision (none expected)"] == ("0", "1")
    assert {key for one in WRONG for key in one} - {"path", "is_bounce", "dsn", "reply_text"} <= set(rows)
    assert rows["dsn status"] == rows["reply_text of a"] == ("0", "1")
