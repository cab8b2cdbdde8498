"""What is checked once more before money goes out."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from subsidy_match.claims.occasion import Occasion
from subsidy_match.claims.transition import Guard
from subsidy_match.errors import Conflict

__all__ = ["GUARDS"]


def _credit_clear(occasion: Occasion) -> None:
    standing = occasion.standing
    if standing is None or standing.clear is None:
        raise Conflict("credit_unknown", "无法核对信用名单,不能支付", "the credit lists could not be read")
    if not standing.clear:
        raise Conflict("credit_bad", f"信用核查未通过:{standing.zh}", f"the credit lists bar payment: {standing.en}")


GUARDS: Mapping[Guard, Callable[[Occasion], None]] = {
    Guard.CREDIT_CLEAR: _credit_clear,
}
