"""Invented firm names, and the slips of the pen that department lists make in them.

A trade name is one character of ``FIRST`` and one of ``SECOND``. The second list holds unusual characters on purpose: such
pairs read like names and are easily seen to be invented.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from itertools import product
from random import Random

from .trades import Trade

__all__ = ["RARE", "SECOND", "Names", "key_of", "look_alike", "swap_suffix"]

FIRST = "云澄禾岚沐砚松舟竹弘启昱朗卓赫凌骏腾衡泓溪岳峻霁棠桐楠榕柏梓沛渝澜湛涵淳清瀚诺恺怀景望远归川丰瑞祥和嘉润泽宏森灏曜曦祺煦晟骁"
SECOND = "璟翊彧昶珩玥骐骥玘沄甯翮旻昉煜炀焱堇琛琮璋珏瑄玮瑾琰璞珺翎翀翰铄锴钧铭钰鑫铠镕潼泷湉沅汭淏澍弈奕屹峤岑峥崟嵘"
RARE = "㬎喆堃"  # 㬎 is not in GBK, only in GB18030

_LOOKS = dict(
    zip(
        "璟翊彧昶珩玥骐骥玘沄甯翮旻昉煜炀焱堇琛琮璋珏瑄玮瑾琰璞珺翎翀翰铄锴钧铭钰鑫铠镕潼泷湉沅汭淏澍弈奕屹峤岑峥崟嵘",
        "憬翌或旭衍明琪冀纪云宁融雯访昱扬炎谨深宗章钰宣伟谨淡朴君玲冲瀚烁楷均名玉金凯熔童龙恬元芮浩树奕弈乞桥芩睁金荣",
        strict=True,
    )
)
_TRADE_LOOKS = dict(
    zip("技装械材电智食贸机子信科药物服酒塑钢模", "枝妆诫才申知石茂积仔讯课约务报洒朔刚膜", strict=True)
)


def key_of(name: str) -> str:
    """Fold the harmless differences of a name away: width, blanks, brackets, 有限责任公司."""
    plain = "".join(unicodedata.normalize("NFKC", name).split())
    return plain.replace("有限责任公司", "有限公司").replace("(", "").replace(")", "")


def swap_suffix(name: str) -> str:
    """Write 有限公司 for 有限责任公司 and the other way round."""
    if "有限责任公司" in name:
        return name.replace("有限责任公司", "有限公司")
    return name.replace("有限公司", "有限责任公司")


def look_alike(random: Random, name: str) -> str:
    """Return the name off by a character: a look-alike, a lost one, or two swapped."""
    spots = [i for i, c in enumerate(name) if c in _LOOKS or c in _TRADE_LOOKS]
    if not spots:
        return name.replace("公司", "公")
    spot = random.choice(spots)
    match random.randrange(4):
        case 0:
            return name[:spot] + name[spot + 1 :]
        case 1 if spot + 1 < len(name):
            return name[:spot] + name[spot + 1] + name[spot] + name[spot + 2 :]
        case _:
            swap = _LOOKS.get(name[spot]) or _TRADE_LOOKS[name[spot]]
            return name[:spot] + swap + name[spot + 1 :]


class Names:
    """Gives out names no two of which are the same after folding."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._words = self._all_words()
        next(self._words)

    def word(self, *, rare: bool = False) -> str:
        """Return the next unused trade name."""
        word = next(self._words)
        return word[:-1] + self._random.choice(RARE) if rare else word

    def company(self, trade: Trade, place: str, *, suffix: str = "有限公司", word: str | None = None) -> str:
        """Return a company name of one of the usual shapes."""
        word = word or self.word()
        line = self._random.choice(trade.words)
        if self._random.random() < 0.012:
            line = self._random.choice(("3D打印", "5G通信", "AI视觉")) + line
        if self._random.random() < 0.05:
            return f"{self._random.choice(('江苏', ''))}{word}{line}（淮安）{suffix}"
        return f"{place}{word}{line}{suffix}"

    def _all_words(self) -> Iterator[str]:
        yield "云璟"  # kept for the demo firm
        pairs = [a + b for a, b in product(FIRST, SECOND) if a + b != "云璟"]
        self._random.shuffle(pairs)
        yield from pairs
        for shift in range(len(SECOND)):
            yield from (pair + SECOND[(i + shift) % len(SECOND)] for i, pair in enumerate(pairs))
