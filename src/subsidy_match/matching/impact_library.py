"""The library of policies with one file put in: what would be in force if the author published it."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from subsidy_match.errors import AuthorError, Finding, InputError, Location
from subsidy_match.rules.library import load_policies, policy_files
from subsidy_match.rules.policy import Policy, PolicySet
from subsidy_match.rules.source import Mapped, Node, Scalar, parse_yaml, read_text
from subsidy_match.units import LiteralError, parse_date

__all__ = ["Draft", "load_draft"]


@dataclass(frozen=True, slots=True)
class Draft:
    """The set with the file put in, the policy of the file, and the files of the library that it took the place of."""

    policies: PolicySet
    policy: Policy
    replaced: tuple[str, ...]


def load_draft(path: Path, folder: Path) -> Draft:
    """Read a policy file within the library of ``folder``, which is not touched.

    The file takes the place of the file of its name, and of the versions of its policy that are in force in its time.

    Raises:
        InputError: there is no such file or folder, or it is not a policy file.
        AuthorError: with all findings of all files, those of the draft at ``path``.
    """
    if not (folder / "facts.yml").is_file():
        load_policies(folder)  # says what is missing
    _check_is_policy(path, folder)
    with tempfile.TemporaryDirectory(prefix="subsidy-impact-") as scratch:
        staged = Path(scratch) / folder.resolve().name
        _copy(folder, staged)
        target = _place(path, folder, staged)
        replaced = tuple(_clear(path, staged, target))
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
        name = str(target.relative_to(staged.parent))
        try:
            policies = load_policies(staged)
        except AuthorError as error:
            raise _at_home(error, name, path) from None
    policy = next(policy for policy in policies.policies if policy.path == name)
    return Draft(policies, policy, tuple(old for old in replaced if old != str(target.relative_to(staged))))


def _check_is_policy(path: Path, folder: Path) -> None:
    if not path.is_file():
        zh, en = f"没有这个文件:{path}", f"no such file: {path}"
        raise InputError("no_policy_file", zh, en, Location(str(path)))
    real, root = path.resolve(), folder.resolve()
    is_other = real.is_relative_to(root) and real not in policy_files(root)  # a clause, a parameter
    if is_other or path.suffix != ".yml" or path.name.endswith(".cases.yml") or path.name == "facts.yml":
        zh, en = "这不是政策文件", "this is not a policy file"
        raise InputError("no_policy_file", zh, en, Location(str(path)), "<id>@<YYYY-MM-DD>.yml")


def _copy(folder: Path, staged: Path) -> None:
    for found in sorted(folder.rglob("*")):
        if found.suffix in (".yml", ".yaml") and found.is_file() and not found.name.endswith(".cases.yml"):
            target = staged / found.relative_to(folder)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(found, target)


def _place(path: Path, folder: Path, staged: Path) -> Path:
    """Where the file goes: its own place, that of its name, that of other versions, or the top."""
    real, root = path.resolve(), folder.resolve()
    if real.is_relative_to(root):
        return staged / real.relative_to(root)
    files = policy_files(staged)
    same = [found for found in files if found.name == path.name]
    versions = [found for found in files if found.name.startswith(path.name.partition("@")[0] + "@")]
    return same[0] if same else (versions[0].parent if versions else staged) / path.name


def _clear(path: Path, staged: Path, target: Path) -> Iterator[str]:
    """Take out what the file replaces; a file that cannot be read takes out nothing and has its findings."""
    mine = _term(path)
    for found in policy_files(staged):
        other = _term(found) if mine else None
        overlaps = mine and other and mine[0] == other[0] and mine[1] <= other[2] and other[1] <= mine[2]
        if found == target or overlaps:
            found.unlink()
            yield str(found.relative_to(staged))


def _term(path: Path) -> tuple[str, date, date] | None:
    """The id of a policy file and the first and last day on which it is in force, as far as they can be read."""
    try:
        node = parse_yaml(read_text(path, str(path)), str(path))
    except AuthorError:
        return None
    match node:
        case Mapped(entries={"id": Scalar(text=name), "effective": Mapped(entries=effective)}):
            start, end = _day(effective.get("from"), date.max), _day(effective.get("to"), date.max)
            return name, start, end
        case _:
            return None


def _day(node: Node | None, default: date) -> date:
    try:
        return parse_date(node.text) if isinstance(node, Scalar) else default
    except LiteralError:
        return default


def _at_home(error: AuthorError, name: str, path: Path) -> AuthorError:
    """The same error with the place of the draft as its author knows it."""

    def home(at: Location | None) -> Location | None:
        return replace(at, path=str(path)) if at and at.path == name else at

    findings: list[Finding] = [replace(finding, at=home(finding.at)) for finding in error.findings]
    return AuthorError(error.code, error.zh, error.en, home(error.at), error.hint, findings)
