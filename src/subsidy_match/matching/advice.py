"""The advice which claims to file, in words and as plain data: the same for the API and the command line."""

from __future__ import annotations

from typing import Any, assert_never

from subsidy_match.matching.options import MOST, AtMost, Cap, Cause, Choice, Constraint, Difference, Loss, Use
from subsidy_match.matching.stacking import Advice
from subsidy_match.money import yuan_text

__all__ = ["IRREVOCABLE", "advice_report", "cause_text", "loss_text", "option_text", "pay_text", "rule_text", "span"]

IRREVOCABLE = (
    "由企业自主选择;一经受理不再调整,请先比较再申报",
    "The choice is the firm's; it cannot be changed once a claim is accepted, so compare before filing",
)
_SHOWN = 3
_PER = {"year": ("{}年度", "in {}"), "policy": ("政策{}", "of policy {}"), "item_key": ("标的{}", "for item {}")}


def option_text(advice: Advice, id_: str, lang: str) -> str:
    """The title of the option's policy, and its subject."""
    match = advice.matches[id_]
    return match.policy.title.say(lang) + (f" · {match.subject}" if match.subject else "")


def pay_text(amount: int, possible: int, lang: str) -> str:
    """What is paid: one amount, from–to, or at least."""
    low = yuan_text(amount, lang=lang)
    if amount == possible:
        return low
    if possible >= MOST:
        return f"{low}起" if lang == "zh" else f"from {low}"
    return f"{low}–{yuan_text(possible, lang=lang)}"


def rule_text(rule: Constraint, lang: str) -> str:
    """A rule in words."""
    zh = lang == "zh"
    match rule:
        case AtMost(group=group, per=per, scope=scope, limit=limit):
            where = _PER[per][0 if zh else 1].format(scope) if per else ("不分年度" if zh else "ever")
            return f"{group}:{where}最多{limit}项" if zh else f"{group}: at most {limit} {where}"
        case Cap(group=group, scope=scope, limit=limit):
            most = yuan_text(limit, lang=lang)
            return f"{group}:{scope}年度合计不超过{most}" if zh else f"{group}: at most {most} together in {scope}"
        case Difference(group=group):
            return f"{group}:只补差额" if zh else f"{group}: only the difference is paid"
        case _:
            assert_never(rule)


def cause_text(advice: Advice, cause: Cause, lang: str) -> str:
    """One reason why an option lost, with what it lost to."""
    zh = lang == "zh"
    names = [option_text(advice, id_, lang) for id_ in cause.winners]
    names += [_use_text(use, lang) for use in cause.rule.used]
    to = ("、" if zh else ", ").join(names)
    rule = rule_text(cause.rule, lang)
    if not to:
        return rule
    return f"{rule}(已有{to})" if zh else f"{rule} (taken by {to})"


def loss_text(advice: Advice, loss: Loss, lang: str) -> str:
    """Why an option is not chosen."""
    said = [cause_text(advice, cause, lang) for cause in loss.causes[:_SHOWN]]
    if (more := len(loss.causes) - _SHOWN) > 0:
        said.append(f"另{more}条" if lang == "zh" else f"{more} more")
    return (";" if lang == "zh" else "; ").join(said)


def advice_report(advice: Advice) -> dict[str, Any]:
    """The advice as plain data; money in 分, an amount without upper bound has ``max`` null."""
    solution = advice.solution
    return {
        "as_of": advice.as_of.isoformat(),
        "certain": advice.certain,
        "note": {"zh": IRREVOCABLE[0], "en": IRREVOCABLE[1]},
        "chosen": _choice(advice, solution.chosen),
        "alternatives": [
            {**_choice(advice, other), "less": solution.chosen.total - other.total} for other in solution.alternatives
        ],
        "not_chosen": [_loss(advice, loss) for loss in solution.losses],
        "could_change": [
            {
                **_named(advice, found.option.id),
                "amount": span(found.option.amount, found.option.possible),
                "contested": found.is_contested,
                "displaces": list(found.displaces),
            }
            for found in advice.open
        ],
        "left_out": [
            {**_named(advice, left.option.id), "why": left.bar.value, "claim": left.ref or None}
            for left in advice.left_out
        ],
        "doubts": [{"code": doubt.code, "zh": doubt.zh, "en": doubt.en} for doubt in advice.doubts],
    }


def _choice(advice: Advice, choice: Choice) -> dict[str, Any]:
    claims = [{**_named(advice, p.option), "amount": span(p.amount, p.possible)} for p in choice.payouts]
    return {"total": span(choice.total, choice.possible), "claims": claims}


def _loss(advice: Advice, loss: Loss) -> dict[str, Any]:
    causes = [
        {
            "group": cause.rule.group,
            "form": _form(cause.rule),
            "rule": {lang: rule_text(cause.rule, lang) for lang in ("zh", "en")},
            "winners": list(cause.winners),
            "used": [
                {"ref": use.ref, "policy_id": use.policy_id, "amount": use.amount, "from": use.origin.value}
                for use in cause.rule.used
            ],
        }
        for cause in loss.causes
    ]
    return {**_named(advice, loss.option), "cost": loss.cost, "causes": causes}


def _form(rule: Constraint) -> str:
    match rule:
        case AtMost():
            return "at_most"
        case Cap():
            return "cap"
        case Difference():
            return "paid_under"
        case _:
            assert_never(rule)


def _named(advice: Advice, id_: str) -> dict[str, Any]:
    match = advice.matches[id_]
    return {
        "option": id_,
        "policy_id": match.policy.id,
        "policy_version": match.policy.start.isoformat(),
        "policy_hash": match.policy.hash,
        "title": {"zh": match.policy.title.zh, "en": match.policy.title.en},
        "subject": match.subject,
        "period": match.period.id,
        "verdict": match.verdict.value,
    }


def span(amount: int, possible: int) -> dict[str, int | None]:
    """Bounds in 分; ``max`` is null where nothing bounds it."""
    return {"min": amount, "max": None if possible >= MOST else possible}


def _use_text(use: Use, lang: str) -> str:
    kinds = {"history": ("已拨付", "paid"), "pending": ("在办申报", "claim in hand")}
    amount = f" {yuan_text(use.amount, lang=lang)}" if use.amount is not None else ""
    return f"{kinds[use.origin.value][0 if lang == 'zh' else 1]} {use.ref}{amount}"
