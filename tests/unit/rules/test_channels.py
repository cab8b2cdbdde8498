"""Money that nobody applies for is due by data alone, or the policy is refused."""

from __future__ import annotations

from pathlib import Path

from policy_world import findings_of, load

ASK = "{all: [{any: [{value: green, is: true}, {id: seen, manual: {zh: 现场核查, en: seen on site, by: 局}}]}]}"


def test_no_apply_takes_no_manual_check(tmp_path: Path) -> None:
    (found,) = findings_of(tmp_path, channel="no_apply", eligible_if=ASK)
    assert found.code == "P010"
    assert found.at is not None
    assert found.at.line == 11
    assert "seen on site" in found.en


def test_no_apply_asks_the_firm_for_nothing(tmp_path: Path) -> None:
    asked = "[{zh: 证书, en: certificate, from: department}, {zh: 承诺书, en: commitment, from: commitment}]"
    (found,) = findings_of(tmp_path, channel="no_apply", materials=asked)
    assert (found.code, found.en) == ("P010", "no_apply takes no material to hand in: commitment")


def test_other_channels_take_both(tmp_path: Path) -> None:
    for number, channel in enumerate(("instant", "fast", "committed")):
        asked = "[{zh: 表, en: form, from: applicant}]"
        (policy,) = load(tmp_path / str(number), channel=channel, eligible_if=ASK, materials=asked).policies
        assert (policy.channel.value, [m.brought_by for m in policy.materials]) == (channel, ["applicant"])
