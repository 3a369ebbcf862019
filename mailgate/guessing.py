"""Which charset is it, where neither UTF-8 nor a label explains the bytes: by the letters that languages use.

Every candidate is decoded and asked how much of what is beyond ASCII looks like one of its languages. Windows-1252 is
what most mail without a label is, and needs no proof; any other has to look clearly better.
"""

from __future__ import annotations

from collections import Counter
from functools import cache, lru_cache

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

SAMPLE = 1200  # bytes of the lines that are not ASCII
MOST = 1_048_576  # bytes in which they are looked for
LEAST = 0.4  # a candidate that looks worse is none
BAD = -1.0  # for a character that a language does not use, or not there

# Kinds of characters.
LOWER, UPPER, LETTER, ASCII, STRANGE, JOINING = 1, 2, 4, 8, 16, 32
ANY_LETTER = LOWER | UPPER | LETTER
# Single bytes: the codecs, and by language the letters beyond ASCII in the order of their frequency.
LATIN = (
    (("cp1252",), (
        "éèàêçâîôûùëïœ", "üäößé", "óíáéñúü¿¡ºª", "ãçáéíóõêâúàôº", "äöåéü", "øæåéöä", "íáðóéöúþæý", "èàìùòé", "ëéïüö",
    )),
    (("cp1254",), ("ıişğüöçâî",)),
    (("cp1250", "iso8859_2"), (
        "łąęóżśćńź", "íáéěřžčýšůúťďňó", "áíéčšžýúťľňďôäŕ", "éáőóöíúüű", "șțăâîşţ", "čšžćđ",
    )),
    (("cp1257",), ("ėšąžųįūčę", "āīēšņļūžčģķ", "äõüöšž")),
)  # fmt: skip
NOT_LATIN = (
    (("cp1251", "koi8_u", "iso8859_5", "cp866"), (
        "оеаинтсрвлкмдпуяыьзбгчйхжшюцщэфъё", "оанивтіерслкудмпязьбгйчюхцїжєшфщґ",
        "аоеинтрвслдкпмзяъбгучйщжцхшфюь", "аоиенртсвукјлдмпзгчбшцњжљхћђџф",
    )),
    (("cp1253", "iso8859_7"), ("αοιετσνηυρπκμλςωόίγέάδήχύθφώβξζψϊ",)),
    (("cp1255",), ("יוהלאמרתבשנכדעחקפםסטזןצגךףץ",)),
    (("cp1256", "iso8859_6"), ("اليمنوترعبدسفهكقحةجشأطصخىضغذئءثإزؤظآ",)),
    (("cp874",), ("านรกอเยงลมทวตัด้ี่สบคปิหจ์แพใขะไช็ำืึูชผซุธถณญโฝภศษฐฟฏ",)),
)  # fmt: skip
# Two bytes a character: those that are in every other mail, and in names.
JAPANESE = (
    "のいるしてにをたはとなでがまれすりかおもこうッーンスルトラリクイアプレコ日本人"
    "会社様田中山佐藤高橋鈴木村見積書請求件連絡確認注文株式御問合送"
)
DOUBLE = {
    "cp932": JAPANESE, "euc_jp": JAPANESE,
    "gb18030": "的一是不了在人有我他这们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里用"
    "公司价报单件票订合同请问您好先小王李张刘陈议通知网络系统客户服务采购产品明天工申邮回复测试资料关",
    "big5": "的一是不了在人有我他這們中來上大為和國地到以說時要就出會可也你對生能而子那得於著下自之年過發後作裡用"
    "公司價報單件票訂合同請問您好先小王李張劉陳議通知網路系統客戶服務採購產品明天工申郵回覆測試資料關",
    "cp949": "이다는에의을가고하지로서한은를니사기아도어자리시인나대들해수일보제그전장게라주만"
    "김박최정강조윤임오신권황안송홍민현진영성준호원우재경상동문부회의견요청",
}  # fmt: skip
OPENING = "“‘„‚«‹¿¡’–—\u00a0"
CJK_MARKS = "，。、；：？！“”（）《》「」・"


@cache
def _kinds(codec: str) -> tuple[str, list[str], list[int]]:
    """Return the characters of a codec's 256 bytes, the same in lower case, and what kind each is."""
    text = bytes(range(256)).decode(codec, "replace")
    return text, [char.lower() for char in text], [_kind(char) for char in text]


def _kind(char: str) -> int:
    if char.isalpha() or "\u0e31" <= char <= "\u0e4e":  # Thai vowels and tones are marks
        return (LOWER if char.islower() else UPPER if char.isupper() else LETTER) | (ASCII if char < "\x80" else 0)
    if "\x7f" < char < "\xa0" or char == "\ufffd" or "\u2500" <= char < "\u25a0":
        return STRANGE
    return JOINING if char in "\u2019\u00a0\u2013\u2014" else 0


@cache
def _weights(codec: str, language: str) -> list[float]:
    """Return how much each byte speaks for a language: 1 for its most frequent letter, BAD for what it has not."""
    ranks = {letter: 1 - 0.8 * rank / len(language) for rank, letter in enumerate(language)}
    return [ranks.get(letter, BAD) for letter in _kinds(codec)[1]]


def _counted(threes: list[tuple[tuple[int, int, int], int]], codec: str, latin: bool) -> tuple[list[int], float, int]:
    """Count by byte the letters beyond ASCII that stand where letters may; return a sum for the rest, and the total.

    `threes` are the bytes beyond ASCII between their neighbours, each with how often it comes.
    """
    kinds = _kinds(codec)[2]
    letters = [0] * 256
    rest, total = 0.0, 0
    for (left, byte, right), number in threes:
        total += number
        before, kind, after = kinds[left], kinds[byte], kinds[right]
        if not kind & ANY_LETTER:
            inside = before & ANY_LETTER and after & ANY_LETTER and not kind & JOINING
            rest += number * (BAD if kind & STRANGE or inside else 0.2)
        elif (kind & UPPER and before & LOWER) or (not latin and (before | after) & ASCII):
            rest += number * BAD
        else:
            letters[byte] += number
            rest -= number * 0.1 if kind & UPPER and before & UPPER else 0
    return letters, rest, total


def _single(data: bytes) -> Iterator[tuple[float, str]]:
    places = Counter(zip(b" " + data[:-1], data, data[1:] + b" ", strict=True))
    threes = [found for found in places.items() if found[0][1] > 127]
    for latin, table in ((True, LATIN), (False, NOT_LATIN)):
        for codecs, languages in table:
            for codec in codecs:
                letters, rest, total = _counted(threes, codec, latin)
                prior = 0.05 + 0.3 / total if codec == "cp1252" and total else 0
                for language in languages:
                    weights = _weights(codec, language)
                    found = sum([number * weight for number, weight in zip(letters, weights, strict=True)])
                    yield (found + rest) / (total or 1) + prior, codec


def _is_ornament(char: str) -> bool:
    return char == "\u3000" or "\u2500" <= char < "\u2700"  # blanks, lines, boxes, stars


def _usual(codec: str, char: str) -> float:
    """Say how usual a character of two bytes is in its charset, if it is none of the most frequent."""
    if char in CJK_MARKS:
        return 0.5
    if codec in ("cp932", "euc_jp"):
        kana = "\u3040" < char < "\u3100"
        return 0.8 if kana else 0.4 if "\u4e00" <= char < "\ua000" or "\uff01" <= char < "\uff60" else BAD
    pair = char.encode(codec)
    if len(pair) != 2:
        return BAD
    if codec == "cp949":
        return 0.5 if 0xB0 <= pair[0] <= 0xC8 and pair[1] > 0xA0 else -0.5
    if codec == "gb18030":
        return 0.5 if 0xB0 <= pair[0] <= 0xD7 and pair[1] > 0xA0 else -0.5
    return 0.5 if 0xA4 <= pair[0] <= 0xC6 else -0.5


def _double(data: bytes) -> Iterator[tuple[float, str]]:
    for codec, frequent in DOUBLE.items():
        for end in range(len(data), max(0, len(data) - 4), -1):  # the sample may end within a character
            try:
                text = data[:end].decode(codec)
            except ValueError:
                continue
            beyond = [char for char in text if char > "\x7f" and not _is_ornament(char)]
            yield sum(1.0 if char in frequent else _usual(codec, char) for char in beyond) / (len(beyond) or 1), codec
            break


def _only_marks(text: str) -> bool:
    """Tell whether what is beyond ASCII is quotation marks, degrees, pounds and the like, where they may stand."""
    for char, after in zip(text, text[1:] + " ", strict=True):
        if char > "\x7f" and (char.isalpha() or char < "\xa0" or (after.islower() and char not in OPENING)):
            return False
    return True


def _sample(data: bytes) -> bytes:
    """Return lines that are not ASCII, from all over the text: a letter may begin with a hundred of one ornament."""
    lines = [line for line in data[:MOST].splitlines() if not line.isascii()]
    lines = [line for line in lines if len(line) < 60 or len(set(line)) > 12] or lines
    step = sum(map(len, lines)) // SAMPLE + 1
    chosen = b"\n".join(lines[::step])
    if len(chosen) > SAMPLE:  # cut at a byte that no character of two bytes holds
        cut = max(chosen.rfind(mark, SAMPLE // 2, SAMPLE) for mark in (b" ", b"\n", b"<", b'"'))
        chosen = chosen[: cut if cut > 0 else SAMPLE]
    return chosen


def guess(data: bytes) -> str:
    """Return the Python codec that explains the bytes best; cp1252 where nothing is clearly better."""
    sample = _sample(data)
    return _guessed(sample) if sample else "cp1252"


@lru_cache(8)  # a part is decoded by all who look at it
def _guessed(sample: bytes) -> str:
    if _only_marks(sample.decode("cp1252", "replace")):
        return "cp1252"
    best, codec = max([*_single(sample), *_double(sample)], key=lambda found: found[0])
    return codec if best >= LEAST else "cp1252"
