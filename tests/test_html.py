"""HTML as mailers write it: what is seen, what is hidden, what is quoted, and where in the source each line stands."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailgate.markup import attributes, declarations, hides, is_tight, is_tiny, target
from mailgate.message import parse
from mailgate.text import cut, html_lines, html_to_text


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>one</p><p>two</p>", "one\n\ntwo\n"),
        ("<div>one</div><div>two</div>", "one\ntwo\n"),
        ("<div>one</div><div><br></div><div>two</div>", "one\n\ntwo\n"),
        ("one<br>two<br/><br />three", "one\ntwo\n\nthree\n"),
        ("<p class=MsoNormal>one</p><p class=MsoNormal>two</p>", "one\ntwo\n"),
        ("  a \n  <b>b</b>\t c ", "a b c\n"),
        ("a&nbsp;b &amp; &lt;c&gt; &#8364; &unknown;", "a b & <c> € &unknown;\n"),
        ("a&#xD800;b", "a\ufffdb\n"),
        ("a&#" + "9" * 5000 + ";b", "a\ufffdb\n"),
        ("<p class=MsoNormal>one</p><p class=MsoNormal>&nbsp;</p><p class=MsoNormal>two</p>", "one\n\ntwo\n"),
        ("<ul><li>a<li>b<ul><li>c</ul></ul>", "- a\n- b\n  - c\n"),
        ("<ol><li>a</li><li>b</li></ol>", "1. a\n2. b\n"),
        ("<table><tr><th>a<th>b<tr><td>1<td>2</table>", "a\tb\n1\t2\n"),
        ("a<blockquote>b<br>c<blockquote>d</blockquote></blockquote>e", "a\n\n> b\n> c\n>\n> > d\n\ne\n"),
        ('<blockquote style="margin:0 0 0 40px;border:none">only indented</blockquote>', "only indented\n"),
        ("<pre>a\n  b</pre>", "a\n  b\n"),
        ('<a href="https://a.example/x">here</a>', "here <https://a.example/x>\n"),
        ('<a href="https://a.example/">a.example</a>', "a.example\n"),
        ('<a href="mailto:a@b.example">a@b.example</a>', "a@b.example\n"),
        ('<a href="mailto:a@b.example?subject=x">Ada</a>', "Ada <a@b.example>\n"),
        ('<a href="#top">up</a>', "up\n"),
        ('<a href="javascript:x()">x</a>', "x\n"),
        ("<style>p{}</style><script>if (a<b) {}</script><title>t</title>a", "a\n"),
        ('<div style="display: none">preview</div>a', "a\n"),
        ('<div style="display:none">hidden <div>inner</div> hidden</div>a', "a\n"),
        ('<span style="font-size:0px">x</span><span style="font-size:0.9em">y</span>', "y\n"),
        ('<p style="display:none">never closed, so it is shown', "never closed, so it is shown\n"),
        ("<p hidden>x</p>a", "a\n"),
        ("<!-- comment <b> -->a<!-- never closed", "a<!-- never closed\n"),
        ("<!--[if mso]><p>x</p><![endif]-->a<![if !mso]>b<![endif]>", "ab\n"),
        ("1 < 2 and 3 > 2", "1 < 2 and 3 > 2\n"),
        ("<p title='a>b'>c</p>", "c\n"),
        ('<p title="never closed>c</p>', "c\n"),
        ("a <b", "a <b\n"),
        ("<style>never closed", "never closed\n"),
        ('<img alt="😀"><img alt="company logo">', "😀\n"),
        ("", ""),
    ],
)
def test_html_to_text(html: str, text: str) -> None:
    assert html_to_text(html) == text


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<ul><li><p>a</p></li><li><div>b</div></li></ul>", "- a\n\n- b\n"),
        ("<ol start=3><li>a<li>b</ol><ol><li>c</ol>", "3. a\n4. b\n\n1. c\n"),
        ("<dl><dt>a<dd>b<dt>c</dl>d", "a\nb\nc\nd\n"),
        ("<table><tr><td><p>a</p></td><td><p>b</p></td></tr><tr><td>c</td><td><p>d</p></table>", "a\tb\nc\td\n"),
        ("<table><tr><td><p>a</p><p>b</p></td><td>c</td></tr></table>", "a\n\nb\n\nc\n"),
        ("<table><tr><td>a<td>&nbsp;<td>b</table>", "a\tb\n"),
        ("<table><tr><td><table><tr><td>a</table><td><table><tr><td>b</table></table>c", "a\n\nb\n\nc\n"),
        ("a<table><tr><td><p>b<td><p>c<tr><td>d<td>e</table>f", "a\n\nb\tc\nd\te\n\nf\n"),
        ("<table><tr><th>a<th>b<th>c<tr><td>1<td><td>3<tr><td><td>2</table>", "a\tb\tc\n1\t\t3\n2\n"),
        ("<table><tr><td>a<td><td>&nbsp;<td>b</table>", "a\tb\n"),
        ("<table><caption>t</caption><tr><td>a</table>", "t\na\n"),
        ("<p style='margin: 0 0 0 5pt'>a</p><p style=margin-bottom:.0001pt>b</p><p style='margin:0 0 9px'>c</p>d",
         "a\nb\n\nc\n\nd\n"),
        ("<style>P {margin-top:0; margin-bottom:0;}</style><p>a</p><p>b</p>", "a\nb\n"),
        ("<div style='white-space: pre-wrap'>a\n  b</div>c\nd", "a\n  b\nc d\n"),
        ("<pre>a\r\nb\rc\n\nd</pre>", "a\nb\nc\n\nd\n"),
        ("<textarea>a\nb</textarea>", "a\nb\n"),
        ("x<sup>2</sup> and 1<sup>st</sup> and x<sup>y2</sup>, H<sub>2</sub>O", "x² and 1st and xy2, H2O\n"),
        ("He said <q>no</q>.", 'He said "no".\n'),
        ("<select><option>a<option>b</select>", "a\nb\n"),
        ("<button>Send</button> <noscript>no script</noscript>", "Send no script\n"),
        ("<template>x</template><xml><w:View>Normal</w:View></xml><datalist><option>y</datalist>a", "a\n"),
        ("<iframe>x</iframe><noframes><p>x</noframes>a", "a\n"),
        ("<plaintext>a\nb", "a\nb\n"),
        ("<svg><title>t</title><text>drawn</text></svg><math><mi>x</mi></math>", "drawnx\n"),
        ("<title/>a<script/>b", "ab\n"),
        ("<HTML><HEAD><TITLE>x</TITLE></HEAD><BODY><P>A<BR>B</BODY></HTML>", "A\nB\n"),
        ('<?xml version="1.0"?><html xmlns="x"><body><p>a<br/>b</p></body></html>', "a\nb\n"),
        ("a<br><br><br><br>b", "a\n\n\n\nb\n"),
        ("a</br>b</p>c", "a\nb\n\nc\n"),
        ("<a href='https://x.example/?a=1&amp;b=2'>x</a>", "x <https://x.example/?a=1&b=2>\n"),
        ("&copy2024 &#147;so&#148; &#8201;x &lt;tag&gt", "\xa92024 “so” \u2009x <tag>\n"),
        ("a&#13;b&#8232;c&#133;d&#0;e", "a b c…d\ufffde\n"),
        ("so\u00adft hy&shy;phen and zero&#8203;width", "soft hyphen and zerowidth\n"),
        ("می\u200cخواهم 👩\u200d💻", "می\u200cخواهم 👩\u200d💻\n"),
        ("a\x00b\x1bc", "abc\n"),
        ("<b>a<p>b</b>c</p>", "a\n\nbc\n"),
        ("</div></td></table>a", "a\n"),
        ('<p title="x > y" class=\'<b>\'>a</p>', "a\n"),
        ("<![CDATA[x]]>a", "a\n"),
        ("a <3 b </3", "a <3 b </3\n"),
        ("<img src=cid:1 alt='the error'> see above", "[the error] see above\n"),
        ("<img src=http://x.example/l.gif alt=logo>a<img src=cid:2 alt=dot width=1>", "a\n"),
        ('<a href="https://x.example/b"><img src="http://x.example/b.gif" alt="Book now"></a>',
         "Book now <https://x.example/b>\n"),
        ("<img src=http://x.example/l.gif alt='Only a picture'>", "[Only a picture]\n"),
        ('<img class="emoji" alt=":-)" src="http://x.example/s.png">', ":-)\n"),
        ("<img alt='👨\u200d👩\u200d👧'>", "👨\u200d👩\u200d👧\n"),
    ],
)  # fmt: skip
def test_what_mailers_write(html: str, text: str) -> None:
    assert html_to_text(html) == text


# --- what is hidden --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "style",
    [
        "display:none", "DISPLAY : NONE !important", "visibility:hidden", "opacity:0", "opacity: 0.0",
        "max-height:0;overflow:hidden", "width:0px; height:0; overflow:hidden", "position:absolute;left:-9999px",
        "text-indent:-999em", "font-size:0", "font-size:0px;line-height:0", "font-size:1px;line-height:1px",
        "font-size:3px;color:#fff;background-color:#fff", "font:0/0 a", "font-size:0.01em", "font-size:1%",
        "display:none;mso-hide:all;font-size:1px",
    ],
)  # fmt: skip
def test_hidden_preheaders(style: str) -> None:
    assert html_to_text(f"<div style='{style}'>See it in a browser</div><p>Hello</p>") == "Hello\n"
    assert html_to_text(f"<p>Hello</p><span style='{style}'>x <b>y</b> z</span>") == "Hello\n"


@pytest.mark.parametrize(
    "style",
    [
        "mso-hide:all", "display:block", "max-height:0", "overflow:hidden", "opacity:0.5", "text-indent:-18.0pt",
        "font-size:10px", "font-size:0.9em", "font-size:100%", "font-size:.8rem", "font-size:1px", "line-height:0",
        "color:#fff;background:#fff", "font:400 12px Arial", "font-size:small", "width:0", "margin-left:-9999px",
        "left:-1em", "font-size:", ":;;:", "font-size:calc(1px + 1em)",
    ],
)  # fmt: skip
def test_what_is_not_hidden(style: str) -> None:
    assert html_to_text(f"<div style='{style}'>Hello</div>") == "Hello\n"


def test_small_type_is_undone_within() -> None:
    html = (
        '<td style="font-size:0px"><div style="font-size:0">gap<div style="font-size:13px">Hello</div>'
        '<span>gap</span><span style="font:bold 12px/1.2 Arial">you</span><font size=2>, Ada</font></div></td>'
    )
    assert html_to_text(html) == "Hello\nyou, Ada\n"
    assert html_to_text('<p style="font-size:0"><b style="font-size:90%">gap</b></p>a') == "a\n"


@pytest.mark.parametrize(
    ("css", "hidden"),
    [
        (".pre {display:none}", True),
        ("<!-- /* c */ span.pre,\n.other { color:red; display : none !important; } -->", True),
        ("#top{visibility:hidden}", True),
        ("@media (max-width:600px){.pre{display:none}}", False),
        ("@media screen{.x{color:red} .pre{display:none}} .y{color:red}", False),
        ("@import url(x); .pre{display:none}", True),
        ("body .pre{display:none}", False),
        (".pre:hover{display:none}", False),
        (".pre{display:none} .pre{display:block}", False),
        ("div.pre{display:none}", False),
        (".pre{font-size:12px}", False),
        ("/* .pre{display:none} */", False),
        ("/* never closed .pre{display:none}", False),
        (".pre{display:none", False),
        ("}}}.pre{display:none}", True),
    ],
)
def test_style_sheets_that_hide(css: str, hidden: bool) -> None:
    html = f'<head><style>{css}</style></head><body><span class="a pre" id=top>Preview </span>Hello</body>'
    assert html_to_text(html) == ("Hello\n" if hidden else "Preview Hello\n")


def test_an_elements_own_style_beats_the_sheet() -> None:
    assert html_to_text("<style>.a{display:none}</style><p class=a style='display:block'>a</p>") == "a\n"


@pytest.mark.parametrize(
    "html",
    [
        "<div style=display:none>Hello",
        "<body><div style=display:none>Hello</body>",
        "<table><tr><td><span hidden>Hello</table>",
        "<body style=display:none><p>Hello</p></body>",
        "<div style=font-size:0>Hello</div>",
        "<p hidden>Hello</p>",
        "<div style=display:none />Hello",
    ],
)
def test_hiding_never_takes_the_whole_message(html: str) -> None:
    assert html_to_text(html) == "Hello\n"


def test_what_is_hidden_ends_where_a_browser_ends_it() -> None:
    assert html_to_text("<table><tr><td hidden>x<td>a<tr hidden><td>y<tr><td>b</table>") == "a\nb\n"
    assert html_to_text("<p hidden>x<p>a") == "a\n"
    assert html_to_text("<span hidden>x<div>y</span>z</div></span>a") == "a\n"
    assert html_to_text("<div hidden><table><tr><td></div>x</table></div>a") == "a\n"


def test_filler_of_newsletters_is_no_text() -> None:
    filler = "&#847;&zwnj;&nbsp;&#8199;&shy;" * 50
    assert html_to_text(f"<div>Preview {filler}</div><div>{filler}</div><p>Hello</p>") == "Preview\n\nHello\n"


# --- links -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("href", "seen", "text"),
    [
        ("https://www.example.org/", "example.org", "example.org"),
        ("HTTPS://example.org/a", "see https://example.org/a now", "see https://example.org/a now"),
        ("http://example.org/b", "http://example.org/a", "http://example.org/a <http://example.org/b>"),
        ("mailto:ada@example.org", "Ada &lt;ada@example.org&gt;", "Ada <ada@example.org>"),
        ("mailto:ada@example.org", "mailto:ada@example.org", "mailto:ada@example.org"),
        ("mailto:a%2Bb@example.org?subject=x", "Ada", "Ada <a+b@example.org>"),
        ("mailto:a%0Ab@example.org", "Ada", "Ada"),
        ("tel:+321234", "call", "call"),
        ("page.html", "page", "page"),
        ("", "x", "x"),
        ("https://example.org/" + "a/" * 300, "x", "x"),
        ("https://t.example.org/" + "a1B2" * 30, "x", "x"),
        ("https://eur01.safelinks.protection.outlook.com/?url=https%3A%2F%2Fexample.org%2Fa%3Fb&amp;data=05%7C0",
         "example.org/a?b", "example.org/a?b"),
        ("https://eur01.safelinks.protection.outlook.com/?url=https%3A%2F%2Fexample.org%2F&amp;data=05", "here",
         "here <https://example.org/>"),
        ("https://urldefense.com/v3/__https://example.org/a__;!!abc!def$", "here", "here <https://example.org/a>"),
        ("https://urldefense.proofpoint.com/v2/url?u=https-3A__example.org_a&amp;d=DwM", "here",
         "here <https://example.org/a>"),
        ("https://www.google.com/url?q=https://example.org/a&amp;sa=D", "here", "here <https://example.org/a>"),
        ("https://www.google.com/url?q=javascript:x&amp;sa=D", "here",
         "here <https://www.google.com/url?q=javascript:x&sa=D>"),
    ],
)  # fmt: skip
def test_where_a_link_leads_is_told_where_its_text_does_not(href: str, seen: str, text: str) -> None:
    assert html_to_text(f'<a href="{href}">{seen}</a>') == text + "\n"


def test_links_around_blocks_and_links_that_never_end() -> None:
    assert html_to_text("<a href=http://x.example/><div>Book</div></a>a") == "Book <http://x.example/>\na\n"
    assert html_to_text("<p><a href=http://x.example/>x<p>y</a>") == "x <http://x.example/>\n\ny\n"
    assert html_to_text("<blockquote><a href=http://x.example/>x</a></blockquote>") == "> x <http://x.example/>\n"


def test_marks_for_statistics_are_left_out_of_links() -> None:
    html = '<a href="https://x.example/a?utm_source=mail&amp;id=7&amp;utm_medium=b&amp;utm_id=1#top">x</a>'
    assert html_to_text(html) == "x <https://x.example/a?id=7#top>\n"
    assert html_to_text('<a href="https://x.example/?utm_id=1">x</a>') == "x <https://x.example/>\n"


# --- Word ------------------------------------------------------------------------------------------------------------


def test_words_lists_have_plain_bullets() -> None:
    item = (
        '<p class=MsoListParagraph style="text-indent:-18.0pt;mso-list:l0 level1 lfo1"><![if !supportLists]>'
        '<span style="mso-list:Ignore">{}<span style="font:7.0pt &quot;Times&quot;">&nbsp;&nbsp; </span></span>'
        "<![endif]>{}<o:p></o:p></p>"
    )
    html = "".join([item.format("·", "ink"), item.format("o", "paper"), item.format("2.", "toner")])
    assert html_to_text(html) == "- ink\n- paper\n2. toner\n"


def test_words_rubbish_is_not_shown() -> None:
    html = (
        "<html xmlns:o='urn:x'><head><!--[if gte mso 9]><xml><o:PixelsPerInch>96</o:PixelsPerInch></xml><![endif]-->"
        "<style><!-- p.MsoNormal {margin:0cm} @page WordSection1 {size:612.0pt} --></style></head>"
        "<body lang=EN-US><div class=WordSection1><p class=MsoNormal>Dear <st1:City w:st='on'>Ghent</st1:City>,"
        "<o:p></o:p></p><p class=MsoNormal><o:p>&nbsp;</o:p></p><p class=MsoNormal>it <![if !vml]>works<![endif]>"
        "<!--[if mso]> in Outlook<![endif]--><!--[if !mso]><!-->.<!--<![endif]--><o:p></o:p></p></div></body></html>"
    )
    assert html_to_text(html) == "Dear Ghent,\n\nit works.\n"


# --- quotes and signatures -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "quote"),
    [
        ("<div class=gmail_quote><div>On Mon, 6 Oct 2008 at 12:30, S &lt;s@x.example&gt; wrote:<br></div>",
         "<blockquote class=gmail_quote style='margin:0 0 0 .8ex;border-left:1px #ccc solid'>Q?</blockquote></div>"),
        ("<div class='moz-cite-prefix'>On 06/10/2008 12:30, S wrote:<br></div>",
         "<blockquote type=cite cite='mid:x'><p>Q?</p></blockquote>"),
        ("<div>On 6 Oct 2008, at 12:30, S &lt;s@x.example&gt; wrote:</div><br class=Apple-interchange-newline>",
         "<blockquote type='cite'><div>Q?</div></blockquote>"),
        ("<div class=protonmail_quote>On Monday, October 6th, 2008 at 12:30, S wrote:<br>",
         "<blockquote class=protonmail_quote type=cite>Q?</blockquote></div>"),
        ("<div>6 Oct 2008, 12:30, S wrote:</div>",
         "<blockquote class=tutanota_quote style='border-left: 1px solid #93A3B8'>Q?</blockquote>"),
        ("<p class=MsoNormal>On 6 Oct 2008 12:30, S wrote:</p>",
         "<blockquote style='border:none;border-left:solid #CCCCCC 1.0pt;padding:0cm'><p>Q?</p></blockquote>"),
        ("<div>Am 06.10.2008 um 12:30 schrieb S:</div>",
         "<div name=quote style='border-left:2px solid #C3D9E5'>Q?</div>"),
        ("<hr><div id=divRplyFwdMsg><b>From:</b> S<br><b>Sent:</b> Monday, October 6, 2008<br><b>To:</b> A<br>"
         "<b>Subject:</b> x<div>&nbsp;</div></div>", "<div>Q?</div>"),
        ("<div style='border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm'><p class=MsoNormal>"
         "<b>Von:</b> S<br><b>Gesendet:</b> Montag<br><b>An:</b> A<br><b>Betreff:</b> x</p></div>", "<p>Q?</p>"),
        ("<div class=yahoo_quoted><div>On Monday, October 6, 2008, 12:30:00 PM, S &lt;s@x.example&gt; wrote:</div>",
         "<div>Q?</div></div>"),
        ("<table><tr><td><font>From:</font></td><td>S</td></tr><tr><td>To:</td><td>A</td></tr>"
         "<tr><td>Date:</td><td>Monday</td></tr><tr><td>Subject:</td><td>x</td></tr></table><hr>", "<font>Q?</font>"),
    ],
)  # fmt: skip
def test_quotes_of_known_programs_are_known_again(before: str, quote: str) -> None:
    apart = cut(html_to_text(f"<div>My answer.</div><div><br></div>{before}{quote}"))
    assert apart.new == "My answer."
    assert "Q?" in apart.quote


def test_indentation_is_no_quote() -> None:
    html = '<blockquote style="margin:0 0 0 40px;border:none;padding:0px">a</blockquote>'
    assert html_to_text(html) == "a\n"
    assert html_to_text(html.replace("border:none", "border-left:none")) == "a\n"


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<div>Hi</div><div class=gmail_signature>Ada</div>", "Hi\n-- \nAda\n"),
        ("<div>Hi</div><span class=gmail_signature_prefix>-- </span><br><div class=gmail_signature>Ada</div>",
         "Hi\n--\nAda\n"),
        ("<p>Hi</p><pre class=moz-signature cols=72>-- \nAda</pre>", "Hi\n\n--\nAda\n"),
        ("<p>Hi</p><div class=moz-signature>--<br>Ada</div>", "Hi\n\n--\nAda\n"),
        ("<div>Hi</div><div class=gmail_signature><img src=http://x.example/l></div><div>more</div>", "Hi\nmore\n"),
        ("<blockquote>Hi<div class=gmail_signature>Ada</div></blockquote>", "> Hi\n> Ada\n"),
    ],
)  # fmt: skip
def test_signatures_begin_with_their_mark(html: str, text: str) -> None:
    assert html_to_text(html) == text


# --- total, and in the source's own places ---------------------------------------------------------------------------

PIECES = [
    "<p>", "</p>", "<div>", "</div>", "<div hidden>", "<span style='font-size:0'>", "</span>", "<br>", "<table>",
    "<tr>", "<td>", "</td>", "</table>", "<ul>", "<li>", "</ul>", "<blockquote>", "</blockquote>", "<pre>", "</pre>",
    "<a href='http://x.example/'>", "</a>", "<q>", "</q>", "<img alt=x src=cid:1>", "word", " ", "\n", "&nbsp;", "&amp",
    "<style>.a{display:none}</style>", "<p class=a>", "<sup>", "2", "<!--", "-->", "<title>", "<b", "\"", "<", ">",
    "<div class=gmail_signature>", "\u200c", "&#8232;", "<font size=1>", "<p style='mso-list:Ignore'>", "</title>",
]  # fmt: skip


@given(st.text(alphabet=st.sampled_from("<>/!-ab p=\"'&#;\n")))
def test_html_to_text_never_raises(html: str) -> None:
    html_to_text(html).encode()


@given(st.lists(st.sampled_from(PIECES), max_size=40).map("".join))
def test_lines_have_one_line_each_and_stand_in_the_source(html: str) -> None:
    for line, pieces in html_lines(html):
        assert "\n" not in line
        assert "\r" not in line
        assert all(0 <= begin <= end <= len(html) for begin, end in pieces)


@given(st.lists(st.sampled_from(PIECES), max_size=40).map("".join))
def test_every_visible_word_is_kept(html: str) -> None:
    if "word" in html and not any(
        mark in html for mark in ("hidden", "font-size", "<style", "<!--", "<title", "<b", '"', "<p")
    ):
        assert html_to_text(html).count("word") == html.count("word")


@pytest.mark.parametrize(
    "html",
    [
        "<div>" * 50_000, "<blockquote>" * 50_000 + "x", "<b><i>" * 50_000 + "</b></i>" * 50_000,
        "<table><tr><td>" * 30_000 + "x", "<!--" * 50_000, "<a '" * 50_000, "<a " + 'x="' * 50_000 + ">",
        "<style>" + "/*" * 50_000 + "</style>", "&#" + "9" * 200_000, "\u200c" * 100_000 + "x", "<pre>" + "\n" * 50_000,
        "<ul><li>" * 30_000, "<p hidden>" * 30_000, "<" * 200_000, "<td><b>" * 30_000 + "</i></table>" * 30_000,
    ],
    ids=range(15),
)  # fmt: skip
def test_hostile_documents_end(html: str) -> None:
    html_to_text(html)


def test_a_thousand_nested_quotes_are_shown_to_a_bound() -> None:
    text = html_to_text("<blockquote>" * 1000 + "x" + "</blockquote>" * 1000 + "y")
    assert text == "> " * 30 + "x\n\ny\n"


@pytest.mark.parametrize("charset", ["utf-16", "utf-16-le", "utf-8-sig", "iso-8859-1"])
def test_charsets(charset: str) -> None:
    head = b"Content-Type: text/html; charset=" + charset.replace("-sig", "").encode() + b"\n\n"
    assert parse(head + "<p>gr\xfcn</p>".encode(charset)).text == "gr\xfcn\n"


@pytest.mark.parametrize(
    ("source", "found"),
    [
        (" a=1 B=\"x y\" c='z' d", {"a": "1", "b": "x y", "c": "z", "d": ""}),
        (' a = "&quot;x&quot;" a=2', {"a": '"x"'}),
        ("/", {}),
    ],
)
def test_attributes(source: str, found: dict[str, str]) -> None:
    assert {name: value for name, value in attributes(source).items() if name in found} == found


ONLINE = "Read it online: https://x.example/n/1"


@pytest.mark.parametrize(
    ("plain", "html", "text"),
    [
        (ONLINE, "<p>" + "News of the week. " * 9 + "</p>", "News of the week. " * 9 + f"\n\n{ONLINE}\n"),
        (ONLINE, f"<p>{ONLINE}</p><p>" + "and an older mail " * 9 + "</p>", f"{ONLINE}\n"),
        ("Yes.", "<p>" + "No. " * 50 + "</p>", "Yes.\n"),
        (ONLINE, "<p>Short</p>", f"{ONLINE}\n"),
        ("See HTML", "", "See HTML\n"),
        ("The HTML is broken. " * 40, "<p>x</p>", "The HTML is broken. " * 40 + "\n"),
    ],
)  # fmt: skip
def test_a_plain_text_that_only_points_to_the_html_stands_below_it(plain: str, html: str, text: str) -> None:
    raw = (
        "Content-Type: multipart/alternative; boundary=b\n\n--b\nContent-Type: text/plain\n\n"
        f"{plain}\n--b\nContent-Type: text/html\n\n{html}\n--b--\n"
    )
    assert parse(raw.encode()).text.replace(" \n", "\n") == text.replace(" \n", "\n")


def test_styles_are_read_one_by_one() -> None:
    assert declarations("a:b; C : D !important;; e") == {"a": "b", "c": "d"}
    assert hides({"max-width": "0", "overflow": "hidden"})
    assert is_tiny({}) is None
    assert is_tiny({"font-size": "12px"}) is False
    assert is_tight({"margin": "1em 0 0"})
    assert not is_tight({"margin": "0 0 1em"})
    assert not is_tight({})
    assert target("javascript:x") == ""
