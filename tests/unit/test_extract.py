"""Texts as people write them, each with what is in it; a text without anything is a trap."""

# ruff: noqa: RUF001  (look-alike characters are what is tested)
import pytest

from cirt.objects.observables.kinds import Kind
from cirt.register.extract import find

D, U, E, A4, A6 = Kind.DOMAIN, Kind.URL, Kind.EMAIL, Kind.IPV4, Kind.IPV6
MD5 = "0cc175b9c0f1b6a831c399e269772661"
SHA1 = "86f7e437faa5a7fce15d1ddcb9eaea377667b8a1"
SHA256 = "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"
BTC = "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"
AGENT = "Mozilla/5.0 (Windows NT 10.0; Win64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/9.1.2.3"

Labelled = tuple[str, list[tuple[Kind, str]]]

PLAIN: list[Labelled] = [
    ("The beacon goes to 192.0.2.44.", [(A4, "192.0.2.44")]),
    ("192.0.2.44:8080, 192.0.2.45", [(A4, "192.0.2.44"), (A4, "192.0.2.45")]),
    ("Block 198.51.100.7/24 at the edge", [(A4, "198.51.100.0/24")]),
    ("from [2001:db8::7]:443 and 2001:DB8::8", [(A6, "2001:db8::7"), (A6, "2001:db8::8")]),
    ("all of 2001:db8:ff::/48.", [(A6, "2001:db8:ff::/48")]),
    ("::ffff:192.0.2.9 in the log", [(A4, "192.0.2.9")]),
    ("See https://evil.example/a?b=c#d.", [(U, "https://evil.example/a?b=c#d")]),
    ("(http://evil.example/x_(1))", [(U, "http://evil.example/x_(1)")]),
    ("[here](http://evil.example/a)", [(U, "http://evil.example/a")]),
    ('<a href="http://evil.example/a">', [(U, "http://evil.example/a")]),
    (
        "http://a.example/1,http://b.example/2",
        [(U, "http://a.example/1"), (U, "http://b.example/2")],
    ),
    ("http://a.example/?to=http://b.example/", [(U, "http://a.example/?to=http://b.example/")]),
    ("ftp://u:p@files.example:2121/x", [(U, "ftp://u:p@files.example:2121/x")]),
    ("http://[2001:db8::1]:8080/x", [(U, "http://[2001:db8::1]:8080/x")]),
    ("gate at evil.example/gate.php", [(U, "http://evil.example/gate.php")]),
    ("192.0.2.1:8000/x.bin was fetched", [(U, "http://192.0.2.1:8000/x.bin")]),
    ("a.example/b.example", [(D, "a.example"), (D, "b.example")]),
    ("*.evil.example and .evil.example:53", [(D, "evil.example")]),
    ("EVIL.COM. Then evil.com again", [(D, "evil.com")]),
    ("visited evil.com.Then it stopped", [(D, "evil.com")]),
    ("an evil.com-hosted page", [(D, "evil.com")]),
    ("_dmarc.evil.example has no record", [(D, "_dmarc.evil.example")]),
    ("bücher.example and раypal.com", [(D, "xn--bcher-kva.example"), (D, "xn--ypal-43d9g.com")]),
    ("From: 'Bank' <pay.now@evil.example>", [(E, "pay.now@evil.example")]),
    ("mailto:a+b@evil.example?subject=x", [(E, "a+b@evil.example")]),
    (f"md5 {MD5.upper()}; sha1={SHA1}", [(Kind.MD5, MD5), (Kind.SHA1, SHA1)]),
    (f"|{SHA256}|", [(Kind.SHA256, SHA256)]),
    ("96:abcDEFghi/+12:xyzXYZ12", [(Kind.SSDEEP, "96:abcDEFghi/+12:xyzXYZ12")]),
    ("T1" + "A7" * 35, [(Kind.TLSH, "T1" + "A7" * 35)]),
    (
        "CVE-2021-44228 and cve\u20112024\u20113094",
        [(Kind.CVE, "CVE-2021-44228"), (Kind.CVE, "CVE-2024-3094")],
    ),
    (
        "AS64496, ASN 64500, AS 65551",
        [(Kind.ASN, "AS64496"), (Kind.ASN, "AS64500"), (Kind.ASN, "AS65551")],
    ),
    (
        "host 00-1B-44-11-3A-B7 (001b.4411.3ab8)",
        [(Kind.MAC, "00:1b:44:11:3a:b7"), (Kind.MAC, "00:1b:44:11:3a:b8")],
    ),
    (r"dropped C:\Users\Public\a.exe.", [(Kind.FILE_PATH, r"C:\Users\Public\a.exe")]),
    (
        r"C:\Program Files (x86)\Evil\a.dll ran",
        [(Kind.FILE_PATH, r"C:\Program Files (x86)\Evil\a.dll")],
    ),
    (r'ran "C:\my things\a b.exe" twice', [(Kind.FILE_PATH, r"C:\my things\a b.exe")]),
    (r"%APPDATA%\x\y.vbs", [(Kind.FILE_PATH, r"%APPDATA%\x\y.vbs")]),
    (
        "cron in /etc/cron.d/.upd, see ~/.ssh/keys",
        [(Kind.FILE_PATH, "/etc/cron.d/.upd"), (Kind.FILE_PATH, "~/.ssh/keys")],
    ),
    (
        r"HKCU\Software\Microsoft\Windows NT\Run is set",
        [(Kind.REGISTRY_KEY, r"HKEY_CURRENT_USER\Software\Microsoft\Windows NT\Run")],
    ),
    (
        "invoice.pdf.exe, report.py and invoice.zip",
        [
            (Kind.FILE_NAME, "invoice.pdf.exe"),
            (Kind.FILE_NAME, "report.py"),
            (Kind.FILE_NAME, "invoice.zip"),
        ],
    ),
    ("the file “Invoice May 2024.docm” came", [(Kind.FILE_NAME, "Invoice May 2024.docm")]),
    (
        r"mutex Global\xk_81, mutex name: 'abc def'",
        [(Kind.MUTEX, r"Global\xk_81"), (Kind.MUTEX, "abc def")],
    ),
    (f"it sent {AGENT} each time", [(Kind.USER_AGENT, AGENT)]),
    (
        "User-Agent: curl/7.68.0\r\nHost: evil.example",
        [(Kind.USER_AGENT, "curl/7.68.0"), (D, "evil.example")],
    ),
]

CODES: list[Labelled] = [
    (f"paid to {BTC}, then {BTC[:-1]}b", [(Kind.CRYPTO, BTC)]),
    (
        "call +44 (0)20 7946 0958 or (0044) 20 7946 0999",
        [(Kind.PHONE, "+442079460958"), (Kind.PHONE, "+442079460999")],
    ),
    (
        "тел. 8 (495) 000-12-34, 电话：010-8888-0000",
        [(Kind.PHONE, "84950001234"), (Kind.PHONE, "01088880000")],
    ),
    (
        "uses T1059.001, T1047 (attack.t1566)",
        [(Kind.TECHNIQUE, "T1059.001"), (Kind.TECHNIQUE, "T1047"), (Kind.TECHNIQUE, "T1566")],
    ),
    (f"JA3: {MD5}, MD5: {MD5}", [(Kind.JA3, MD5), (Kind.MD5, MD5)]),
    (
        f"host,ja3,sha1\na.example,{MD5},{SHA1}",
        [(D, "a.example"), (Kind.JA3, MD5), (Kind.SHA1, SHA1)],
    ),
    ("Serial Number:\n    0E:8F:3A:91:5C:20", [(Kind.SERIAL, "0e:8f:3a:91:5c:20")]),
    ("SHA1 Fingerprint=" + ":".join(SHA1[i : i + 2] for i in range(0, 40, 2)), [(Kind.SHA1, SHA1)]),
    (
        "IP 192.0.2.7.51022 > 192.0.2.8.443: Flags [S]",
        [(A4, "192.0.2.7"), (A4, "192.0.2.8")],
    ),
    ("src outside:192.0.2.7/55410, 192.0.2.0/24.", [(A4, "192.0.2.7"), (A4, "192.0.2.0/24")]),
    ("<http://evil.example/a/\nb.html>", [(U, "http://evil.example/a/b.html")]),
    ("x;http://evil.example/a;URL", [(U, "http://evil.example/a")]),
    (
        '" 200 5 "http://evil.example/" "Bot/1 (x)"',
        [(U, "http://evil.example/"), (Kind.USER_AGENT, "Bot/1 (x)")],
    ),
    (
        "got scan (2).exe and +READ+.txt",
        [(Kind.FILE_NAME, "scan (2).exe"), (Kind.FILE_NAME, "+READ+.txt")],
    ),
    (r"C:\Users\a b\my scan.docm ran", [(Kind.FILE_PATH, r"C:\Users\a b\my scan.docm")]),
]

DEFANGED: list[Labelled] = [
    ("hxxps[:]//evil[.]example/a", [(U, "https://evil.example/a")]),
    ("hXXp://evil(.)example{.}org:8080/x", [(U, "http://evil.example.org:8080/x")]),
    ("h**ps[://]evil[.example]/x", [(U, "https://evil.example/x")]),
    (r"http:\/\/evil.example\/x", [(U, "http://evil.example/x")]),
    ("hxxp://192.0.2[.]1/x", [(U, "http://192.0.2.1/x")]),
    ("evil[dot]example, evil2 [.] example", [(D, "evil.example"), (D, "evil2.example")]),
    ("ask john at mail dot evil dot com", [(E, "john@mail.evil.com")]),
    ("a[@]evil[.]example, b (at) evil (dot) com", [(E, "a@evil.example"), (E, "b@evil.com")]),
    (
        r"192[.]0[.]2[.]1 192.0.2[.2 192\.0\.2\.3",
        [(A4, "192.0.2.1"), (A4, "192.0.2.2"), (A4, "192.0.2.3")],
    ),
    ("2001[:]db8[:][:]5", [(A6, "2001:db8::5")]),
    ("version 192[.]0[.]2[.]1", [(A4, "192.0.2.1")]),
    ("payload[.]zip and self[.]name", [(D, "payload.zip"), (D, "self.name")]),
    ("ev\u200bil.example", [(D, "evil.example")]),
]

LANGUAGES: list[Labelled] = [
    (
        "Письмо пришло с адреса bank@evil.example, ссылка hxxp://сайт[.]рф/вход.",
        [(E, "bank@evil.example"), (U, "http://xn--80aswg.xn--p1ai/%D0%B2%D1%85%D0%BE%D0%B4")],
    ),
    (
        "Сервер login точка evil точка com, IP-адрес192.0.2.5.",
        [(D, "login.evil.com"), (A4, "192.0.2.5")],
    ),
    ("请勿访问evil.com下载的附件invoice.exe。", [(D, "evil.com"), (Kind.FILE_NAME, "invoice.exe")]),
    (
        "恶意地址：http://evil.example/a下载，IP：192.0.2.7。",
        [(U, "http://evil.example/a"), (A4, "192.0.2.7")],
    ),
    ("域名evil。com。然后重启", [(D, "evil.com")]),
    ("域名 例子.中国 解析到１９２.0.2.8", [(D, "xn--fsqu00a.xn--fiqs8s"), (A4, "192.0.2.8")]),
    (
        "تم الاتصال بالخادم ١٩٢.٠.٢.٩، والنطاق evil[.]example؟",
        [(A4, "192.0.2.9"), (D, "evil.example")],
    ),
    (
        "افتح الرابط \u200fhxxps://evil[.]example/دخول\u200e، شكرا.",
        [(U, "https://evil.example/%D8%AF%D8%AE%D9%88%D9%84")],
    ),
    ("Le courriel vient de « fraude[arobase]evil[point]example ».", [(E, "fraude@evil.example")]),
    (
        "L’hôte d’evil.example répond depuis l’adresse 192.0.2.10.",
        [(D, "evil.example"), (A4, "192.0.2.10")],
    ),
    (
        "Escriba a usuario[arroba]evil[punto]example; ¿abrió factura.pdf.exe?",
        [(E, "usuario@evil.example"), (Kind.FILE_NAME, "factura.pdf.exe")],
    ),
    (
        "El servidor (evil.example) usó CVE-2021-44228.",
        [(D, "evil.example"), (Kind.CVE, "CVE-2021-44228")],
    ),
]

TRAPS: list[Labelled] = [
    (text, [])
    for text in (
        "OpenSSH version 1.2.3.4 and 1.2.3.5",
        "v1.2.3.4, release 2.3.4.5-beta, Agent/4.3.2.1",
        "Обновите до версии 1.2.3.4",
        "请升级到版本1.2.3.4",
        "الإصدار 1.2.3.4",
        "la versión 1.2.3.4 y la version 4.3.2.1",
        "see section 3.1.2.4 and раздел 4.1.2.3",
        "OID 1.3.6.1.4.1.311 and 300.1.2.3",
        "on 12.03.2024 at 12:30:45, ratio 3::4",
        "mask 255.255.255.0, any 0.0.0.0, here 127.0.0.1",
        "call foo.bar() with self.name = os.name",
        "com.vendor.app, e.target.id, std::string, Face::add",
        "e.g. this, i.e. that, т.е. так, P.S. no, a.m.",
        "Click on it.Is that all? We left.So did they.",
        "ASP.NET, Node.js and System.IO on AS/400",
        "the dot is in the end; meet at noon",
        "00000000000000000000000000000000 and 12345678901234567890123456789012",
        f"fixed in commit {SHA1}",
        "123e4567-e89b-12d3-a456-426614174000",
        "http://localhost:8080/x and co.uk",
        "aa:bb:cc:dd:ee:ff:00:11:22:33:44:55:66:77:88:99",
        "CVE-2021, AS soon AS 12 come, user@host",
        "10.000.000 or 1.234.567,89 or 5.5.5",
        "Message-ID: <abc.1@mail.example>\nReferences: <a@b.example>\n <c@d.example>",
        f"PHPSESSID={MD5}; trace_id={MD5}",
        f"HEAD is now at {SHA1}",
        "nginx from 1.18.0.2 to 1.25.3.1, AnyDesk 8.0.8.1, the points 2.1.1.3 and 4.5.1.2",
        "4.1.2.1 Access control\n4.1.2.2 Logging",
        "room T1234, IBAN DE89 3704 0044 0532 0130 00, order 1234567890123",
        "README.md, main.rs, user.name, p.info and CartService.java:88",
        "went to the shop.it was closed",
        "#!/bin/bash >/dev/null",
        "",
    )
]


@pytest.mark.parametrize(("text", "expected"), PLAIN + CODES + DEFANGED + LANGUAGES + TRAPS)
def test_what_is_in_the_text_is_found_and_nothing_else(
    text: str, expected: list[tuple[Kind, str]]
) -> None:
    assert [(f.observable.kind, f.observable.value) for f in find(text)] == expected


def test_each_observable_comes_once_with_its_first_place_as_it_was_written() -> None:
    text = "First hxxp://evil[.]example/ then 192.0.2.1, then http://EVIL.example again"

    found = find(text)

    assert [f.written for f in found] == ["hxxp://evil[.]example/", "192.0.2.1"]
    assert [text[f.start : f.end] for f in found] == [f.written for f in found]


def test_no_more_than_the_limit_is_given_and_the_first_in_the_text_stay() -> None:
    text = "a.exe b.example 192.0.2.1 http://c.example/"

    assert [f.written for f in find(text, limit=2)] == ["a.exe", "b.example"]


def test_the_host_of_a_url_and_of_a_mail_address_is_not_offered_beside_it() -> None:
    found = find("http://evil.example/a x@evil.example")

    assert [f.observable.kind for f in found] == [Kind.URL, Kind.EMAIL]
