"""Replies taken apart: what is new, what is quoted, the signature. In doubt it is new: losing words is worst.

Plain comparisons instead of large patterns: most mails are short, and compiling a pattern costs more than they do.
"""

from __future__ import annotations

import re

from mailgate.model import Cut

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    Run = tuple[bool, int, int]  # quoted?, first line, line after the last

# "X wrote:" in the languages of Gmail, Outlook, Apple Mail, Thunderbird and Lotus Notes.
WROTE = (
    "wrote", "schrieb", "geschrieben", "écrit", "escribió", "escribio", "scritto", "schreef", "geschreven", "escreveu",
    "skrev", "kirjoitti", "napisał", "napisal", "napsal", "написал", "пишет", "писал", "написа", "írta", "yazdı",
    "a scris", "έγραψε", "đã viết", "menulis", "写道", "寫道", "書きました", "のメール", "님이 작성",
)  # fmt: skip
# What such a line begins with, beside a date in digits or a day's name.
OPENINGS = frozenset((
    "on", "le", "am", "el", "il", "op", "em", "den", "dne", "dnia", "w", "pe", "på", "ti", "в", "на", "at", "vào",
    "pada",
))  # fmt: skip
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun", "lun", "mar", "mer", "jeu", "ven", "sam", "dim")
ORIGINAL = frozenset((
    "original message", "original-message", "original appointment", "original mail", "original", "reply message",
    "originalnachricht", "ursprüngliche nachricht", "urspruengliche nachricht", "message d'origine",
    "message d’origine", "message original", "mensaje original", "messaggio originale", "oorspronkelijk bericht",
    "mensagem original", "oprindelig meddelelse", "opprinnelig melding", "ursprungligt meddelande",
    "alkuperäinen viesti", "wiadomość oryginalna", "oryginalna wiadomość", "původní zpráva", "исходное сообщение",
    "eredeti üzenet", "原始邮件", "原始郵件", "元のメッセージ", "オリジナルメッセージ", "원본 메시지",
))  # fmt: skip
FORWARD = (
    "forwarded", "weitergeleitete", "message transféré", "mensaje reenviado", "messaggio inoltrato", "doorgestuurd",
    "mensagem encaminhada", "videresendt", "vidarebefordrat", "przekazana", "пересылаемое сообщение", "转发",
    "begin forwarded message", "anfang der weitergeleiteten", "début du message réexpédié",
    "début du message transféré",
)  # fmt: skip
# The labels of the header block that Outlook puts above a quote: the first, and those that follow it.
FROM = frozenset((
    "from", "von", "de", "da", "van", "från", "fra", "lähettäjä", "od", "от", "feladó", "kimden", "发件人", "寄件者",
    "寄件人", "差出人", "보낸사람",
))  # fmt: skip
OTHERS = frozenset((
    "sent", "date", "to", "cc", "subject", "gesendet", "datum", "an", "betreff", "envoyé", "à", "objet", "enviado",
    "fecha", "para", "asunto", "inviato", "data", "a", "oggetto", "verzonden", "aan", "onderwerp", "enviada",
    "assunto", "skickat", "till", "ämne", "sendt", "til", "emne", "wysłano", "do", "temat", "kopia", "odesláno",
    "komu", "předmět", "отправлено", "дата", "кому", "тема", "копия", "lähetetty", "vastaanottaja", "aihe", "发送时间",
    "收件人", "主题", "抄送", "傳送時間", "收件者", "主旨", "送信日時", "宛先", "件名",
    "reply-to", "importance", "kopie",
))  # fmt: skip
MOBILE = (
    "sent from my", "sent from mail", "sent from the", "sent from a ", "sent from yahoo", "sent from outlook",
    "sent from samsung", "sent from proton", "sent from gmail", "sent via", "sent with", "sent by my",
    "get outlook for",
    "von meinem", "von meiner", "gesendet von", "gesendet mit", "diese nachricht wurde von mein", "envoyé de mon",
    "envoyé depuis", "envoyé à partir de", "enviado desde mi", "enviado desde el", "enviado do meu", "enviado de mi",
    "inviato da iphone", "inviato da ipad", "inviato dal mio", "verzonden vanaf", "verzonden met", "verstuurd vanaf",
    "skickat från min", "sendt fra min", "lähetetty iphone", "отправлено с", "wysłane z", "从我的", "iphoneから送信",
)  # fmt: skip
MOST_LINES = 20_000  # what is longer is no letter
RULE = "-_*"  # lines are drawn with these
LONGEST_SIGNATURE = 30  # lines; what is longer was written to be read
ATTRIBUTION_LINES = 4
LABEL_LINES = 8


def _quoted(line: str) -> bool:
    return line[:4].lstrip(" \t")[:1] == ">"


def _opens(line: str) -> bool:
    """Tell whether a line begins as an attribution does."""
    text = line.lstrip(" \t*_").lower()
    if text[:1].isdigit():
        return re.match(r"\d{1,4}(?:[-./年]\s?\d|\.?\s[^\W\d]{3})", text) is not None
    first = text[:40].partition(" ")[0]
    return first in OPENINGS or first.startswith(DAYS)


def _wrote(lines: list[str], strong: bool) -> bool:
    """Tell whether some lines say who wrote what follows; a strong one also has a date or an address."""
    text = " ".join(line.strip() for line in lines).rstrip("*_ \u200e")
    if not text.endswith((":", "：")) or len(text) > 600:
        return False
    if not any(word in text.lower() for word in WROTE):  # 1.2.2024, "X" <a@b>: is understood in every language
        dated = re.match(r"(?:\d{1,4}[-/.]\d\d?[-/.]\d{1,4}|[^<>]*\d:\d\d)\b[^<>]*<\s?[^<>\s]+@[^<>\s]+>\s*:$", text)
        return dated is not None
    return not strong or re.search(r"\d.*@|@.*\d|\d[:.h]\d\d|\d{4}", text) is not None


def _attribution(lines: list[str], start: int) -> int:
    """Return where the attribution above the quote at `start` begins; `start` if there is none."""
    last = start - 1
    while last >= 0 and start - last <= 3 and not lines[last].strip():
        last -= 1
    if last < 0 or not lines[last].rstrip("*_ \t\u200e").endswith((":", "：")):
        return start
    begin = start
    for first in range(last, max(-1, last - ATTRIBUTION_LINES), -1):
        if not lines[first].strip() or _quoted(lines[first]):
            break
        opens = _opens(lines[first])
        if (begin == start or opens) and _wrote(lines[first : last + 1], strong=first != last):
            begin = first
            if opens:
                break
    return begin


def _bare_attribution(lines: list[str], at: int) -> bool:
    """Tell whether a strong attribution begins here whose quote bears no marks, as some phones write it."""
    if not _opens(lines[at]):
        return False
    for last in range(at, min(len(lines), at + ATTRIBUTION_LINES)):
        if not lines[last].strip() or _quoted(lines[last]):
            return False
        if lines[last].rstrip("*_ \t").endswith((":", "：")) and _wrote(lines[at : last + 1], strong=True):
            following = next(filter(str.strip, lines[last + 1 : last + 6]), "")
            return not _quoted(following)
    return False


def _label(line: str) -> str:
    """Return the label of a line `Label: …` in lower case, its first word if it has two; "" for another line."""
    head, colon, rest = line[:60].replace("：", ":").partition(":")
    words = head.strip(" \t*_").lower().split()
    if not colon or rest.startswith("//") or not 1 <= len(words) <= 2 or len(words[-1]) > 20:
        return ""
    return words[0]


def _header_block(lines: list[str], at: int) -> bool:
    """Tell whether a header block as Outlook puts it above a quote begins here: From and two others."""
    if _label(lines[at]) not in FROM:
        return False
    return sum(1 for line in lines[at + 1 : at + 1 + LABEL_LINES] if _label(line) in OTHERS) >= 2


def _ruled(line: str) -> str:
    """Return the lower-case title of a line such as `----- Original Message -----`; "" for another line."""
    text = line.strip()
    if len(text) > 300 or text[:2].strip(RULE):
        return ""
    return text.strip(RULE + " \t").lower()


def _marker(lines: list[str]) -> int:
    """Return the line from which on everything is an older mail, by a mark that nobody types; else their number.

    A forwarded mail is what its sender wants to say, so nothing below such a mark is cut.
    """
    for at, line in enumerate(lines):
        title = _ruled(line)
        if (title or line.strip().lower()).startswith(FORWARD):
            break
        zoho = title.startswith("on ") and title.endswith(" wrote")
        if title in ORIGINAL or zoho or _header_block(lines, at) or _bare_attribution(lines, at):
            begin = at
            while begin and not lines[begin - 1].strip(RULE + " \t"):
                begin -= 1
            return begin
    return len(lines)


def _runs(lines: list[str]) -> Iterator[Run]:
    """Yield the stretches of quoted and other lines. An attribution and blank lines below belong to their quote."""
    marks: list[bool] = []
    for at, line in enumerate(lines):
        before = bool(marks) and marks[-1]
        quoted = _quoted(line) or (before and not line.strip())
        if quoted and not before:
            begin = _attribution(lines, at)
            marks[begin:] = [True] * (at - begin)
        marks.append(quoted)
    start = 0
    for at in range(1, len(marks) + 1):
        if at == len(marks) or marks[at] != marks[start]:
            yield marks[start], start, at
            start = at


def _signature(lines: list[str]) -> int:
    """Return where the signature begins; the number of lines if there is none."""
    last = len(lines)
    while last and not lines[last - 1].strip():
        last -= 1
    for at in range(last - 1, max(-1, last - LONGEST_SIGNATURE - 1), -1):
        if lines[at].rstrip() in ("--", "- --"):
            return at
    for at in range(max(0, last - 3), last):
        if len(lines[at]) < 120 and lines[at].lstrip(" \t*_-<[(").lower().startswith(MOBILE):
            return at
    return len(lines)


def _split(lines: list[str]) -> tuple[list[str], list[str]]:
    """Return the new lines and the quoted ones.

    A quote at the end goes (top posting), one with its attribution at the beginning goes (bottom posting); quotes
    between new lines stay, since the answers are hard to understand without them.
    """
    runs = [run for run in _runs(lines) if any(line.strip() for line in lines[run[1] : run[2]])]
    if len(runs) > 1 and runs[-1][0]:
        at = runs[-1][1]
        return lines[:at], lines[at:]
    if len(runs) == 2 and runs[0][0] and not _quoted(lines[runs[0][1]]):
        at = runs[1][1]
        return lines[at:], lines[:at]
    return lines, []


def take_apart(text: str) -> Cut:
    """Return new text, quote and signature of a message's text; every line of it stands in one of them."""
    lines = text.split("\n")
    if len(lines) > MOST_LINES:
        return Cut(text.strip("\n"))
    end = _marker(lines)
    if not any(line.strip() and not _quoted(line) for line in lines[:end]):
        end = len(lines)
    last = _signature(lines[:end])  # below the quote, or the only one
    if any(map(_quoted, lines[last:end])):
        last = end
    new, quote = _split(lines[:last])
    first = _signature(new)  # above the quote
    signature, new = new[first:] + lines[last:end], new[:first]
    if not any(line.strip() for line in new):
        return Cut(text.strip("\n"))
    return Cut(*("\n".join(part).strip("\n") for part in (new, quote + lines[end:], signature)))
