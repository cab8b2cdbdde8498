"""What is to be done about money that the bank paid late, by where the claim stands by now."""

from __future__ import annotations

from subsidy_match.claims.states import FINAL, OCCUPYING, State

__all__ = ["advice_for", "holds_no_money"]

_GONE = (
    "已付一次而该件已不占用资金:先在资金池留出同等金额,再由企业退还,处理情况写入备注,不加--paid;可复议的,复议恢复为待兑付后可登记到账",
    "it was paid once and the claim holds no money any more: keep as much in the fund, have the firm give it back, and "
    "write that as the note, without --paid; where an appeal revives the claim, record it once that is payable",
)
_AGAIN = (
    "正在另行支付:尚未发送的请撤销该批次,已付两次的由企业退还多付的一笔",
    "it is being paid anew: cancel that batch if it was not sent, and have what is paid twice given back",
)
_TWICE = (
    "该件已另行付清:重复支付的一笔由企业退还",
    "the claim was paid by another payment: what was paid twice is to be asked back from the firm",
)
_EARLY = (
    "待该件恢复为待兑付后再登记到账,在此之前答复保持待查",
    "leave the answer open until the claim is payable again, then record the payment",
)


def holds_no_money(state: State) -> bool:
    """Whether a claim has given its money up: what the bank paid of it stands in no fund."""
    return state not in OCCUPYING


def advice_for(state: State) -> tuple[str, str]:
    """What to do where a late payment cannot be recorded, for the claim is in ``state``; Chinese and English."""
    if holds_no_money(state):
        return _GONE
    if state is State.IN_PAYMENT:
        return _AGAIN
    return _TWICE if state in FINAL | {State.PAID, State.RECOVERING} else _EARLY
