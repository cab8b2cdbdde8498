"""What commands share: settings, the clock of the edge, the platform."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime

import typer
from pydantic import ValidationError
from pydantic_settings import SettingsError

from subsidy_match.errors import InputError
from subsidy_match.platform import Platform
from subsidy_match.settings import Settings

__all__ = ["AS_OF", "JSON", "LANG", "business_today", "day", "decider", "fen_of", "now", "platform", "settings"]

AS_OF = typer.Option("--as-of", help="评价日 / day of evaluation, YYYY-MM-DD (default: today)")
JSON = typer.Option("--json", help="输出 JSON / print JSON")
LANG = typer.Option("--lang", help="语言 / language: zh | en")


def settings() -> Settings:
    """Settings from the environment.

    Raises:
        InputError: ``settings_invalid``, naming every variable that is not what it should be, never what it says.
    """
    try:
        return Settings()
    except (ValidationError, SettingsError) as error:
        raise InputError("settings_invalid", "环境变量有误", "a setting is not valid", hint=_wrong(error)) from None


def _wrong(error: ValidationError | SettingsError) -> str:
    if isinstance(error, SettingsError):  # a value that should be JSON; the text names the field
        return str(error)
    return "; ".join(f"SUBSIDY_{'.'.join(map(str, one['loc'])).upper()}: {one['msg']}" for one in error.errors())


def now() -> datetime:
    """The one clock: read at the edge, passed in everywhere else."""
    return datetime.now(UTC)


def day(text: str | None) -> date:
    """The day given, or today in China.

    Raises:
        InputError: not a date.
    """
    if text is None:
        return business_today()
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InputError("bad_date", f"不是日期:{text}", f"not a date: {text}", hint="YYYY-MM-DD") from None


def fen_of(text: str) -> int:
    """An amount in yuan as 分, exactly.

    Raises:
        InputError: not an amount.
    """
    whole, _, cents = text.strip().replace(",", "").partition(".")
    if not (text.isascii() and whole.isdecimal() and len(cents) <= 2 and (not cents or cents.isdecimal())):
        zh, en = f"金额有误:{text}", f"not an amount in yuan: {text}"
        raise InputError("amount_unreadable", zh, en, hint="1000000 | 1000000.50")
    return int(whole) * 100 + int(cents.ljust(2, "0"))


def business_today() -> date:
    """Today as the offices count it (UTC+8)."""
    from subsidy_match.claims.clock import business_day

    return business_day(now())


def decider(by: str | None) -> str:
    """Who decides: whatever is kept says so.

    Raises:
        InputError: nobody is named.
    """
    if not by or not by.strip():
        raise InputError("profiles.by", "请用 --by 写明由谁决定", "say who decides with --by")
    return by


@contextmanager
def platform() -> Iterator[Platform]:
    """The wired platform, closed at the end."""
    wired = Platform(settings())
    try:
        yield wired
    finally:
        wired.close()
