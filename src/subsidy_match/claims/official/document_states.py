"""The states of documents that cover many claims, and of objections to them, with their names in both languages."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

__all__ = [
    "ALLOCATION_NAMES",
    "NOTICE_NAMES",
    "OBJECTION_NAMES",
    "AllocationState",
    "NoticeState",
    "ObjectionState",
]


class NoticeState(StrEnum):
    """Where a public notice stands."""

    DRAFT = "DRAFT"
    PUBLISHED = "PUBLISHED"
    CLOSED = "CLOSED"
    WITHDRAWN = "WITHDRAWN"


class ObjectionState(StrEnum):
    """Where an objection stands."""

    OPEN = "OPEN"
    DISMISSED = "DISMISSED"
    UPHELD = "UPHELD"


class AllocationState(StrEnum):
    """Where a document of allocation stands."""

    DRAFT = "DRAFT"
    ISSUED = "ISSUED"
    VOID = "VOID"


NOTICE_NAMES: Mapping[NoticeState, tuple[str, str]] = {
    NoticeState.DRAFT: ("拟稿", "draft"),
    NoticeState.PUBLISHED: ("公示中", "published"),
    NoticeState.CLOSED: ("公示结束", "closed"),
    NoticeState.WITHDRAWN: ("已撤下", "withdrawn"),
}
OBJECTION_NAMES: Mapping[ObjectionState, tuple[str, str]] = {
    ObjectionState.OPEN: ("处理中", "open"),
    ObjectionState.DISMISSED: ("不成立", "dismissed"),
    ObjectionState.UPHELD: ("成立", "upheld"),
}
ALLOCATION_NAMES: Mapping[AllocationState, tuple[str, str]] = {
    AllocationState.DRAFT: ("拟稿", "draft"),
    AllocationState.ISSUED: ("已下达", "issued"),
    AllocationState.VOID: ("作废", "void"),
}
