"""Reading one policy file: from positioned YAML to a ``Policy``."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date

from subsidy_match.rules import terms
from subsidy_match.rules.fields import Fields, Findings, Skip, did_you_mean
from subsidy_match.rules.policy import (
    Amount,
    Channel,
    Clause,
    ForEach,
    Grant,
    GrantedBy,
    Policy,
)
from subsidy_match.rules.reader import Reader
from subsidy_match.rules.scope import Library, Scope
from subsidy_match.rules.source import Mapped, Node, Scalar, Sequence
from subsidy_match.rules.tree import All, Any, Condition, Day, DayName, Fact, Kind, Label, Mark, Type, Value, Within
from subsidy_match.rules.values import Place, rounding
from subsidy_match.units import MONEY

__all__ = ["ClauseFile", "read_clause_file", "read_policy"]

POLICY_KEYS = (
    "id", "title", "provenance", "basis", "level", "region", "authority", "effective", "window", "channel", "claim", "let",
    "for_each", "item_if", "inherits", "waive", "eligible_if", "amount", "pays_for", "exclusive", "materials", "chain", "sla",
    "funding", "payee", "grants", "needs_source", "accept", "note",
)  # fmt: skip
LEVELS = ("national", "provincial", "city", "county")
PAYEES = ("applicant", "person")
_MONEY = Type(Kind.NUMBER, MONEY)


@dataclass(frozen=True, slots=True)
class ClauseFile:
    """Common clauses that policies inherit."""

    id: str
    title: Label
    node: Node
    text: str
    clauses: Mapping[str, Clause]


def read_clause_file(node: Node, text: str, findings: Findings) -> ClauseFile:
    """Read a file of ``clauses/``; its conditions are read anew for each policy that inherits them."""
    fields = Fields.of(node, findings)
    fields.allow("id", "title", "provenance", "basis", "all", "note")
    provenance = fields.choice("provenance", terms.PROVENANCES) or "representative"
    clauses = terms.clauses_of(fields, provenance)
    conditions = fields.entries.get("all", node)
    if not isinstance(conditions, Sequence) or not conditions.items:
        fields.wrong("all", "通用条款需要条件列表 all", "clauses need a list of conditions, all")
    for item in conditions.items if isinstance(conditions, Sequence) else ():
        Fields.of(item, findings).text("id")  # by which it can be waived
    return ClauseFile(fields.text("id") or "", terms.title_of(fields), conditions, text, clauses)


def read_policy(
    node: Node, text: str, library: Library, shared: Mapping[str, ClauseFile], findings: Findings
) -> Policy | None:
    """Read one policy file; findings are recorded, and None is returned where there was one."""
    before = len(findings)
    fields = Fields.of(node, findings)
    fields.allow(*POLICY_KEYS)
    reader = _PolicyReader(fields, text, library, shared, findings)
    try:
        policy = reader.policy()
    except Skip:
        reader.read_every_part()
        return None
    return policy if len(findings) == before else None


class _PolicyReader:
    """Reads the keys of one policy."""

    def __init__(
        self, fields: Fields, text: str, library: Library, shared: Mapping[str, ClauseFile], findings: Findings
    ) -> None:
        self._fields, self._text, self._library, self._shared, self._findings = fields, text, library, shared, findings
        self._id = fields.text("id") or ""
        self._provenance = fields.choice("provenance", terms.PROVENANCES) or "representative"
        self._own = terms.clauses_of(fields, self._provenance)
        each = fields.fields("for_each")
        items = library.catalogue.collections.get(each.text("in") or "") if each else None
        lets = fields.fields("let")
        self._reader = Reader(
            library, findings, self._id, dict(lets.entries) if lets else {}, frozenset(self._own), items
        )

    def policy(self) -> Policy:
        fields = self._fields
        start, end = terms.dates(fields, "effective", "from", "to", date.max)
        stub = fields.flag("needs_source")
        window = terms.dates(fields, "window", "opens", "closes", None) if "window" in fields else None
        self._reader.has_window = window is not None
        self._lets()
        for_each, condition, amount = (None, self._nothing(), None) if stub else self._content()
        sla = fields.fields("sla")
        clauses, texts = self._all_clauses(), self._texts()
        return Policy(
            id=self._id, start=start, end=end, title=terms.title_of(fields), provenance=self._provenance,
            level=fields.choice("level", LEVELS) or "city", region=fields.text("region", default=None),
            authority=fields.text("authority") or "", clauses=clauses, window=window,
            channel=Channel(fields.choice("channel", tuple(Channel)) or Channel.FAST), claim=terms.claim_terms(fields),
            for_each=for_each, condition=condition, amount=amount, pays_for=fields.text("pays_for", default=None),
            exclusive=terms.exclusive(fields), materials=terms.materials(fields), chain=terms.chain(fields),
            sla_days=terms.working_days(sla, "total", 10), notice_days=terms.working_days(sla, "notice", 5),
            notice_counts=bool(sla and sla.flag("notice_counts")), funding=terms.funding(fields),
            grants=self._grants(), payee=fields.choice("payee", PAYEES, default="applicant") or "applicant",
            needs_source=stub, accepts=terms.acceptances(fields), path=fields.node.at.path, texts=texts, hash=_digest(texts),
        )  # fmt: skip

    def read_every_part(self) -> None:
        """Read each part by itself, so that what is wrong in one does not hide what is wrong in the next."""
        self._reader.has_window = "window" in self._fields
        for part in (
            self._lets, self._for_each, self._region, self._inherited, self._own_condition, self._amount, self._grants,
        ):  # fmt: skip
            with suppress(Skip):  # its finding is recorded
                part()
        for read in (terms.claim_terms, terms.exclusive, terms.materials, terms.chain, terms.funding):
            with suppress(Skip):
                read(self._fields)

    # --- conditions and amount ---

    def _content(self) -> tuple[ForEach | None, Condition, Amount | None]:
        return self._for_each(), self._condition(), self._amount()

    def _nothing(self) -> Condition:
        """A version whose text is not at hand: it is known to apply, and decides nothing."""
        for key in ("for_each", "item_if", "eligible_if", "amount", "let", "inherits"):
            if key in self._fields:
                zh, en = f"needs_source 的政策不能写“{key}”", f"a policy that needs its source takes no {key!r}"
                self._fields.wrong(key, zh, en, code="P005")
        return Any(Mark(self._fields.node.at, "eligible"), ())

    def _lets(self) -> None:
        """Read every named value, used or not; a name that already means something else is refused."""
        catalogue = self._library.catalogue
        taken = {*catalogue.facts, *catalogue.derived, *DayName, "items"}
        for name, node in self._reader.lets.items():
            if name in taken:
                zh, en = f"名称已有含义:{name}", f"the name {name!r} already means something"
                self._findings.add("P003", zh, en, node.at, "choose another name")
            with suppress(Skip):  # its finding is recorded, and a policy with findings is not returned
                self._reader.named(name, node)

    def _condition(self) -> Condition:
        parts = [*self._region(), *self._inherited(), *self._own_condition()]
        return All(Mark(self._fields.node.at, "eligible"), tuple(parts))

    def _own_condition(self) -> tuple[Condition, ...]:
        node = self._fields.entries.get("eligible_if")
        if node is None:
            self._fields.wrong("eligible_if", "缺少“eligible_if”", "missing 'eligible_if'")
            raise Skip
        basis = tuple(self._own)[:1] if len(self._own) == 1 else ()
        own = self._reader.condition(node, Scope(manual=True, basis=basis))
        return own.of if isinstance(own, All) and own.mark.id is None else (own,)

    def _region(self) -> list[Condition]:
        region = self._fields.text("region", default=None)
        if region is None:
            return []
        fact = self._library.catalogue.facts["district_code"]
        value = Fact("district_code", None, fact.type, fact.span)
        mark = Mark(self._fields.entries["region"].at, "region", tuple(self._own)[:1])
        node = self._fields.entries["region"]
        inside = Mapped({"value": Scalar("district_code", node.at), "within": node}, {}, node.at)
        within = self._reader.condition(inside, Scope())
        if not isinstance(within, Within):
            raise Skip
        return [Within(mark, value, within.inside, (), within.prefixes, ())]

    def _inherited(self) -> list[Condition]:
        waived = self._waived()
        found: list[Condition] = []
        for name in self._fields.texts("inherits", required=False):
            shared = self._shared.get(name)
            if shared is None:
                hint = did_you_mean(name, self._shared)
                self._fields.wrong(
                    "inherits", f"没有这组通用条款:{name}", f"no such clauses: {name!r}", code="P007", hint=hint
                )
                continue
            found.extend(self._clauses_of(shared, waived))
        for name, node in waived.items():
            self._findings.add("P007", f"没有可豁免的条款:{name}", f"no inherited clause {name!r} to waive", node.at)
        return found

    def _clauses_of(self, shared: ClauseFile, waived: dict[str, Node]) -> list[Condition]:
        reader = Reader(self._library, self._findings, self._id, {}, frozenset(shared.clauses), None)
        reader.has_window, reader.inherited = self._reader.has_window, True
        found: list[Condition] = []
        for item in shared.node.items if isinstance(shared.node, Sequence) else ():
            name = Fields.of(item, self._findings).text("id") or ""
            if waived.pop(name, None) is None:
                with suppress(Skip):  # its finding is recorded, and a policy with findings is not returned
                    found.append(reader.condition(item, Scope(manual=True)))
        return found

    def _waived(self) -> dict[str, Node]:
        waived: dict[str, Node] = {}
        for entry in self._fields.list_of("waive"):
            entry.allow("clause", "basis")
            if (entry.text("basis") or "") not in self._own:
                entry.wrong("basis", "豁免需要依据", "a waiver names its basis", code="P007")
            waived[entry.text("clause") or ""] = entry.node
        return waived

    def _for_each(self) -> ForEach | None:
        each = self._fields.fields("for_each")
        if each is None:
            return None
        each.allow("in", "key", "claim")
        items = self._reader.items
        if items is None:
            known = self._library.catalogue.collections
            name = each.text("in") or ""
            each.wrong(
                "in",
                f"没有这个清单:{name}",
                f"no such collection: {name!r}",
                code="P007",
                hint=did_you_mean(name, known),
            )
            raise Skip
        key = each.choice("key", tuple(items.fields)) or ""
        together = each.choice("claim", ("each", "together")) == "together"
        node = self._fields.entries.get("item_if")
        inside = replace(Scope(path="item").inside(items), choosing=True)
        item_if = self._reader.condition(node, inside) if node is not None else None
        return ForEach(items.name, key, together, item_if)

    def _amount(self) -> Amount | None:
        fields = self._fields.fields("amount")
        if fields is None:
            return None
        rest = {key: node for key, node in fields.entries.items() if key not in ("rounding", "each")}
        if "rounding" not in fields:
            fields.wrong("rounding", "金额需要写明取整", "an amount names its rounding")
            raise Skip
        place = Place(self._reader, Scope(), Mark(fields.node.at), fields)
        step, mode = rounding(place, fields.entries["rounding"], _MONEY)
        if not isinstance(step, int):
            fields.wrong("rounding", "金额取整到整分", "an amount is rounded to whole 分", code="P006")
        if "each" not in fields:
            total = self._reader.value(Mapped(rest, fields.node.keys, fields.node.at), Scope())
            return Amount(None, self._money(total, fields.node), None, step, mode, fields.node.at)
        if self._reader.items is None:
            fields.wrong("each", "each 需要 for_each", "each needs for_each", code="P005")
            raise Skip
        Fields(Mapped(rest, fields.node.keys, fields.node.at), self._findings).allow("cap")
        each = self._reader.value(fields.entries["each"], Scope().inside(self._reader.items))
        cap = self._money(self._reader.value(rest["cap"], Scope()), rest["cap"]) if "cap" in rest else None
        return Amount(self._money(each, fields.entries["each"]), None, cap, step, mode, fields.node.at)

    def _money(self, value: Value, node: Node) -> Value:
        if value.type.unit != MONEY:
            self._findings.stop(
                "P006",
                f"金额的单位应为元,而不是{value.type.unit}",
                f"an amount is money, not {value.type.unit}",
                node.at,
            )
        return value

    def _grants(self) -> Grant | None:
        grants = self._fields.fields("grants")
        if grants is None:
            return None
        grants.allow("status", "until", "by")
        status = grants.choice("status", tuple(self._library.catalogue.status_names())) or ""
        by = grants.choice("by", tuple(GrantedBy), default=GrantedBy.CONDITIONS) or GrantedBy.CONDITIONS
        if "until" not in grants:
            grants.wrong("until", "缺少“until”", "missing 'until'")
            raise Skip
        until = self._reader.value(grants.entries["until"], Scope())
        if not isinstance(until, Day):
            known = ", ".join(DayName)
            grants.wrong("until", "应为日期名", "a named date is expected", code="P005", hint=f"one of {known}")
            raise Skip
        return Grant(status, until, GrantedBy(by))

    # --- what the hash covers ---

    def _all_clauses(self) -> dict[str, Clause]:
        found = dict(self._own)
        for name in self._fields.texts("inherits", required=False):
            found.update(self._shared[name].clauses if name in self._shared else {})
        return found

    def _texts(self) -> dict[str, str]:
        names = [name for name in self._fields.texts("inherits", required=False) if name in self._shared]
        return {self._id: self._text, **{name: self._shared[name].text for name in names}}


def _digest(texts: Mapping[str, str]) -> str:
    return hashlib.sha256(json.dumps(texts, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
