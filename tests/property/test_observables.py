"""What holds of every observable and of every text."""

from hypothesis import given
from hypothesis import strategies as st

from cirt.objects.observables.kinds import Kind, Observable, canonical, refang
from cirt.register.extract import find

_WORD = st.from_regex(r"[a-z][a-z0-9]{2,12}", fullmatch=True)
_TOP = st.sampled_from(["com", "org", "example", "ru", "онлайн", "top", "co.uk"])
_HOST = st.builds(
    lambda words, top: ".".join([*words, top]), st.lists(_WORD, min_size=1, max_size=3), _TOP
)
_PATH = st.from_regex(r"(/[A-Za-z0-9_~-]{1,8}){0,3}(\?[a-z]=[a-z0-9.%]{1,5}x)?", fullmatch=True)
_HEX = st.binary(min_size=64, max_size=64).filter(lambda b: len(set(b[:16])) > 12).map(bytes.hex)


def _made(kind: Kind, texts: st.SearchStrategy[str]) -> st.SearchStrategy[Observable]:
    return texts.map(lambda text: canonical(kind, text)).filter(lambda o: o is not None)  # type: ignore[return-value]  # None is filtered out


OBSERVABLES = st.one_of(
    _made(Kind.IPV4, st.ip_addresses(v=4).map(str)),
    _made(Kind.IPV4, st.builds(lambda a, n: f"{a}/{n}", st.ip_addresses(v=4), st.integers(8, 31))),
    _made(Kind.IPV6, st.ip_addresses(v=6).map(str).filter(lambda text: text.count(":") > 3)),
    _made(Kind.DOMAIN, _HOST),
    _made(
        Kind.URL,
        st.builds(
            lambda s, h, p: f"{s}://{h}{p}", st.sampled_from(["http", "https", "ftp"]), _HOST, _PATH
        ),
    ),
    _made(Kind.EMAIL, st.builds(lambda local, host: f"{local}@{host}", _WORD, _HOST)),
    _made(Kind.MD5, _HEX.map(lambda text: text[:32])),
    _made(Kind.SHA1, _HEX.map(lambda text: text[:40])),
    _made(Kind.SHA256, _HEX.map(lambda text: text[:64])),
    _made(Kind.SHA512, _HEX),
    _made(
        Kind.CVE,
        st.builds(lambda y, n: f"CVE-{y}-{n}", st.integers(1999, 2099), st.integers(1000, 10**6)),
    ),
    _made(Kind.ASN, st.integers(100, 2**32 - 1).map(lambda n: f"AS{n}")),
)
_SIGNS = "a1.:/@[]()\\-_ %~\"'\n=+T版م é\u200bx。dotathxxpCVEAS"
TEXTS = st.one_of(st.text(max_size=300), st.text(alphabet=_SIGNS, max_size=300))


@given(kind=st.sampled_from(Kind), text=TEXTS)
def test_canonical_never_raises_and_what_it_gives_is_its_own_canonical_form(
    kind: Kind, text: str
) -> None:
    once = canonical(kind, text)

    if once is not None:
        assert canonical(once.kind, once.value) == once
        assert isinstance(once.key, int)


@given(observable=OBSERVABLES)
def test_defanging_loses_nothing(observable: Observable) -> None:
    assert canonical(observable.kind, refang(observable.defanged)) == observable


@given(observable=OBSERVABLES)
def test_what_is_shown_defanged_is_found_again_wherever_it_stands(observable: Observable) -> None:
    shown = observable.defanged

    for text in (shown, f"We saw {shown}, then nothing.", f"请看 {shown}。", f"({shown})"):
        assert observable in [found.observable for found in find(text)]


@given(text=TEXTS)
def test_any_text_can_be_searched_and_places_are_right(text: str) -> None:
    found = find(text)

    assert all(text[f.start : f.end] == f.written and f.written for f in found)
    assert [f.start for f in found] == sorted(f.start for f in found)
    assert len({f.observable for f in found}) == len(found)
    assert find(text, limit=1) == found[:1]


@given(
    parts=st.lists(
        st.one_of(OBSERVABLES.map(lambda o: o.defanged), st.text(alphabet=_SIGNS, max_size=20)),
        max_size=8,
    )
)
def test_places_are_right_among_observables_too(parts: list[str]) -> None:
    text = " ".join(parts)

    assert all(text[f.start : f.end] == f.written for f in find(text))
