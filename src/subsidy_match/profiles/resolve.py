"""Which firm a row means: by its code, by an id of before 2015, by its exact name, by a former name — or by a person.

Nothing that is only similar is ever accepted: money goes by the match. Whatever is open goes to the review queue with scored
candidates, and a candidate is *disputed* for that list, so that "no row" does not come to mean "none" for it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from rapidfuzz import process
from rapidfuzz.distance import OSA

from subsidy_match.profiles.decisions import Decision
from subsidy_match.profiles.name_index import NameIndex
from subsidy_match.profiles.names import firm_of_branch, name_core, name_key, similar_names
from subsidy_match.profiles.problems import Problem
from subsidy_match.profiles.uscc import Grade, check_uscc, is_organisation_code

__all__ = ["Candidate", "Given", "Match", "Open", "Register", "identify"]

_NO_IDENTITY = Problem("identity.missing", "既无统一社会信用代码也无名称", "neither a code nor a name")
_NOT_REGISTERED = Problem(
    "identity.not_registered", "代码不在企业登记信息中", "the code is not in the register of firms"
)
_UNKNOWN_NAME = Problem("identity.unknown_name", "登记信息中没有此名称", "no registered firm has this name")
_BROKEN_ENTRY = Problem(
    "identity.broken_entry", "登记信息中有此名称,但代码有误", "the register has this name, but under a broken code"
)
_SHARED_NAME = Problem("identity.shared_name", "此名称属于不止一家企业", "more than one firm has or had this name")
_SHARED_ID = Problem("identity.shared_id", "此旧代码属于不止一家企业", "more than one firm has this old id")
_DISAGREE = Problem("identity.disagree", "代码与名称分属不同企业", "the code is one firm's and the name another's")
_OTHER_NAME = Problem(
    "identity.other_name",
    "旧代码属于一家企业,但旁边的名称不是其现名或曾用名",
    "the old id is one firm's, but the name beside it is none of its names",
)
_REFUSED = Problem("identity.refused", "经核对不是登记在册的企业", "decided: none of the registered firms")
_GRADES = {
    Grade.FORMAT: Problem("uscc.format", "统一社会信用代码格式不对", "the code has the wrong format"),
    Grade.CHARSET: Problem(
        "uscc.charset", "统一社会信用代码含不允许的字符", "the code has a character that codes never have"
    ),
    Grade.ORGANISATION: Problem(
        "uscc.organisation", "主体标识码校验位不符", "the organisation check character is wrong"
    ),
    Grade.CHECK: Problem("uscc.check", "统一社会信用代码校验位不符", "the check character of the code is wrong"),
}
_EXPONENT = Problem(
    "uscc.scientific", "代码被存成数字,末几位已丢失", "the code was stored as a number and lost its last characters"
)
_SCIENTIFIC = re.compile(r"\d(\.\d+)?E\+?\d+")
_ORGANISATION = slice(8, 17)  # where a credit code holds the organisation code
_EXACT = 100
_SLIPS = 2


@dataclass(frozen=True, slots=True)
class Given:
    """An identity as a department wrote it: normalised code and name key, either may be empty."""

    department: str
    uscc: str
    name_key: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """A firm that an open row may mean, with a score from 0 to 100."""

    uscc: str
    score: int


@dataclass(frozen=True, slots=True)
class Match:
    """The row is this firm's."""

    uscc: str


@dataclass(frozen=True, slots=True)
class Open:
    """Nobody can say whose the row is; with candidates it waits for a person."""

    problem: Problem
    candidates: tuple[Candidate, ...] = ()


@dataclass(slots=True)
class Register:
    """The firms that exist: codes, every name they have or had, and the ids they had before 2015 (``other_ids``).

    ``accepted_codes`` are codes in use whose check character is wrong; ``broken`` are the names of entries whose code is
    broken, so that nobody takes such a firm for one with the same name, or with a similar one.
    """

    codes: set[str] = field(default_factory=set)
    owners: dict[str, set[str]] = field(default_factory=dict)
    accepted_codes: frozenset[str] = frozenset()
    broken: set[str] = field(default_factory=set)
    other_ids: dict[str, set[str]] = field(default_factory=dict)
    _organisations: dict[str, set[str]] = field(default_factory=dict)
    _cores: dict[str, str] = field(default_factory=dict)
    _index: NameIndex | None = None
    _similar: dict[str, tuple[Candidate, ...]] = field(default_factory=dict)

    def add(self, uscc: str, names: Iterable[str], other_ids: Iterable[str] = ()) -> None:
        """Enter a firm under its names, old ones too, and under its ids of before 2015."""
        self.codes.add(uscc)
        self._organisations.clear()
        self._index = None
        for other in other_ids:
            self.other_ids.setdefault(other, set()).add(uscc)
        for name in filter(None, map(name_key, names)):
            self.owners.setdefault(name, set()).add(uscc)
            self._cores.setdefault(name, name_core(name))

    def grade(self, uscc: str) -> Grade:
        """The grade of a code, overrides counted as valid."""
        return Grade.VALID if uscc in self.accepted_codes else check_uscc(uscc).grade

    def holders(self, other_id: str) -> set[str]:
        """The firms that have an id of before 2015, exactly.

        The organisation code is a part of every credit code, so a valid one needs no column in the register. A tax number of
        15 digits holds one too, but so do other numbers of 15 digits by chance: those count only where the register says so.
        """
        holders = self.other_ids.get(other_id, set())
        if is_organisation_code(other_id):
            return holders | self._by_organisation().get(other_id, set())
        return holders

    def _by_organisation(self) -> Mapping[str, set[str]]:
        if not self._organisations:
            for uscc in self.codes:
                self._organisations.setdefault(uscc[_ORGANISATION], set()).add(uscc)
        return self._organisations

    def similar(self, key: str) -> tuple[Candidate, ...]:
        """Firms whose name is like a name that nobody has."""
        if not key or key in self.broken:
            return ()
        if key not in self._similar:
            best: dict[str, int] = {}
            for name, score in similar_names(key, self.name_index().near(name_core(firm_of_branch(key)))):
                for uscc in self.owners_of(name):
                    best[uscc] = max(score, best.get(uscc, 0))
            self._similar[key] = _ranked(best)
        return self._similar[key]

    def mistyped(self, code: str) -> tuple[Candidate, ...]:
        """Firms whose code is two slips of the hand or less from a broken one."""
        near = process.extract(code, self.known_codes(), scorer=OSA.distance, score_cutoff=_SLIPS, limit=5)
        return _ranked({uscc: _EXACT - 5 * round(distance) for uscc, distance, _ in near})

    def known_codes(self) -> Sequence[str]:
        """All codes, in order."""
        return sorted(self.codes)

    def name_index(self) -> NameIndex:
        """All names by what tells them apart."""
        if self._index is None:
            self._index = NameIndex.of(self._cores)
        return self._index

    def owners_of(self, key: str) -> set[str]:
        """The firms that have or had a name."""
        return self.owners.get(key, set())


def identify(given: Given, register: Register, decisions: Mapping[str, Decision], review_id: str) -> Match | Open:
    """Decide one identity.

    Args:
        given: the identity as written.
        register: the firms that exist.
        decisions: what people decided, by review id.
        review_id: the id under which this identity would be decided.
    """
    decision = decisions.get(review_id)
    if decision is not None and (decision.firm is None or decision.firm in register.codes):
        return Match(decision.firm) if decision.firm else Open(_REFUSED)
    if given.uscc:
        return _by_code(given, register)
    return _by_name(given, register) if given.name_key else Open(_NO_IDENTITY)


def _by_code(given: Given, register: Register) -> Match | Open:
    owners = register.owners.get(given.name_key, set())
    grade = register.grade(given.uscc)
    if grade is Grade.FORMAT and (holders := register.holders(given.uscc)):
        return _by_old_id(holders, owners, named=bool(given.name_key))
    if grade is not Grade.VALID:
        problem = _EXPONENT if _SCIENTIFIC.fullmatch(given.uscc) else _GRADES[grade]
        return Open(problem, _near(given, register, owners))
    if given.uscc not in register.codes:
        return Open(_NOT_REGISTERED, _exact(owners))
    if owners and given.uscc not in owners:
        return Open(_DISAGREE, _exact({given.uscc, *owners}))
    return Match(given.uscc)


def _by_old_id(holders: set[str], owners: set[str], *, named: bool) -> Match | Open:
    """The one firm that has the id, unless the name beside it is none of that firm's: old ids were written by hand for years."""
    if len(holders) > 1:
        return Open(_SHARED_ID, _exact(holders))
    if named and not holders & owners:
        return Open(_DISAGREE if owners else _OTHER_NAME, _exact(holders | owners))
    return Match(next(iter(holders)))


def _by_name(given: Given, register: Register) -> Match | Open:
    owners = register.owners.get(given.name_key, set())
    broken = given.name_key in register.broken
    if len(owners) == 1 and not broken:
        return Match(next(iter(owners)))
    if owners:  # an entry under a broken code may be another firm of that name
        return Open(_SHARED_NAME, _exact(owners))
    if broken:
        return Open(_BROKEN_ENTRY)
    return Open(_UNKNOWN_NAME, register.similar(given.name_key))


def _near(given: Given, register: Register, owners: set[str]) -> tuple[Candidate, ...]:
    suggestion = check_uscc(given.uscc).suggestion
    if likely := {*owners, *({suggestion} & register.codes if suggestion else ())}:
        return _exact(likely)
    return _ranked({c.uscc: c.score for c in (*register.mistyped(given.uscc), *register.similar(given.name_key))})


def _exact(usccs: Iterable[str]) -> tuple[Candidate, ...]:
    return _ranked({uscc: _EXACT for uscc in usccs})


def _ranked(scores: Mapping[str, int]) -> tuple[Candidate, ...]:
    order = sorted(scores.items(), key=lambda pair: (-pair[1], pair[0]))
    return tuple(Candidate(uscc, score) for uscc, score in order)
