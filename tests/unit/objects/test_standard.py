"""The standard, case by case: what it refuses is refused with a reason, what it allows is taken."""

import pytest

from cirt.objects.codec import Refusal, StixObject, read
from tests.support.stix_cases import Case, cases

CASES = list(cases())


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_verdict_is_that_of_the_standard(case: Case) -> None:
    result = read(case.raw)

    if case.is_taken:
        assert isinstance(result, StixObject), str(result)
        said = "; ".join(result.warnings)
        assert case.said in said
        assert case.said or not said
    else:
        assert isinstance(result, Refusal), "taken"
        assert case.said in str(result), str(result)
