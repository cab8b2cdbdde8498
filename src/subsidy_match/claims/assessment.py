"""What claims ask of matching: whether a firm qualifies, for how much, and what that rests on."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Literal, Protocol

__all__ = [
    "Assessment",
    "Assessor",
    "Channel",
    "Doubt",
    "Limit",
    "Material",
    "PastUse",
    "Share",
    "Standing",
    "VerdictName",
]

VerdictName = Literal["eligible", "to_confirm", "unknown", "ineligible"]
Channel = Literal["no_apply", "instant", "fast", "committed"]
Doubt = Literal["year", "item", "amount"]


@dataclass(frozen=True, slots=True)
class Share:
    """The part of a claim that one fund bears; the shares of a claim add up to one."""

    fund_id: str
    share: Fraction


@dataclass(frozen=True, slots=True)
class Material:
    """A document that the policy asks for; a ``deferrable`` one may follow later (容缺)."""

    id: str
    zh: str
    en: str
    required: bool = True
    deferrable: bool = False


@dataclass(frozen=True, slots=True)
class PastUse:
    """A payment of the group in the finance bureau's history that did not go through this system.

    Attributes:
        ref: the number of the record.
        policy_id: the policy that it was paid under.
        amount: 分; ``None`` where the record does not say.
        item_key: what it was paid for, where the record says so.
        doubt: what the record leaves open, so that it does not count but is a risk; ``None`` where it counts.
    """

    ref: str
    policy_id: str
    amount: int | None = None
    item_key: str | None = None
    doubt: Doubt | None = None


@dataclass(frozen=True, slots=True)
class Limit:
    """What the policy says of a firm's claims in an exclusivity group: at most so many a year, policy or ever, or a cap.

    ``per`` is ``year``, ``policy`` or ``""`` (ever); ``cap`` is 分 a year over the whole group; ``paid`` is what the firm got
    of it beside this system.
    """

    group: str
    at_most: int | None = None
    per: str = ""
    cap: int | None = None
    paid: tuple[PastUse, ...] = ()


@dataclass(frozen=True, slots=True)
class Assessment:
    """The verdict on one (firm, policy, period, subject) with all that a claim needs to know of the policy.

    Attributes:
        amount_min: 分; ``None`` where no amount can be given at all.
        amount_max: 分; ``None`` where unbounded.
        policy_hash: hash of the policy's canonical text.
        with_recheck: whether the chain has a re-examination (复核).
        notice_days: working days of public notice; 0 for none.
        item_keys: what the claim uses up (filing numbers, keyed hashes of persons), each once per exclusive group.
        exclusive_groups: groups in which the item keys are used up; none means the policy and period alone.
        uses: what the claim is about as (kind, key), exclusive or not, to find the same thing in other claims.
        limits: what the policy says of other claims of the same firm.
        paid_items: what the history says was paid already of the items that this claim would use up.
        unclear: records of the history that may count in a group, and leave open whether they do.
        history_gap: why the history may lack payments (zh, en), where the policy has such groups.
        qa_percent: how many of a hundred claims are drawn for re-examination; ``qa_seed`` says which.
        is_open: whether the policy takes claims on the day of assessment.
        automatic: certain, exact and vouched for by departments, so that no application is needed.
        chain: the stages that the policy's text prescribes; without ``accept`` the system accepts at submission.
        evidence: canonical JSON of the text, the parameters, the facts read and the explanation.
    """

    verdict: VerdictName
    amount_min: int | None
    amount_max: int | None
    enterprise_name: str
    policy_zh: str
    policy_en: str
    policy_hash: str
    snapshot_id: str
    channel: Channel
    sla_days: int
    notice_days: int
    with_recheck: bool
    funding: tuple[Share, ...]
    evidence: bytes
    item_keys: tuple[str, ...] = ()
    exclusive_groups: tuple[str, ...] = ()
    materials: tuple[Material, ...] = ()
    uses: tuple[tuple[str, str], ...] = ()
    limits: tuple[Limit, ...] = ()
    paid_items: tuple[PastUse, ...] = ()
    unclear: tuple[PastUse, ...] = ()
    history_gap: tuple[str, str] | None = None
    qa_percent: int = 0
    qa_seed: str = ""
    notice_counts: bool = False
    is_open: bool = True
    automatic: bool = False
    chain: tuple[str, ...] = ("accept", "review", "recheck", "approve", "publish", "pay")

    @property
    def is_favourable(self) -> bool:
        """Whether nothing that data can decide speaks against the claim."""
        return self.verdict in ("eligible", "to_confirm")

    @property
    def digest(self) -> str:
        """SHA-256 of the evidence."""
        return hashlib.sha256(self.evidence).hexdigest()


@dataclass(frozen=True, slots=True)
class Standing:
    """Whether the credit lists bar a payment; ``clear=None`` where they could not be read or are stale."""

    clear: bool | None
    zh: str = ""
    en: str = ""


class Assessor(Protocol):
    """The only door from claims to matching; called outside any transaction."""

    def assess(self, *, uscc: str, policy_id: str, period: str, subject: str | None, as_of: date) -> Assessment:
        """Assess one firm for one policy.

        Raises:
            NotFound: no such firm, or no such policy published on ``as_of``.
            Conflict: the policy is not open for this period.
        """
        ...

    def standing(self, *, uscc: str, as_of: date) -> Standing:
        """Look the firm up in the credit and bar lists, as is done again before every payment."""
        ...
