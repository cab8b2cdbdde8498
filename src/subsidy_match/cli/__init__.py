"""The command line: ``subsidy-match``. Exit codes: 0 ok, 1 findings or some rows failed, 2 could not run."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from functools import cache

import typer
from sqlalchemy.exc import DatabaseError, OperationalError
from typer.core import TyperGroup

from subsidy_match import __version__
from subsidy_match.cli import (
    allocations,
    audit,
    authorisations,
    backups,
    calendar,
    claims,
    delegations,
    funds,
    handling,
    interests,
    matching,
    notices,
    outbox,
    payouts,
    policies,
    policy_tests,
    profiles,
    push,
    recoveries,
    system,
    users,
    year_end,
)
from subsidy_match.cli.checkup import checkup
from subsidy_match.cli.demo import demo
from subsidy_match.cli.evidence import evidence, replay
from subsidy_match.cli.impact import impact
from subsidy_match.cli.output import note, print_error, print_text
from subsidy_match.cli.stacking import stack
from subsidy_match.cli.sweeping import run_sweep
from subsidy_match.errors import AuthorError, RetryableError, SubsidyError

__all__ = ["app", "main"]

_LONGEST = 120

app = typer.Typer(
    name="subsidy-match",
    help="惠企政策精准匹配、主动推送、安全兑付 / Match subsidies to enterprises, tell them first, pay safely.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
policies.app.command()(impact)
policies.app.command("test")(policy_tests.run_tests)
claims.app.command()(evidence)
claims.app.command()(replay)
system.database.command("backup")(backups.back_up)
system.database.command("restore")(backups.put_back)
claims.app.add_typer(recoveries.app, name="recover")
claims.app.command("sweep")(run_sweep)
claims.app.add_typer(handling.app, name="rules")
funds.app.command()(year_end.closings)
funds.app.command()(year_end.rehome)
users.app.add_typer(interests.app, name="interests")
users.app.add_typer(authorisations.app, name="authorisations")
users.app.add_typer(delegations.app, name="delegations")
_GROUPS = (
    ("policies", policies.app),
    ("profiles", profiles.app),
    ("match", matching.app),
    ("push", push.app),
    ("claims", claims.app),
    ("funds", funds.app),
    ("notices", notices.app),
    ("allocations", allocations.app),
    ("payouts", payouts.app),
    ("calendar", calendar.app),
    ("audit", audit.app),
    ("outbox", outbox.app),
    ("users", users.app),
    ("db", system.database),
)
for _name, _group in _GROUPS:
    app.add_typer(_group, name=_name)
app.command()(system.serve)
app.command()(system.doctor)
app.command()(demo)
app.command()(stack)
app.command()(checkup)


@app.command()
def version() -> None:
    """版本 / Version."""
    print_text(__version__)


@cache
def _command() -> TyperGroup:
    """All commands, put together once however many are run."""
    return typer.main.get_group(app)


def _trouble(error: OSError | DatabaseError) -> str:
    """A line about a disk or a store that cannot be used."""
    if isinstance(error, DatabaseError):
        if type(error) not in (DatabaseError, OperationalError):
            raise error  # a mistake of ours, such as a value that no column takes
        said = str(error.orig).strip().splitlines() or [""]
        return f"数据库无法使用 / the store cannot be used: {said[0][:_LONGEST]}"
    name = error.filename if isinstance(error.filename, str) else ""
    shown = name if len(name) <= _LONGEST else name[:_LONGEST] + "…"
    return f"{shown}: {error.strerror or error} / 文件系统错误".removeprefix(": ")


def main(words: Sequence[str] | None = None) -> None:
    """Run a command and turn errors into sentences and exit codes.

    Args:
        words: the command; that of the process unless given.
    """
    try:
        "\0".join(sys.argv if words is None else words).encode()
    except UnicodeEncodeError:
        note("参数不是 UTF-8 文字 / an argument is not UTF-8 text")
        sys.exit(2)
    try:
        sys.exit(_command()(args=words, standalone_mode=False) or 0)  # what a command exits with is returned here
    except AuthorError as error:
        print_error(error)
        sys.exit(1)
    except SubsidyError as error:
        print_error(error)
        if isinstance(error, RetryableError):
            note("稍后重试 / try again later")
        sys.exit(2)
    except (OSError, DatabaseError) as error:
        note(_trouble(error))
        sys.exit(2)
    except typer.Exit as error:
        sys.exit(error.exit_code)
    except typer.Abort:
        sys.exit(2)
    except Exception as error:
        if not hasattr(error, "format_message"):  # a usage error of the command line has one
            raise
        note(f"命令有误 / {error.format_message()}  (--help)")
        sys.exit(2)
