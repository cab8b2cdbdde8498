# ruff: noqa: RUF001 - full-width characters are what is tested
"""Credit codes: real codes pass, each check has its own grade, nothing is corrected silently."""

from __future__ import annotations

import pytest

from subsidy_match.profiles.uscc import Grade, check_uscc, is_organisation_code, normalise_uscc

REAL = ["91110108551385082Q", "91110000600037341L", "91350200776049653A", "91350500798359476R", "91440101MA5CJQ4N59"]
INVENTED = ["91320812MAB4DM124P", "91320803MAUJ3CK13H", "91320891MAYH612E71", "91320800MAE272JE3T"]


@pytest.mark.parametrize("code", REAL + INVENTED)
def test_valid_codes_pass_both_checks(code):
    assert check_uscc(code).grade is Grade.VALID


def test_the_known_exception_fails_only_the_last_check():
    assert check_uscc("91350203M0001QAY9B").grade is Grade.CHECK


@pytest.mark.parametrize(
    ("code", "grade"),
    [
        ("9132081MAB4DM124P", Grade.FORMAT),
        ("91320812MAB4DM124PP", Grade.FORMAT),
        ("", Grade.FORMAT),
        ("9.13208031524565E+17", Grade.FORMAT),
        ("91A20812MAB4DM124P", Grade.FORMAT),
        ("9132O812MAB4DM124P", Grade.CHARSET),
        ("91320812MAB4DM134P", Grade.ORGANISATION),
        ("91320812MAB4DM124Q", Grade.CHECK),
    ],
)
def test_the_first_failing_check_gives_the_grade(code, grade):
    assert check_uscc(code).grade is grade


@pytest.mark.parametrize(
    "written",
    [
        "91320812mab4dm124p",
        "９１３２０８１２ＭＡＢ４ＤＭ１２４Ｐ",
        "91320812 MAB4DM124P",
        "'91320812MAB4DM124P",
        "91320812-MAB4DM124P ",
        "\ufeff91320812MAB4DM124P",
    ],
)
def test_typing_is_undone(written):
    assert normalise_uscc(written) == "91320812MAB4DM124P"


def test_a_letter_for_a_digit_is_suggested_and_not_accepted():
    check = check_uscc("9132O812MAB4DM124P")
    assert not check.is_valid
    assert check.code == "9132O812MAB4DM124P"
    assert check.suggestion == "91320812MAB4DM124P"


def test_an_organisation_code_is_known_by_its_check_character():
    organisation = REAL[1][8:17]
    assert is_organisation_code(organisation)
    wrong = organisation[:-1] + ("0" if organisation[-1] != "0" else "1")
    for text in (wrong, "ma5cjq4n5", organisation[:-1], organisation + "0", "", "统计" + organisation[2:]):
        assert not is_organisation_code(text), text
