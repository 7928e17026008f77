"""Each kind has one spelling, and what is no such thing is refused."""

# ruff: noqa: RUF001  (look-alike characters are what is tested)
import pytest

from cirt.objects.observables.kinds import Kind, Observable, canonical, refang

SEGWIT = "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq"
TAPROOT = "bc1p5d7rjq7g6rdk2yhzks9smlaqtedr4dekq08ge8ztwac72sfr9rusxg3297"
ETHER = "5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"  # of EIP-55
MONERO = "44AFFq5kSiGBoZ4NMDwYtN18obc8AemS33DBLWs3H7otXft3XjrpDtQGv7SqSsaBYBb98uNbr2VBBEt7f2wfn3RVGQBEP3A"
MONERO_BELOW = "888tNkZrPN6JsEgekjMnABU4TBzc2Dt29EPAvkRxbANsAnjyPbb3iQ1YBRk1UXcdRsiKc9dhwMVgN5S9cQUiyoogDavup3H"
CASH = "bitcoincash:qpm2qsznhks23z7629mms6s4cwef74vcwvy22gdx6a"
SAME = [
    (Kind.IPV4, " 192.0.2.44 ", "192.0.2.44"),
    (Kind.IPV4, "192.0.2.44:8080", "192.0.2.44"),
    (Kind.IPV4, "192.0.2.44/32", "192.0.2.44"),
    (Kind.IPV4, "192.0.2.44/24", "192.0.2.0/24"),
    (Kind.IPV6, "2001:0DB8:0:0:0:0:0:1", "2001:db8::1"),
    (Kind.IPV6, "[2001:db8::1]:443", "2001:db8::1"),
    (Kind.IPV6, "fe80::1%eth0", "fe80::1"),
    (Kind.IPV6, "2001:db8:1::/32", "2001:db8::/32"),
    (Kind.DOMAIN, "Login.EXAMPLE.org.", "login.example.org"),
    (Kind.DOMAIN, "example.org:8443", "example.org"),
    (Kind.DOMAIN, "Bücher.example", "xn--bcher-kva.example"),
    (Kind.DOMAIN, "пример.рф", "xn--e1afmkfd.xn--p1ai"),
    (Kind.DOMAIN, "例子。测试", "xn--fsqu00a.xn--0zwm56d"),
    (Kind.DOMAIN, "ＥＸＡＭＰＬＥ.org", "example.org"),
    (Kind.DOMAIN, "faß.example", "xn--fa-hia.example"),
    (Kind.DOMAIN, "_dmarc.example.org", "_dmarc.example.org"),
    (Kind.URL, "HTTPS://Example.ORG:443", "https://example.org/"),
    (Kind.URL, "http://example.org:8080/A/../b?Q#F", "http://example.org:8080/A/../b?Q#F"),
    (Kind.URL, "http://example.org/%7euser/%c3%a9", "http://example.org/~user/%C3%A9"),
    (Kind.URL, "http://example.org/é", "http://example.org/%C3%A9"),
    (Kind.URL, "http://пример.рф/x", "http://xn--e1afmkfd.xn--p1ai/x"),
    (Kind.URL, "http://[2001:DB8:0::1]/", "http://[2001:db8::1]/"),
    (Kind.URL, "ftp://Me:Pw@example.org/a", "ftp://Me:Pw@example.org/a"),
    (Kind.EMAIL, "J.Doe@EXAMPLE.org", "J.Doe@example.org"),
    (Kind.MD5, "D41D8CD98F00B204E9800998ECF8427E", "d41d8cd98f00b204e9800998ecf8427e"),
    (Kind.TLSH, "ab" * 35, "T1" + "AB" * 35),
    (Kind.SSDEEP, "96:abcDEF/+:xyz", "96:abcDEF/+:xyz"),
    (Kind.MAC, "00-1B-44-11-3A-B7", "00:1b:44:11:3a:b7"),
    (Kind.MAC, "001b.4411.3ab7", "00:1b:44:11:3a:b7"),
    (Kind.REGISTRY_KEY, r"hklm\\Software\\Evil\\", r"HKEY_LOCAL_MACHINE\Software\Evil"),
    (Kind.FILE_PATH, r"C:\\Temp\\a.exe", r"C:\Temp\a.exe"),
    (Kind.FILE_PATH, r"\\srv\share\a.exe", r"\\srv\share\a.exe"),
    (Kind.ASN, "asn 64496", "AS64496"),
    (Kind.CVE, "cve-2021-44228", "CVE-2021-44228"),
    (Kind.CRYPTO, "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"),
    (Kind.CRYPTO, "3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy", "3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy"),
    (Kind.CRYPTO, SEGWIT.upper(), SEGWIT),
    (Kind.CRYPTO, TAPROOT, TAPROOT),
    (Kind.CRYPTO, "0x" + ETHER, "0x" + ETHER.lower()),
    (Kind.CRYPTO, "0x" + ETHER.lower(), "0x" + ETHER.lower()),
    (Kind.CRYPTO, MONERO, MONERO),
    (Kind.CRYPTO, MONERO_BELOW, MONERO_BELOW),
    (Kind.CRYPTO, "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t", "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t"),
    (Kind.CRYPTO, CASH, CASH),
    (Kind.PHONE, "+44 (0)20 7946 0958", "+442079460958"),
    (Kind.PHONE, "0044 20 7946 0958", "+442079460958"),
    (Kind.PHONE, "+7.9035551234", "+79035551234"),
    (Kind.PHONE, "01 99 00 12 34", "0199001234"),
    (Kind.TECHNIQUE, "t1059.001", "T1059.001"),
    (Kind.TECHNIQUE, "T0800", "T0800"),
    (Kind.JA4, "T13D190900_9DC949149365_97F8AA674FD9", "t13d190900_9dc949149365_97f8aa674fd9"),
    (Kind.SERIAL, "00:E1-0a 5F:77", "e1:0a:5f:77"),
    (Kind.SERIAL, "0x0E8F3A915C20", "0e:8f:3a:91:5c:20"),
]

REFUSED = [
    (Kind.IPV4, "192.0.2.256"),
    (Kind.IPV4, "192.0.2.01"),
    (Kind.IPV4, "2001:db8::1"),
    (Kind.IPV6, "192.0.2.1"),
    (Kind.DOMAIN, "192.0.2.1"),
    (Kind.DOMAIN, "co.uk"),
    (Kind.DOMAIN, "org"),
    (Kind.DOMAIN, "a..example.org"),
    (Kind.DOMAIN, "-a.example.org"),
    (Kind.DOMAIN, "a b.example.org"),
    (Kind.DOMAIN, "x" * 64 + ".example.org"),
    (Kind.DOMAIN, "a/é.example.org"),
    (Kind.URL, "example.org/a"),
    (Kind.URL, "http:///a"),
    (Kind.URL, "http://example.org:70000/"),
    (Kind.URL, "http://192.0.2.300/"),
    (Kind.URL, "http://example.org/a\x00b"),
    (Kind.EMAIL, "a b@example.org"),
    (Kind.EMAIL, "@example.org"),
    (Kind.EMAIL, "a@localhost"),
    (Kind.MD5, "d41d8cd98f00b204e9800998ecf8427"),
    (Kind.MD5, "g41d8cd98f00b204e9800998ecf8427e"),
    (Kind.SSDEEP, "97:abc:def"),
    (Kind.MAC, "00:1b-44:11:3a:b7"),
    (Kind.REGISTRY_KEY, r"Software\Evil"),
    (Kind.FILE_NAME, "a/b.exe"),
    (Kind.FILE_PATH, "b.exe"),
    (Kind.ASN, "AS0"),
    (Kind.ASN, "AS4294967296"),
    (Kind.CVE, "CVE-2021-442"),
    (Kind.CRYPTO, "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb"),
    (Kind.CRYPTO, SEGWIT[:-1] + "p"),
    (Kind.CRYPTO, SEGWIT[:-1] + SEGWIT[-1].upper()),
    (Kind.CRYPTO, TAPROOT[:-1] + "p"),
    (Kind.CRYPTO, "0x" + ETHER[:-1] + "A"),
    (Kind.CRYPTO, "0x" + "0" * 40),
    (Kind.CRYPTO, MONERO[:-1] + "J"),
    (Kind.CRYPTO, CASH[:-1] + "q"),
    (Kind.CRYPTO, "1111111111111111111114oLvT2"),
    (Kind.PHONE, "+12345"),
    (Kind.PHONE, "+1234567890123456"),
    (Kind.PHONE, "1111111"),
    (Kind.PHONE, "call 5551234567"),
    (Kind.TECHNIQUE, "T2000"),
    (Kind.TECHNIQUE, "T1059.1"),
    (Kind.JA4, "x13d190900_9dc949149365_97f8aa674fd9"),
    (Kind.SERIAL, "12:34"),
    (Kind.SERIAL, "0e:8f:3a:91:zz"),
    *[(kind, "") for kind in Kind],
]

DEFANGED = [
    (Kind.IPV4, "192.0.2.44", "192[.]0[.]2[.]44"),
    (Kind.IPV6, "2001:db8::1", "2001[:]db8[:][:]1"),
    (Kind.DOMAIN, "login.example.org", "login[.]example[.]org"),
    (Kind.URL, "https://login.example.org/a.b", "hxxps[:]//login[.]example[.]org/a.b"),
    (Kind.URL, "ftp://me@example.org/", "fxp[:]//me@example[.]org/"),
    (Kind.EMAIL, "j.doe@example.org", "j.doe[@]example[.]org"),
    (Kind.MD5, "d41d8cd98f00b204e9800998ecf8427e", "d41d8cd98f00b204e9800998ecf8427e"),
]

REFANGED = [
    ("hxxps[:]//login[.]example[.]org/a", "https://login.example.org/a"),
    ("hXXp://evil[dot]example", "http://evil.example"),
    ("h**p://x(.)y{.}example", "http://x.y.example"),
    ("h[tt]ps[://]evil[.example]/x", "https://evil.example/x"),
    (r"https:\/\/evil.example\/x", "https://evil.example/x"),
    (r"http:\\evil.example", "http://evil.example"),
    ("fxp://files[.]example", "ftp://files.example"),
    ("a [at] b [.] com", "a@b.com"),
    ("user(at)evil(dot)com", "user@evil.com"),
    ("john at evil dot example dot com", "john@evil.example.com"),
    ("login точка example точка com", "login.example.com"),
    ("usuario[arroba]evil[punto]example", "usuario@evil.example"),
    ("evil【点】example", "evil.example"),
    ("192.0.2[.1", "192.0.2.1"),
    (r"192\.0\.2\.1", "192.0.2.1"),
    ("١٩٢.٠.٢.١", "192.0.2.1"),
    ("ev\u200bil.example", "evil.example"),
    ("evilDOTcom", "evil.com"),
    ("evil点com", "evil.com"),
    ("evil_dot_com and evil . com", "evil.com and evil.com"),
    ("panel dot site", "panel.site"),
    ("hxxp://evil[.]com", "http://evil.com"),
    ("meow://evil[.]com", "http://evil.com"),
    ("login\u00ad.evil\u2060.com", "login.evil.com"),
    ("we arrive at dot com", "we arrive at dot com"),
    ("the dot is in the end", "the dot is in the end"),
    ("meet us at example.com", "meet us at example.com"),
    (r"C:\Users\x\.ssh\id", r"C:\Users\x\.ssh\id"),
]


@pytest.mark.parametrize(("kind", "text", "value"), SAME)
def test_each_spelling_becomes_the_canonical_one(kind: Kind, text: str, value: str) -> None:
    assert canonical(kind, text) == Observable(kind, value)


@pytest.mark.parametrize(("kind", "text"), REFUSED)
def test_what_is_no_such_thing_is_none(kind: Kind, text: str) -> None:
    assert canonical(kind, text) is None


@pytest.mark.parametrize(("kind", "value", "shown"), DEFANGED)
def test_nothing_shown_can_be_clicked(kind: Kind, value: str, shown: str) -> None:
    assert Observable(kind, value).defanged == shown


@pytest.mark.parametrize(("text", "meant"), REFANGED)
def test_every_common_way_of_defanging_is_undone(text: str, meant: str) -> None:
    assert refang(text) == meant


def test_a_mapped_ipv6_address_is_the_ipv4_address() -> None:
    assert canonical(Kind.IPV6, "::ffff:192.0.2.1") == Observable(Kind.IPV4, "192.0.2.1")
    assert canonical(Kind.IPV6, "::ffff:192.0.2.0/120") == Observable(Kind.IPV4, "192.0.2.0/24")


def test_the_key_is_a_signed_64_bit_number_of_kind_and_value() -> None:
    keys = [Observable(Kind.DOMAIN, f"a{n}.example").key for n in range(200)]

    assert len(set(keys)) == 200
    assert all(-(2**63) <= key < 2**63 for key in keys)
    assert min(keys) < 0 < max(keys)
    assert Observable(Kind.MD5, "a.example").key != Observable(Kind.DOMAIN, "a.example").key


def test_case_does_not_count_where_the_system_ignores_it() -> None:
    upper, lower = Observable(Kind.FILE_NAME, "A.EXE"), Observable(Kind.FILE_NAME, "a.exe")

    assert upper.key == lower.key
    assert Observable(Kind.FILE_PATH, "/tmp/A").key != Observable(Kind.FILE_PATH, "/tmp/a").key
    assert (
        Observable(Kind.URL, "http://a.example/A").key
        != Observable(Kind.URL, "http://a.example/a").key
    )


def test_every_kind_has_a_name_of_its_own_for_people() -> None:
    assert len({Observable(kind, "x").label for kind in Kind}) == len(Kind)
