"""One page that shows what the sandbox holds: the cases with their history, and the mails in the sink.

Everything shown may come from a stranger's mail, so everything is escaped; the page loads and runs nothing.
"""

from __future__ import annotations

from html import escape

from mailgate.sandbox.reading import ADMIN

TYPE_CHECKING = False
if TYPE_CHECKING:
    from email.message import EmailMessage
    from typing import Any

    from mailgate.sandbox.services import Services
    from mailgate.sandbox.sink import Envelope

    Row = dict[str, Any]

REFRESH = 5  # seconds
SHOWN = 50  # cases, and mails
LONGEST = 4000  # characters of one text
HEADERS = ("From", "To", "Reply-To", "Subject", "Message-ID", "In-Reply-To", "References", "X-Priority")
STYLE = """
body { font: 15px/1.45 system-ui, sans-serif; margin: 0 auto; max-width: 68rem; padding: 1rem; color: #222; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; margin-top: 2rem; border-bottom: 1px solid #bbb; }
.what { background: #fff3cd; border: 1px solid #e0c36a; padding: .5rem .8rem; border-radius: .3rem; }
article { border: 1px solid #ccc; border-radius: .3rem; padding: .6rem .8rem; margin: .7rem 0; }
h3 { margin: 0 0 .3rem; font-size: 1rem; } .state { font-weight: normal; color: #555; }
dl { display: grid; grid-template-columns: 8rem 1fr; margin: 0; } dt { color: #666; } dd { margin: 0; }
dd, pre { overflow-wrap: anywhere; }
pre { white-space: pre-wrap; background: #f6f6f6; padding: .4rem .6rem; margin: .3rem 0; font-size: .85rem; }
.when { color: #666; font-size: .85rem; margin: .4rem 0 0; }
"""


def render(services: Services, mails: list[Envelope]) -> str:
    """Return the page as HTML."""
    cases = _cases(services)
    shown = [_mail(mail) for mail in reversed(mails[-SHOWN:])]
    return f"""<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta http-equiv="refresh" content="{REFRESH}">
<meta name="viewport" content="width=device-width"><title>mailgate sandbox</title><style>{STYLE}</style></head><body>
<h1>mailgate sandbox</h1>
<p class="what">This is for trying out and for tests. It imitates an ERP; no mail that it shows was delivered.</p>
<h2>Cases ({len(cases)})</h2>
{"".join(cases) or "<p>None yet.</p>"}
<h2>Mails ({len(mails)})</h2>
{"".join(shown) or "<p>None yet.</p>"}
</body></html>
"""


def _cases(services: Services) -> list[str]:
    def ask(model: str, method: str, *args: Any) -> Any:
        return services.run(ADMIN, model, method, *args)

    found = ask("crm.case", "search", [], 0, SHOWN, "id desc", {"active_test": False})
    cases = sorted(ask("crm.case", "read", found), key=lambda case: -case["id"])
    return [_case(case, *_parts(ask, case)) for case in cases]


def _parts(ask: Any, case: Row) -> tuple[list[Row], list[Row]]:
    lines = ask("crm.case.history", "read", case["history_line"])
    files = ask("ir.attachment", "search", [["res_model", "=", "crm.case"], ["res_id", "=", case["id"]]])
    return lines, ask("ir.attachment", "read", files, ["name", "datas"])


def _case(case: Row, lines: list[Row], files: list[Row]) -> str:
    facts = {
        "Section": _named(case["section_id"]),
        "Responsible": _named(case["user_id"]) or "nobody",
        "Contact": case["email_from"],
        "Partner": _named(case["partner_id"]),
        "Watchers": case["email_cc"],
        "Priority": case["priority"],
        "Deadline": case["date_deadline"],
        "Attachments": ", ".join(f"{file['name']} ({_size(file['datas'])} bytes)" for file in files),
    }
    state = case["state"] if case["active"] else f"{case['state']}, inactive"
    head = f'<h3>[{case["id"]}] {_text(case["name"])} <span class="state">{_text(state)}</span></h3>'
    return f"<article>{head}{_facts(facts)}{''.join(_line(line) for line in lines)}</article>\n"


def _line(line: Row) -> str:
    about = " · ".join(str(part) for part in (line["date"], line["email"], line["name"]) if part)
    return f'<p class="when">{_text(about)}</p><pre>{_text(line["description"])}</pre>'


def _mail(mail: Envelope) -> str:
    message = mail.message
    facts = {"Envelope": f"{mail.sender or '<>'} → {', '.join(mail.recipients)}"}
    facts |= {name: _header(message, name) for name in HEADERS}
    files = [part.get_filename() or part.get_content_type() for part in message.iter_attachments()]
    facts["Attachments"] = ", ".join(files)
    return f"<article>{_facts(facts)}<pre>{_text(_body(message))}</pre></article>\n"


def _header(message: EmailMessage, name: str) -> str:
    try:
        return str(message[name] or "")
    except (ValueError, LookupError, AttributeError, TypeError, IndexError):  # the header parser is not total
        return "(unreadable)"


def _body(message: EmailMessage) -> str:
    part = message.get_body(("plain", "html"))
    if part is None:
        return ""
    payload = part.get_payload(decode=True)
    try:
        return payload.decode(part.get_content_charset("utf-8"), "replace") if isinstance(payload, bytes) else ""
    except LookupError:
        return payload.decode("latin-1") if isinstance(payload, bytes) else ""


def _facts(facts: dict[str, Any]) -> str:
    rows = "".join(f"<dt>{escape(name)}</dt><dd>{_text(value)}</dd>" for name, value in facts.items() if value)
    return f"<dl>{rows}</dl>"


def _named(value: Any) -> str:
    return str(value[1]) if value else ""


def _size(datas: str | bool) -> int:
    text = "".join(datas.split()) if isinstance(datas, str) else ""
    return len(text) * 3 // 4 - text.count("=")


def _text(value: Any) -> str:
    text = str(value or "")
    return escape(text if len(text) <= LONGEST else text[:LONGEST] + " …")
