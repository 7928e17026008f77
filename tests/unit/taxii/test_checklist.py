"""The 120 cases of the checklist for TAXII servers are each the name of a contract test."""

import ast
import re
from pathlib import Path

CONTRACT = Path(__file__).parents[2] / "contract"
_NAMED = re.compile(r"test_((?:\d{2,3}_)(?:to_\d{2,3}_|\d{2,3}_)*)[a-z]")


def cases(name: str) -> set[int]:
    """The cases that a test is named for: ``test_03_06_…`` both, ``test_53_to_58_…`` all from one to the other."""
    named = _NAMED.match(name)
    if named is None:
        return set()
    found: set[int] = set()
    parts = named[1].strip("_").split("_")
    for place, part in enumerate(parts):
        if part == "to":
            found |= set(range(int(parts[place - 1]), int(parts[place + 1])))
        else:
            found.add(int(part))
    return found


def asserts(test: ast.FunctionDef) -> bool:
    return any(
        isinstance(node, ast.Assert)
        or (isinstance(node, ast.Name) and node.id.startswith("assert_"))
        for node in ast.walk(test)
    )


def test_every_case_is_a_contract_test_that_asserts_something() -> None:
    tests = [
        node
        for file in CONTRACT.glob("test_taxii_*.py")
        for node in ast.parse(file.read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef) and cases(node.name)
    ]

    found = {case for test in tests if asserts(test) for case in cases(test.name)}

    assert found == set(range(1, 121))


def test_a_name_says_its_cases() -> None:
    assert cases("test_07_one") == {7}
    assert cases("test_03_06_22_three") == {3, 6, 22}
    assert cases("test_53_to_58_six") == set(range(53, 59))
    assert cases("test_114_115_dates") == {114, 115}
    assert cases("test_nothing_of_it") == set()
