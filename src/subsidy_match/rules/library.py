"""Loading a folder of policies: everything is read, every finding is collected, nothing is half loaded."""

from __future__ import annotations

import hashlib
import itertools
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from subsidy_match.errors import AuthorError, InputError, Location
from subsidy_match.rules.catalogue import Catalogue, load_catalogue, with_regions
from subsidy_match.rules.channels import check_channels
from subsidy_match.rules.document import ClauseFile, read_clause_file, read_policy
from subsidy_match.rules.fields import Fields, Findings, Skip
from subsidy_match.rules.grading import Standard, load_standards
from subsidy_match.rules.parameters import Parameter, load_parameters
from subsidy_match.rules.policy import GrantedBy, Policy, PolicySet
from subsidy_match.rules.reader import Reader
from subsidy_match.rules.scope import Library
from subsidy_match.rules.source import Mapped, Node, Scalar, Sequence, parse_yaml, read_text
from subsidy_match.rules.statuses import check_status_cycles

__all__ = ["load_policies", "policy_files"]

_NOT_POLICIES = ("clauses", "parameters", "_schema")


@dataclass(frozen=True, slots=True)
class _Read:
    path: Path
    name: str
    text: str
    node: Node


def policy_files(folder: Path) -> list[Path]:
    """The policy files below a folder: everything that is not a case file, a clause, a parameter or the catalogue."""
    return [
        path
        for path in sorted(folder.rglob("*.yml"))
        if not path.name.endswith(".cases.yml")
        and path.name != "facts.yml"
        and path.relative_to(folder).parts[0] not in _NOT_POLICIES
    ]


def load_policies(folder: Path) -> PolicySet:
    """Load all policies of a folder with the catalogue, clauses and parameters they use.

    Raises:
        InputError: the folder has no fact catalogue.
        AuthorError: with all findings of all files.
    """
    facts = folder / "facts.yml"
    if not facts.is_file():
        raise InputError(
            "no_policies", f"目录里没有 facts.yml:{folder}", f"no facts.yml in {folder}", Location(str(folder))
        )
    findings = Findings()
    catalogue = with_regions(load_catalogue(facts), folder / "parameters" / "regions.yml", findings)
    parameters = load_parameters(folder / "parameters", findings, folder)
    standards = load_standards(folder / "parameters", findings, folder)
    shared = _clause_files(folder, findings)
    read = list(_read_all(policy_files(folder), folder, findings))
    policies = _policies(read, catalogue, parameters, standards, shared, findings)
    _refuse_overlaps(policies, findings)
    check_status_cycles(policies, findings)
    check_channels(policies, findings)
    _refuse_other_endings(folder, findings)
    findings.raise_if_any("policies_invalid", "政策有误", "the policies have errors")
    files = {str(p.relative_to(folder)): read_text(p, str(p)) for p in _content(folder)}
    ordered = tuple(sorted(policies, key=lambda policy: (policy.id, policy.start)))
    return PolicySet(catalogue, parameters, standards, ordered, _set_hash(files), files)


def _content(folder: Path) -> Iterator[Path]:
    return (p for p in sorted(folder.rglob("*.yml")) if not p.name.endswith(".cases.yml"))


def _set_hash(files: Mapping[str, str]) -> str:
    digest = hashlib.sha256()
    for name, text in sorted(files.items()):
        digest.update(f"{name}\0{hashlib.sha256(text.encode()).hexdigest()}\n".encode())
    return digest.hexdigest()


def _read_all(paths: list[Path], folder: Path, findings: Findings) -> Iterator[_Read]:
    for path in paths:
        name = str(path.relative_to(folder.parent)) if path.is_relative_to(folder) else str(path)
        try:
            text = read_text(path, name)
            yield _Read(path, name, text, parse_yaml(text, name))
        except AuthorError as error:
            findings.append(error.as_finding())


def _refuse_other_endings(folder: Path, findings: Findings) -> None:
    """A file that would be passed over in silence is a finding."""
    for path in sorted(folder.rglob("*.yaml")):
        at = Location(str(path.relative_to(folder.parent)), 1, 1)
        findings.add("P002", "文件名应以 .yml 结尾", "the name of the file should end in .yml", at)


def _clause_files(folder: Path, findings: Findings) -> dict[str, ClauseFile]:
    found: dict[str, ClauseFile] = {}
    for item in _read_all(sorted((folder / "clauses").glob("*.yml")), folder, findings):
        clauses = read_clause_file(item.node, item.text, findings)
        if clauses.id in found:
            findings.add("P003", f"通用条款重复:{clauses.id}", f"clauses {clauses.id!r} twice", item.node.at)
        found[clauses.id] = clauses
    return found


def _policies(
    read: list[_Read],
    catalogue: Catalogue,
    parameters: Mapping[str, Parameter],
    standards: Mapping[str, Standard],
    shared: Mapping[str, ClauseFile],
    findings: Findings,
) -> list[Policy]:
    granted, groups = _granted(read), _groups(read)
    library = Library(catalogue, parameters, granted, groups, standards)
    _check_derived(library, findings)
    found = []
    for item in read:
        policy = read_policy(item.node, item.text, library, shared, findings)
        if policy is None:
            continue
        found.append(policy)
        if item.path.name != f"{policy.key}.yml":
            at = Location(item.name, 1, 1)
            findings.add("P002", "文件名与内容不符", f"the file should be named {policy.key}.yml", at)
    return found


def _check_derived(library: Library, findings: Findings) -> None:
    """Read every derived fact, whether or not a policy asks for it."""
    reader = Reader(library, findings)
    for name, node in library.catalogue.derived.items():
        with suppress(Skip):  # its finding is recorded
            reader.named(name, node)


def _granted(read: list[_Read]) -> dict[str, tuple[str, ...]]:
    """Whoever meets which policies holds which status, seen before the policies are read so that order does not matter.

    One that a certificate gives is not among them: the list of honours alone says who holds it.
    """
    found: dict[str, set[str]] = defaultdict(set)
    for item in read:
        match item.node:
            case Mapped(entries={"grants": Mapped(entries={"by": Scalar(text=GrantedBy.CERTIFICATE)})}):
                continue
            case Mapped(entries={"id": Scalar(text=policy), "grants": Mapped(entries={"status": Scalar(text=status)})}):
                found[status].add(policy)
            case _:
                continue
    return {status: tuple(sorted(ids)) for status, ids in found.items()}


def _groups(read: list[_Read]) -> dict[str, tuple[str, ...]]:
    """Which policies are in which exclusivity group."""
    found: dict[str, set[str]] = defaultdict(set)
    for item in read:
        match item.node:
            case Mapped(entries={"id": Scalar(text=policy), "exclusive": Sequence(items=items)}):
                for entry in items:
                    name = Fields.of(entry, Findings()).text("group", default=None)
                    if name:
                        found[name].add(policy)
            case _:
                continue
    return {group: tuple(sorted(ids)) for group, ids in found.items()}


def _refuse_overlaps(policies: list[Policy], findings: Findings) -> None:
    by_id: dict[str, list[Policy]] = defaultdict(list)
    for policy in policies:
        by_id[policy.id].append(policy)
    for versions in by_id.values():
        versions.sort(key=lambda policy: policy.start)
        for before, after in itertools.pairwise(versions):
            if after.start <= before.end:
                at = Location(after.path, 1, 1)
                findings.add("P009", f"与 {before.key} 生效期重叠", f"in force at the same time as {before.key}", at)
