"""Drafted, submitted, accepted or refused."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from claims_world import ASSESSMENT, FIRMS, OTHER_USCC, USCC
from hypothesis import strategies as st
from hypothesis.stateful import initialize, multiple, rule

from machine.base import CITY, CLAIMS, PROVINCE, Base, tried
from machine.evidence import PLACES
from machine.model import POOL, Attempt, Model, ModelClaim, Topic
from subsidy_match.claims.assessment import Limit, Share
from subsidy_match.claims.transition import Transition

SHARINGS = [
    {CITY: Fraction(1)},
    {CITY: Fraction(1, 3), PROVINCE: Fraction(2, 3)},
    {CITY: Fraction(1, 7), PROVINCE: Fraction(6, 7)},
    {POOL: Fraction(1)},
]
AMOUNTS = st.sampled_from([25_000_00, 10_000_01, 1, 7_777_77])  # few of them exhaust the funds


class Filing(Base):
    """Claims are begun: four at once, then more."""

    @initialize(target=CLAIMS, amounts=st.lists(AMOUNTS, min_size=4, max_size=4))
    def begin(self, amounts: list[int]):
        drafts = zip(amounts, ["2021", "2022", "2023", "2024"], "wxyz", SHARINGS, strict=True)
        return multiple(*(self._draft(USCC, period, item, amount, shares) for amount, period, item, shares in drafts))

    @rule(
        target=CLAIMS,
        firm=st.sampled_from([USCC, OTHER_USCC]),
        period=st.sampled_from(["2024", "2025", "2026"]),
        item=st.sampled_from("abcx"),
        amount=AMOUNTS,
        shares=st.sampled_from(SHARINGS),
    )
    def draft(self, firm: str, period: str, item: str, amount: int, shares: dict[str, Fraction]):
        made = self._draft(firm, period, item, amount, shares)
        return multiple() if made is None else made

    def _draft(self, firm: str, period: str, item: str, amount: int, shares: dict[str, Fraction]) -> int | None:
        self.world.assessor.answer = replace(
            ASSESSMENT,
            amount_min=amount,
            amount_max=amount,
            funding=tuple(Share(fund, share) for fund, share in shares.items()),
            item_keys=(item,),
            exclusive_groups=("projects",),
            limits=(Limit("few", PLACES, "policy"),),
        )
        claim, refusal = tried(lambda: self.world.draft(uscc=firm, period=period))
        assert (claim is not None) is self.model.may_draft((firm, period)), refusal
        if claim is None:
            return None
        made = ModelClaim((firm, period), item, amount, shares, duties=[("applicant", "filer")], since=self.today)
        self.model.claims[claim.id] = made
        return int(claim.id)


def _may_file(model: Model, claim: ModelClaim, attempt: Attempt) -> bool:
    return attempt.who == "system" or claim.key[0] in FIRMS.get(attempt.who, ())


def _accept(model: Model, claim: ModelClaim, row: Transition, attempt: Attempt) -> None:
    claim.rank = model.rank_now(claim)


def _reserve_or_wait(model: Model, claim: ModelClaim) -> None:
    if claim.is_pooled:
        return
    claim.is_waiting = not model.fits(claim) or model.others_wait(claim, earlier_only=False)
    if not claim.is_waiting:
        claim.hold("reserved", claim.parts())


TOPIC = Topic(
    guards={"may_file": _may_file},
    apply={"accept": _accept, "deem_accept": _accept},
    money={"reserve_or_wait": _reserve_or_wait},
    kinds={"ACCEPTED": "reserved"},
    usual={"DRAFT": ("submit", "applicant"), "SUBMITTED": ("accept", "clerk")},
    dead=frozenset({"NOT_ACCEPTED"}),
)
