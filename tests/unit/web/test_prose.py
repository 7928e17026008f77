"""Notes and reports as HTML: nothing runs, nothing can be clicked."""

from collections.abc import Callable

import pytest
from markupsafe import Markup

from cirt.web.prose import defanged, line, plain, prose


@pytest.mark.parametrize("show", [prose, plain])
@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[click](javascript:alert(1))",
        "[click](https://evil.example/)",
        "<https://evil.example/>",
        "![x](https://evil.example/a.png)",
        "[x]: https://evil.example/\n\n[x]",
        "https://evil.example/",
        "http://evil.example/?q=<b onmouseover=alert(1)>",
        "\ue0000\ue001 and \ue0009999\ue001",
        "&lt;script&gt; &#60;b&#62;",
    ],
)
def test_nothing_runs_and_nothing_links(show: Callable[[str], Markup], text: str) -> None:
    html = str(show(text))

    assert "evil.example" not in html
    assert "<script" not in html
    assert "<img" not in html
    assert "<a" not in html


def test_markdown_is_shown() -> None:
    html = str(prose("# Head\n\n- **one**\n- `two`\n\n> said\n"))

    assert "<h3>Head</h3>" in html
    assert "<li><strong>one</strong></li>" in html
    assert "<blockquote>" in html


def test_every_place_of_an_observable_is_defanged() -> None:
    html = str(
        prose("192.0.2.44 then `192.0.2.44`, and login.example.org twice: login.example.org")
    )

    assert html.count('<bdi class="ioc">192[.]0[.]2[.]44</bdi>') == 2
    assert html.count('<bdi class="ioc">login[.]example[.]org</bdi>') == 2
    assert "192.0.2.44" not in html


def test_line_breaks_and_signs_of_a_report_stay() -> None:
    assert str(plain("a < b\nsecond & third")) == "a &lt; b\nsecond &amp; third"


def test_a_title_is_defanged() -> None:
    assert defanged("Password typed into login.example.org") == (
        "Password typed into login[.]example[.]org"
    )


def test_a_title_keeps_its_direction_and_an_address_in_it_its_order() -> None:
    shown = '<bdi>فحص من <bdi class="ioc">192[.]0[.]2[.]44</bdi> &lt;b&gt;</bdi>'

    assert str(line("فحص من 192.0.2.44 <b>")) == shown
    assert str(line("")) == ""


def test_a_very_long_note_is_shown_as_it_was_typed() -> None:
    html = str(prose("- **a** 192.0.2.44 <b>\n" * 1000))

    assert html.startswith("<pre>- **a** ")
    assert '<bdi class="ioc">192[.]0[.]2[.]44</bdi> &lt;b&gt;' in html


def test_a_table_that_would_fill_each_short_row_with_a_thousand_cells_is_text() -> None:
    head = "|a" * 1000 + "|\n" + "|-" * 1000 + "|\n"

    assert "<td>" not in str(prose(head + "|x\n" * 100))
    assert "<td>x</td>" in str(prose("|a|b|\n|-|-|\n|x|y|\n"))
