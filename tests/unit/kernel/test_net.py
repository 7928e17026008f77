"""Which addresses we speak to, and what counts as one origin."""

import errno
import socket
from ipaddress import ip_network

import pytest

from cirt.kernel.net import HttpClient
from cirt.kernel.net_errors import NotReached, OtherOrigin, UrlWrong
from cirt.kernel.reaching import Limits, is_permitted, origin_of

INSIDE = [
    "127.0.0.1",
    "10.1.2.3",
    "169.254.169.254",
    "192.168.0.1",
    "100.64.0.1",
    "0.0.0.0",
    "224.0.0.1",
    "::1",
    "fe80::1%eth0",
    "fd00::1",
    "::ffff:10.0.0.1",
    "64:ff9b::a00:1",
    "2002:a00:1::",
    "ff02::1",
    "fec0::1",  # site-local, of old
    "::127.0.0.1",
    "64:ff9b:1::7f00:1",  # a network's own NAT64
    "::ffff:0:7f00:1",
    "::ffff:127.0.0.1",
    "5f00::1",
]


@pytest.mark.parametrize("address", INSIDE)
def test_addresses_inside_are_not_spoken_to_however_written(address: str) -> None:
    assert not is_permitted(address, ())


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "2606:4700::1", "::ffff:8.8.8.8", "64:ff9b::808:808"]
)
def test_public_addresses_are(address: str) -> None:
    assert is_permitted(address, ())


def test_an_allowed_network_opens_itself_only() -> None:
    allow = (ip_network("10.1.0.0/16"),)

    assert is_permitted("10.1.2.3", allow)
    assert is_permitted("::ffff:10.1.2.3", allow)
    assert not is_permitted("10.2.2.3", allow)


@pytest.mark.parametrize(
    "url",
    [
        "ftp://a.example/",
        "//a.example/",
        "https://",
        "https://u:p@a.example/",
        "http://a:0/",
        "http://[x/",
    ],
)
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(UrlWrong):
        origin_of(url)


def test_the_default_port_and_the_case_of_names_do_not_make_another_origin() -> None:
    assert origin_of("https://CERT.example/a") == origin_of("https://cert.example:443/b")
    assert origin_of("https://cert.example") != origin_of("http://cert.example")


def test_a_client_asks_its_own_origin_only() -> None:
    client = HttpClient("https://cert.example/taxii2/")

    with pytest.raises(OtherOrigin):
        client.send("GET", "https://cert.example:8443/taxii2/")


@pytest.mark.parametrize(
    ("failure", "says"),
    [
        (ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused"), "Nothing listens at"),
        (OSError(errno.EHOSTUNREACH, "No route to host"), "No way leads from here to"),
        (OSError(errno.ENETUNREACH, "Network is unreachable"), "No way leads from here to"),
        (TimeoutError("timed out"), "gives no reply on port 80"),
        (OSError(errno.EMFILE, "Too many open files"), "port 80: Too many open files."),
    ],
)
def test_why_somebody_is_not_reached_is_said_in_words(failure: OSError, says: str) -> None:
    def dead(
        family: socket.AddressFamily, address: tuple[str, int], limits: Limits
    ) -> socket.socket:
        raise failure

    client = HttpClient("http://127.0.0.1/", allow=[ip_network("127.0.0.0/8")], dial_=dead)

    with pytest.raises(NotReached) as caught:
        client.send("GET", "http://127.0.0.1/x")
    assert says in str(caught.value)
