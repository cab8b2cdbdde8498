# ruff: noqa: RUF001 - full-width characters are what is written
"""A register of invented firms, and the ways in which lists write their names, each labelled with the firm that is meant.

Firms come in families that differ by one character, by trade or by legal form, as real registers have them. A spelling that
happens to be another firm's name is left out: nobody could tell whom it means. What is folded here is written down
independently of the product.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import cycle, islice, product
from random import Random

from profile_files import code

from subsidy_match.profiles.names import name_key
from subsidy_match.profiles.resolve import Given, Match, Open, Register, identify

EXACT = ("brackets", "blanks", "width", "invisible", "former")
SIMILAR = (
    "form",
    "look_alike",
    "lost",
    "doubled",
    "swapped",
    "rare",
    "unreadable",
    "place_dropped",
    "place_added",
    "branch",
)
NOBODY = ("other_trade", "other_mark", "elsewhere")
KINDS = (*EXACT, *SIMILAR, *NOBODY)
SHOWN = 5

_FIRST = "云澄禾岚沐砚松舟竹弘启昱朗卓赫凌骏腾衡泓"
_SECOND = "璟翊彧昶珩玥骐玘沄甯翮旻昉煜炀㬎喆堃"
_LOOKS = dict(
    zip("璟翊彧昶珩玥骐玘沄甯翮旻昉煜炀技装械材电智食贸", "憬翌或旭衍明琪纪云宁融雯访昱扬枝妆诫才申知石茂", strict=True)
)
_RARE = {"㬎": "显", "喆": "哲", "堃": "坤", "彧": "域", "甯": "宁"}
_TRADES = ("智能装备", "食品", "电子科技", "新材料", "商贸", "物流", "精密机械", "生物科技", "5G通信", "建筑工程")
_FORMS = ("有限公司", "有限责任公司", "股份有限公司")
_PLACES = ("淮安", "江苏", "淮安市", "江苏省", "涟水", "盱眙县", "洪泽", "")
_BRANCHES = ("分公司", "淮安分公司", "清江浦分公司", "第一分公司", "涟水县营业部", "(淮安)分公司")


@dataclass(frozen=True)
class Invented:
    """One firm: its code, the parts of its name, its full name and a former one."""

    uscc: str
    place: str
    mark: str
    trade: str
    form: str
    former: str = ""

    @property
    def name(self) -> str:
        if self.place == "()":
            return f"{self.mark}{self.trade}（淮安）{self.form}"
        return self.place + self.mark + self.trade + self.form


@dataclass(frozen=True)
class Variant:
    """One way to write a name; ``meant`` is the code of the firm, ``None`` where none of the registered firms is."""

    kind: str
    written: str
    meant: str | None


@dataclass
class Tally:
    """What became of the variants of one kind; the figures of candidates are of those that nobody has exactly."""

    variants: int = 0
    right: int = 0  # accepted, and rightly
    wrong: int = 0
    asked: int = 0  # open, and one of our firms is meant
    first: int = 0  # ... which is the first candidate
    among: int = 0  # ... which is among those shown
    shown: int = 0  # items with any candidate
    candidates: int = 0

    def __add__(self, other: Tally) -> Tally:
        return Tally(*(getattr(self, name) + getattr(other, name) for name in Tally.__dataclass_fields__))

    def rates(self) -> dict[str, float | int]:
        """Recall and precision of the first candidate and of all shown, as shares of 1."""
        return {
            "variants": self.variants,
            "accepted": self.right,
            "false_accepts": self.wrong,
            "recall_top1": _share(self.first, self.asked),
            "recall_top5": _share(self.among, self.asked),
            "precision_top1": _share(self.first, self.shown),
            "precision_top5": _share(self.among, self.candidates),
        }


@dataclass
class City:
    """The firms and everything that is one of their names."""

    firms: list[Invented]
    taken: set[str] = field(default_factory=set)

    def register(self) -> Register:
        made = Register()
        for firm in self.firms:
            made.add(firm.uscc, [firm.name, *([firm.former] if firm.former else [])])
        return made


def invent_city(firms: int, seed: int = 4) -> City:
    """Invent firms with distinct names; every third one was called something else before."""
    random = Random(seed)
    marks = ["".join(pair) for pair in product(_FIRST, _SECOND)]
    city = City([])
    while len(city.firms) < firms:
        place = random.choice((*_PLACES, "()"))
        firm = Invented(
            code(len(city.firms) + 1), place, random.choice(marks), random.choice(_TRADES), random.choice(_FORMS)
        )
        former = f"淮安{random.choice(marks)}{firm.trade}{firm.form}" if len(city.firms) % 3 == 0 else ""
        names = {folded(name) for name in (firm.name, former) if name}
        if not names & city.taken:
            city.taken |= names
            city.firms.append(Invented(firm.uscc, firm.place, firm.mark, firm.trade, firm.form, former))
    return city


def invent_variants(city: City, count: int, seed: int = 4) -> list[Variant]:
    """Write names in all kinds of ways, the kinds in turn, until there are ``count``."""
    random = Random(seed)
    return [_write(random, city, kind) for kind in islice(cycle(KINDS), count)]


def measure(register: Register, variants: Sequence[Variant]) -> dict[str, Tally]:
    """Resolve every variant as the import does and count, by kind."""
    tallies = {kind: Tally() for kind in KINDS}
    for variant in variants:
        result = identify(Given("science", "", name_key(variant.written)), register, {}, "")
        tallies[variant.kind] += _tally(variant, result)
    return tallies


def folded(name: str) -> str:
    """A name without what no register tells apart: width, blanks, invisible characters, kinds of brackets, case."""
    plain = "".join(
        c for c in unicodedata.normalize("NFKC", name) if not c.isspace() and unicodedata.category(c) != "Cf"
    )
    return plain.translate(str.maketrans("〔【[〕】]", "((()))")).upper()


def _tally(variant: Variant, result: Match | Open) -> Tally:
    if isinstance(result, Match):
        return Tally(1, right=int(result.uscc == variant.meant), wrong=int(result.uscc != variant.meant))
    shown = [candidate.uscc for candidate in result.candidates[:SHOWN]]
    return Tally(
        1,
        asked=int(variant.meant is not None),
        first=int(shown[:1] == [variant.meant]),
        among=int(variant.meant in shown),
        shown=int(bool(shown)),
        candidates=len(shown),
    )


def _write(random: Random, city: City, kind: str) -> Variant:
    """Draw firms until one can be written like that without becoming another one's name."""
    while True:
        firm = random.choice(city.firms)
        written = _WRITE[kind](random, firm)
        if written is None or written == firm.name:
            continue
        if (folded(written) in city.taken) == (kind in EXACT):
            return Variant(kind, written, None if kind in NOBODY else firm.uscc)


def _share(part: int, whole: int) -> float:
    return round(part / whole, 4) if whole else 0.0


def _brackets(random: Random, firm: Invented) -> str | None:
    left, right = random.choice(("()", "〔〕", "【】", "[]"))
    return firm.name.replace("（", left).replace("）", right) if "（" in firm.name else None


def _blanks(random: Random, firm: Invented) -> str:
    spot = random.randrange(1, len(firm.name))
    return f"{firm.name[:spot]}{random.choice((' ', '　', chr(9)))}{firm.name[spot:]}{random.choice(('', ' ', '　'))}"


def _width(_: Random, firm: Invented) -> str | None:
    return firm.name.replace("5G", "５ｇ") if "5G" in firm.name else None


def _invisible(random: Random, firm: Invented) -> str:
    spot = random.randrange(len(firm.name))
    return f"{firm.name[:spot]}{random.choice(chr(0x200B) + chr(0xFEFF))}{firm.name[spot:]}"


def _former(_: Random, firm: Invented) -> str | None:
    return firm.former or None


def _form(random: Random, firm: Invented) -> str:
    other = random.choice([form for form in (*_FORMS, "公司") if form != firm.form])
    return firm.name.removesuffix(firm.form) + other


def _look_alike(random: Random, firm: Invented) -> str | None:
    spots = [i for i, c in enumerate(firm.name) if c in _LOOKS]
    return _put(firm.name, random.choice(spots), _LOOKS) if spots else None


def _lost(random: Random, firm: Invented) -> str:
    spot = firm.name.index(firm.mark) + random.randrange(len(firm.mark + firm.trade))
    return firm.name[:spot] + firm.name[spot + 1 :]


def _doubled(random: Random, firm: Invented) -> str:
    spot = firm.name.index(firm.mark) + random.randrange(len(firm.mark + firm.trade))
    return firm.name[:spot] + firm.name[spot] + firm.name[spot:]


def _swapped(random: Random, firm: Invented) -> str:
    spot = firm.name.index(firm.mark) + random.randrange(len(firm.mark + firm.trade) - 1)
    return firm.name[:spot] + firm.name[spot + 1] + firm.name[spot] + firm.name[spot + 2 :]


def _rare(random: Random, firm: Invented) -> str | None:
    spots = [i for i, c in enumerate(firm.name) if c in _RARE]
    return _put(firm.name, random.choice(spots), _RARE) if spots else None


def _unreadable(random: Random, firm: Invented) -> str | None:
    return firm.name.replace(firm.mark[1], random.choice("?□*〓" + chr(0xE000))) if firm.mark[1] in _RARE else None


def _place_dropped(_: Random, firm: Invented) -> str | None:
    return firm.name.replace("（淮安）", "") if firm.place == "()" else firm.name.removeprefix(firm.place)


def _place_added(random: Random, firm: Invented) -> str:
    return random.choice([place for place in _PLACES if place and place != firm.place]) + firm.name


def _branch(random: Random, firm: Invented) -> str:
    return firm.name + random.choice(_BRANCHES)


def _other_trade(random: Random, firm: Invented) -> str:
    return f"{firm.place.strip('()')}{firm.mark}{random.choice(('餐饮管理', '汽车销售', '环保工程', '检测技术'))}{firm.form}"


def _other_mark(random: Random, firm: Invented) -> str:
    return f"{firm.place.strip('()')}{''.join(random.sample('岳峻霁棠桐楠榕柏梓沛渝澜', 2))}{firm.trade}{firm.form}"


def _elsewhere(random: Random, firm: Invented) -> str:
    return f"{random.choice(('宿迁', '无锡', '盐城市', '徐州'))}{firm.mark}{firm.trade}{firm.form}"


def _put(name: str, spot: int, table: dict[str, str]) -> str:
    return name[:spot] + table[name[spot]] + name[spot + 1 :]


_WRITE: dict[str, Callable[[Random, Invented], str | None]] = {
    "brackets": _brackets, "blanks": _blanks, "width": _width, "invisible": _invisible, "former": _former, "form": _form,
    "look_alike": _look_alike, "lost": _lost, "doubled": _doubled, "swapped": _swapped, "rare": _rare,
    "unreadable": _unreadable, "place_dropped": _place_dropped, "place_added": _place_added, "branch": _branch,
    "other_trade": _other_trade, "other_mark": _other_mark, "elsewhere": _elsewhere,
}  # fmt: skip
