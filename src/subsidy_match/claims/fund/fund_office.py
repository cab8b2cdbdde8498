"""The fund office: whoever administers funds does it here, by role and fund, with an audit row for every refusal.

Where something frees money, the waitlist is served in the transactions that follow.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from subsidy_match.calendar import WorkingCalendar
from subsidy_match.claims.canonical import as_known
from subsidy_match.claims.clock import TOLERANCE
from subsidy_match.claims.fund import allocation_runs, funds, ledger
from subsidy_match.claims.fund.allocation_runs import Run
from subsidy_match.claims.fund.fund_ops import Op
from subsidy_match.claims.fund.fund_records import FundEntry, Mode
from subsidy_match.claims.fund.funds import Fund
from subsidy_match.claims.fund.ledger import Carry, Closing, Transfer
from subsidy_match.claims.fund.waitlist import serve_waitlist
from subsidy_match.claims.many_claims import Deed
from subsidy_match.claims.refusals import audited
from subsidy_match.claims.rights import check_funds, check_role
from subsidy_match.claims.wording import check_text
from subsidy_match.errors import Conflict, InputError, RetryableError
from subsidy_match.store.unit import in_unit
from subsidy_match.store.users import Actor, Role

__all__ = ["FundOffice", "NewFund"]

Result = TypeVar("Result")
Also = Callable[[Session, Any], None]
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,59}")
_LONGEST_DOCUMENT = 60
_LARGEST_AMOUNT = 10**15
_KEEPERS = frozenset({Role.FUND})
_FREEZERS = frozenset({Role.FUND, Role.SUPERVISOR})
_CONFIRMERS = frozenset({Role.FUND, Role.SUPERVISOR})


@dataclass(frozen=True, slots=True)
class NewFund:
    """A fund to be opened; money in 分."""

    id: str
    name_zh: str
    name_en: str
    year: int
    allocated: int = 0
    department: str = ""
    indicator_no: str = ""
    function_code: str = ""
    spending_plan: str = ""
    mode: Mode = Mode.FIFO
    step: int = 1


@dataclass(frozen=True, slots=True)
class FundOffice:
    """Administration of funds over one store. ``also`` is called with session and result inside the transaction.

    Everything may raise ``Forbidden`` (``role_missing``, ``fund_not_yours``) and ``NotFound`` (``fund_unknown``).
    """

    engine: Engine
    calendar: WorkingCalendar
    tolerance: timedelta = TOLERANCE

    def open(self, new: NewFund, *, actor: Actor, at: datetime, also: Also | None = None) -> Fund:
        """Open a fund with its first allocation.

        Raises:
            Conflict: ``fund_exists``.
            InputError: ``fund_id_wrong``, ``fund_step_wrong``, ``amount_too_large``.
        """

        def work(session: Session) -> Fund:
            _check_id(new.id)
            _check_size(new.allocated, least=0)
            named = {name: getattr(new, name) for name in NewFund.__slots__ if name != "id"}
            return funds.open_fund(session, new.id, **named, at=at, actor=actor.id)

        return self._done(new.id, "open", actor, at, work, also)

    def allocate(
        self, fund_id: str, amount: int, *, document_no: str, actor: Actor, at: datetime, also: Also | None = None
    ) -> Fund:
        """Add money to a fund, once for each document.

        Raises:
            Conflict: ``allocation_repeated``, ``fund_closed``.
            InputError: ``document_no_wrong``, ``amount_not_positive``, ``amount_too_large``.
        """

        def work(session: Session) -> Fund:
            document = _document(document_no, _allocated(session, fund_id))
            _check_size(amount)
            return funds.allocate(session, fund_id, amount, key=f"{fund_id}:no:{document}", at=at, actor=actor.id)

        return self._on(fund_id, "allocate", actor, at, work, also, frees=[fund_id])

    def transfer(
        self,
        source_id: str,
        target_id: str,
        amount: int,
        *,
        document_no: str,
        actor: Actor,
        at: datetime,
        also: Also | None = None,
    ) -> Transfer:
        """Move free money from one fund to another; both must be the actor's. See ``ledger.transfer``."""

        def work(session: Session) -> Transfer:
            funds.fund(session, target_id)
            check_funds(actor, (target_id,))
            document = _document(document_no)
            _check_size(amount)
            return ledger.transfer(session, source_id, target_id, amount, document_no=document, at=at, actor=actor.id)

        return self._on(source_id, "transfer", actor, at, work, also, frees=[target_id])

    def freeze(self, fund_id: str, *, note: str, actor: Actor, at: datetime, also: Also | None = None) -> Fund:
        """Let nothing be reserved, committed or transferred out any more.

        Raises:
            Conflict: ``fund_frozen``, it is already.
        """
        return self._set_frozen(fund_id, True, note, actor, at, also)

    def unfreeze(self, fund_id: str, *, note: str, actor: Actor, at: datetime, also: Also | None = None) -> Fund:
        """Free a frozen fund again.

        Raises:
            Conflict: ``fund_not_frozen``.
        """
        return self._set_frozen(fund_id, False, note, actor, at, also)

    def close(self, fund_id: str, *, document_no: str, actor: Actor, at: datetime, also: Also | None = None) -> Closing:
        """Close a fund at year end and take back what is free. See ``ledger.close_fund``."""

        def work(session: Session) -> Closing:
            document = _document(document_no)
            return ledger.close_fund(session, fund_id, document_no=document, at=at, actor=actor.id)

        return self._on(fund_id, "close_fund", actor, at, work, also)

    def carry_over(
        self,
        source_id: str,
        target_id: str,
        amount: int | None = None,
        *,
        document_no: str,
        actor: Actor,
        at: datetime,
        also: Also | None = None,
    ) -> Carry:
        """Put what was taken back into next year's fund. See ``ledger.carry_over``."""

        def work(session: Session) -> Carry:
            document = _document(document_no)
            funds.fund(session, target_id)
            check_funds(actor, (target_id,))
            return ledger.carry_over(session, source_id, target_id, amount, document_no=document, at=at, actor=actor.id)

        return self._on(source_id, "carry_over", actor, at, work, also, frees=[target_id])

    def draft_run(
        self, fund_id: str, *, budget: int | None = None, actor: Actor, at: datetime, also: Also | None = None
    ) -> Run:
        """Share a pooled fund out over the claims that wait for it. See ``allocation_runs.draft_run``."""

        def work(session: Session) -> Run:
            return allocation_runs.draft_run(session, fund_id, budget=budget, at=at, actor=actor)

        return self._on(fund_id, "draft_run", actor, at, work, also)

    def confirm_run(self, run_id: int, *, actor: Actor, at: datetime, also: Also | None = None) -> Run:
        """Confirm a run as a second person: all its shares are reserved. See ``allocation_runs.confirm_run``."""

        def work(session: Session) -> Run:
            return allocation_runs.confirm_run(Deed(session, self.calendar, actor, at, self.tolerance), run_id)

        return self._on(self.run(run_id).fund_id, "confirm_run", actor, at, work, also, roles=_CONFIRMERS)

    def cancel_run(self, run_id: int, *, actor: Actor, at: datetime, also: Also | None = None) -> Run:
        """Give up a run that nobody confirmed."""

        def work(session: Session) -> Run:
            return allocation_runs.cancel_run(session, run_id, at=at, actor=actor)

        return self._on(self.run(run_id).fund_id, "cancel_run", actor, at, work, also, roles=_CONFIRMERS)

    def run(self, run_id: int) -> Run:
        """Read an allocation run.

        Raises:
            NotFound: ``run_unknown``.
        """
        return in_unit(self.engine, lambda session: allocation_runs.load_run(session, run_id), immediate=False)

    def runs(self, fund_id: str, *, after: int = 0, limit: int = 100) -> Sequence[Run]:
        """Read the allocation runs of a fund by id."""
        self._check_known(fund_id)

        def read(session: Session) -> Sequence[Run]:
            return allocation_runs.runs_of(session, fund_id, after=after, limit=limit)

        return in_unit(self.engine, read, immediate=False)

    def closings(self, fund_id: str) -> Sequence[Closing]:
        """Read the closings of a fund, oldest first."""
        self._check_known(fund_id)
        return in_unit(self.engine, lambda session: ledger.closings_of(session, fund_id), immediate=False)

    def serve_waitlist(self, *, at: datetime, fund_ids: Collection[str] | None = None) -> list[int]:
        """Reserve for waiting claims as far as the money goes; doing it again does nothing."""
        return serve_waitlist(self.engine, self.calendar, at=at, fund_ids=fund_ids)

    def _set_frozen(self, fund_id: str, frozen: bool, note: str, actor: Actor, at: datetime, also: Also | None) -> Fund:
        def work(session: Session) -> Fund:
            said = check_text("note", note)
            (row,) = funds.lock_funds(session, [fund_id])
            if row.frozen is frozen:
                raise _frozen_already(row.name_zh, fund_id, frozen)
            return funds.freeze_fund(session, fund_id, frozen=frozen, note=said, at=at, actor=actor.id)

        action, frees = ("freeze", ()) if frozen else ("unfreeze", (fund_id,))
        return self._on(fund_id, action, actor, at, work, also, roles=_FREEZERS, frees=frees)

    def _on(
        self,
        fund_id: str,
        action: str,
        actor: Actor,
        at: datetime,
        work: Callable[[Session], Result],
        also: Also | None,
        *,
        roles: frozenset[Role] = _KEEPERS,
        frees: Collection[str] = (),
    ) -> Result:
        self._check_known(fund_id)
        result = self._done(fund_id, action, actor, at, work, also, roles=roles)
        if frees:
            # The money is there; where the store is busy the sweeper serves the queue.
            with suppress(RetryableError):
                self.serve_waitlist(at=at, fund_ids=frees)
        return result

    def _done(
        self,
        fund_id: str,
        action: str,
        actor: Actor,
        at: datetime,
        work: Callable[[Session], Result],
        also: Also | None,
        *,
        roles: frozenset[Role] = _KEEPERS,
    ) -> Result:
        def finished(session: Session) -> Result:
            result = work(session)
            session.flush()
            if also is not None:
                also(session, result)
            return result

        def do() -> Result:
            check_role(actor, roles, ("资金管理", action))
            check_funds(actor, (fund_id,))
            return in_unit(self.engine, finished)

        # What cannot be the id of a fund gets no chain of its own.
        subject = "funds" if _ID.fullmatch(fund_id) is None else f"fund:{fund_id}"
        return audited(self.engine, subject, action, actor=actor, at=at, work=do)

    def _check_known(self, fund_id: str) -> None:
        # What is not there has no chain to write a refusal to.
        in_unit(self.engine, lambda session: funds.fund(session, fund_id), immediate=False)


def _check_id(fund_id: str) -> None:
    if _ID.fullmatch(fund_id) is None:
        zh = "资金编号须为1至60位字母、数字、点、横线或下划线,以字母或数字开头"
        raise InputError("fund_id_wrong", zh, "a fund id is 1 to 60 letters, digits, dots, dashes or underscores")


def _check_size(amount: int, *, least: int = 1) -> None:
    if amount < least:
        raise InputError("amount_not_positive", "金额须大于零", "an amount must be greater than zero")
    if amount > _LARGEST_AMOUNT:
        raise InputError("amount_too_large", "金额过大", "the amount is larger than any fund")


def _document(number: str, known: Iterable[str] = ()) -> str:
    """Check the number of a document; one that is known is that document in whatever width or brackets it is written."""
    clean = number.strip()
    if not 0 < len(clean) <= _LONGEST_DOCUMENT or not clean.isprintable():
        zh, en = "请填写文号(不超过60字)", "give the number of the document (60 characters at most)"
        raise InputError("document_no_wrong", zh, en)
    return as_known(clean, known)


def _allocated(session: Session, fund_id: str) -> list[str]:
    funds.lock_funds(session, [fund_id])  # two may bring the same document in two spellings
    prefix = f"allocate:{fund_id}:no:"
    query = select(FundEntry.key).where(FundEntry.fund_id == fund_id, FundEntry.op == str(Op.ALLOCATE))
    return [key.removeprefix(prefix) for key in session.scalars(query) if key.startswith(prefix)]


def _frozen_already(name: str, fund_id: str, frozen: bool) -> Conflict:
    if frozen:
        return Conflict("fund_frozen", f"资金已冻结:{name}", f"the fund {fund_id} is frozen already")
    return Conflict("fund_not_frozen", f"资金未冻结:{name}", f"the fund {fund_id} is not frozen")
