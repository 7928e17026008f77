"""Content negotiation, case by case."""

import pytest

from cirt.taxii.errors import MediaTypeWrong, NotAcceptable
from cirt.taxii.media import check_accept, check_content_type


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "*/*",
        "application/*",
        "application/taxii+json",
        "application/taxii+json;version=2.1",
        "application/taxii+json; version=2.1",
        "Application/TAXII+JSON ; Version=2.1",
        'application/taxii+json;version="2.1"',
        "text/html, application/taxii+json;version=2.1;q=0.5",
        "application/taxii+json;version=2.0, application/taxii+json;version=2.1",
        "application/json;q=0.9, */*;q=0.1",
    ],
)
def test_a_range_that_covers_taxii_2_1_is_accepted(header: str | None) -> None:
    check_accept(header)


@pytest.mark.parametrize(
    "header",
    [
        "application/json",
        "text/*",
        "application/taxii+json;version=9.9",
        "application/taxii+json;version=2.0",
        "application/vnd.oasis.taxii+json; version=2.0",
        "application/taxii+json;version=2.1;q=0",
        "application/taxii+json;version=2.1;q=often",
        "application/stix+json;version=2.1",
        ";;;,,,",
    ],
)
def test_anything_else_is_not_acceptable(header: str) -> None:
    with pytest.raises(NotAcceptable):
        check_accept(header)


def test_the_manifest_also_takes_the_stix_type() -> None:
    check_accept("application/stix+json;version=2.1", also_stix=True)

    with pytest.raises(NotAcceptable):
        check_accept("application/stix+json;version=2.0", also_stix=True)


@pytest.mark.parametrize(
    "header",
    [
        "application/taxii+json",
        "application/taxii+json;version=2.1",
        "application/taxii+json ; version=2.1 ; charset=UTF-8",
    ],
)
def test_a_taxii_content_type_is_taken(header: str) -> None:
    check_content_type(header)


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "application/json",
        "application/taxii+json;version=9.9",
        "application/taxii+json;charset=latin-1",
        "application/stix+json;version=2.1",
    ],
)
def test_another_content_type_is_refused(header: str | None) -> None:
    with pytest.raises(MediaTypeWrong):
        check_content_type(header)
