"""Which claims a firm should file: its matches as options, the best choice among them, and how certain that is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from subsidy_match.matching.exclusivity import Doubt, Pending, RulesBetween, netted_policies
from subsidy_match.matching.history import Payment, with_payments
from subsidy_match.matching.options import MOST, Constraint, Option, Solution
from subsidy_match.matching.single import match_one
from subsidy_match.matching.solving import components, solve
from subsidy_match.rules.enterprise import Enterprise
from subsidy_match.rules.policy import PolicySet
from subsidy_match.rules.reasons import Match
from subsidy_match.rules.span import Bound
from subsidy_match.rules.truth import Verdict

__all__ = ["Advice", "Bar", "LeftOut", "Offers", "Open", "Pending", "best_claims", "options_of"]


class Bar(StrEnum):
    """Why a match is no option at all."""

    CLAIMED = "claimed"  # a claim for the same policy, period and subject is there
    CLOSED = "closed"  # the window has closed


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A match that is no option; ``ref`` is the number of the claim that is there."""

    option: Option
    bar: Bar
    ref: str = ""


@dataclass(frozen=True, slots=True)
class Open:
    """An option whose verdict or amount data have yet to settle.

    Attributes:
        option: with its greatest possible amount.
        is_contested: whether it and other options may stand in each other's way.
        displaces: chosen options that would lose if it alone came to its greatest amount.
    """

    option: Option
    is_contested: bool
    displaces: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Advice:
    """The best choice of one firm on one day, with everything it rests on.

    Attributes:
        as_of: the day.
        options: what could be chosen, in the order of payment.
        everything: the same with those that data have yet to decide.
        matches: the match behind every option, open and left-out ones included, by id of the option.
        constraints: the rules between the options.
        solution: the choice.
        open: what may change the choice once data come in.
        left_out: matches that are no options.
        doubts: why payments and claims in hand may not all have been counted.
    """

    as_of: date
    options: tuple[Option, ...]
    everything: tuple[Option, ...]
    matches: Mapping[str, Match]
    constraints: tuple[Constraint, ...]
    solution: Solution
    open: tuple[Open, ...]
    left_out: tuple[LeftOut, ...]
    doubts: tuple[Doubt, ...]

    @property
    def certain(self) -> bool:
        """Whether no missing data can change the choice; what persons have yet to confirm is taken for granted."""
        return not self.doubts and not any(found.is_contested for found in self.open)


@dataclass(frozen=True, slots=True)
class Offers:
    """Matches as options: those that can be chosen, those that data have yet to decide, and those that cannot be filed."""

    options: tuple[Option, ...]
    undecided: tuple[Option, ...]
    left_out: tuple[LeftOut, ...]
    matches: Mapping[str, Match]


def options_of(matches: Sequence[Match], pending: Sequence[Pending] = ()) -> Offers:
    """Turn matches into options; a match that is ruled out or pays nothing is none."""
    options: list[Option] = []
    undecided: list[Option] = []
    left_out: list[LeftOut] = []
    by_id: dict[str, Match] = {}
    claims = {(claim.policy_id, claim.period, claim.subject or ""): claim.claim_no for claim in pending}
    names: Counter[str] = Counter()
    for match in matches:
        option = _option(match)
        if option is None:
            continue
        names[option.id] += 1
        if names[option.id] > 1:
            option = replace(option, id=f"{option.id}#{names[option.id]}")
        by_id[option.id] = match
        window, claim = match.policy.window, claims.get((option.policy_id, option.period, option.subject or ""))
        if claim is not None:
            left_out.append(LeftOut(option, Bar.CLAIMED, claim))
        elif window is not None and window[1] < match.as_of:
            left_out.append(LeftOut(option, Bar.CLOSED))
        else:
            (undecided if match.verdict is Verdict.UNKNOWN else options).append(option)
    return Offers(tuple(options), tuple(undecided), tuple(left_out), by_id)


def best_claims(
    policies: PolicySet,
    enterprise: Enterprise,
    as_of: date,
    payments: Sequence[Payment] = (),
    pending: Sequence[Pending] = (),
) -> Advice:
    """Find the claims that pay a firm most together.

    Args:
        policies: the policy set.
        enterprise: the firm, with the history that the finance bureau sent.
        as_of: the day of the choice.
        payments: what this system has paid.
        pending: claims in hand; a paid one bars only a second claim of the same kind.

    Raises:
        InputError: ``stacking_too_large``.
    """
    offers = options_of(match_one(policies, enterprise, as_of, payments=payments), pending)
    texts = {match.policy.id: match.policy for match in offers.matches.values()}
    rules = RulesBetween(policies, with_payments(enterprise, payments), as_of, pending)
    nets = {id_: {source for group in netted_policies(text) for source in group} for id_, text in texts.items()}
    everything = tuple(_in_order_of_payment((*offers.options, *offers.undecided), nets))
    constraints = tuple(rules.between(everything, texts))
    options = tuple(option for option in everything if option in offers.options)
    solution = solve(options, constraints)
    return Advice(
        as_of,
        options,
        everything,
        offers.matches,
        constraints,
        solution,
        tuple(_open(everything, offers, constraints, solution)),
        offers.left_out,
        tuple(rules.doubts),
    )


def _option(match: Match) -> Option | None:
    if match.verdict is Verdict.INELIGIBLE or match.amount is None:
        return None
    amount, possible = _fen(match.amount.lo), _fen(match.amount.hi)
    if possible == 0:
        return None
    keys = tuple(dict.fromkeys(i.key for i in match.items if i.key and i.reason.truth.possible))
    name = match.policy.id if match.subject is None else f"{match.policy.id}/{match.subject}"
    return Option(name, match.policy.id, match.subject, match.period.id, amount, possible, keys)


def _fen(bound: Bound) -> int:
    if isinstance(bound, float):
        return MOST if bound > 0 else 0
    return min(MOST, max(0, int(bound)))


def _in_order_of_payment(options: Sequence[Option], nets: Mapping[str, set[str]]) -> list[Option]:
    """What is net of others after them; where that leaves it open, greater amounts first, then by id.

    A policy that is net of another one gets least where the other is paid first: what is promised does not depend on luck.
    """
    waiting, found = list(options), []
    while waiting:
        ids = {option.policy_id for option in waiting}

        def rank(option: Option, ids: set[str] = ids) -> tuple[int, int, str]:
            sources = nets[option.policy_id] & ids
            ahead = sum(option.policy_id not in nets[source] for source in sources)
            return ahead, -option.amount, option.id

        found.append(min(waiting, key=rank))
        waiting.remove(found[-1])
    return found


def _open(
    everything: Sequence[Option], offers: Offers, constraints: Sequence[Constraint], solution: Solution
) -> list[Open]:
    """What is not settled yet, each with what it alone would change at its greatest."""
    parts = components([replace(option, amount=option.possible) for option in everything], constraints)
    contested = {id_ for part in parts if len(part) > 1 for id_ in part}
    found = []
    for option in everything:
        if option not in offers.undecided and option.amount == option.possible:
            continue
        at_most = replace(option, amount=option.possible)
        among = [at_most if o is option else o for o in everything if o is option or o in offers.options]
        after = solve(among, constraints, alternatives=0).chosen.ids if option.id in contested else solution.chosen.ids
        lost = tuple(id_ for id_ in solution.chosen.ids if id_ not in after and id_ != option.id)
        found.append(Open(option, option.id in contested, lost))
    return found
