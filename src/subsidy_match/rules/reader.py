"""Reading values and conditions: from positioned YAML to the typed tree, every name, unit and code checked."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TypeVar

from subsidy_match.rules import conditions, values
from subsidy_match.rules.catalogue import CollectionSpec
from subsidy_match.rules.fields import Fields, Findings, Skip, did_you_mean
from subsidy_match.rules.scope import Library, Scope
from subsidy_match.rules.source import Mapped, Node, Scalar, Sequence
from subsidy_match.rules.tree import Condition, Label, Mark, Named, Stated, Value

__all__ = ["META", "Reader"]

T = TypeVar("T")
META = ("id", "basis", "title")
_MAX_DEPTH = 40


@dataclass(slots=True)
class Reader:
    """Reads the expressions of one policy (or of the derived facts).

    Args:
        library: catalogue, parameters, granted statuses and groups.
        findings: where findings go; a part with a finding raises ``Skip``.
        policy: id of the policy, for ``paid_under: self``.
        lets: texts of its named values.
        clauses: names of its legal sources.
        items: collection of its ``for_each``.
        has_window: whether the policy has a window, so that its first and last day can be named.
        inherited: whether clauses are read that many policies share. There ``window_close`` stands for the deadline of
            whoever inherits: without a window one may apply any day, so the deadline is the day of evaluation.
    """

    library: Library
    findings: Findings
    policy: str = ""
    lets: Mapping[str, Node] = field(default_factory=dict)
    clauses: frozenset[str] = frozenset()
    items: CollectionSpec | None = None
    has_window: bool = False
    inherited: bool = False
    _named: dict[str, Named | Stated] = field(default_factory=dict)
    _open: list[str] = field(default_factory=list)
    _heights: dict[str, int] = field(default_factory=dict)  # how deep the tree below each named value is
    _depth: int = 0
    _deepest: int = 0

    # --- entry points ---

    def value(self, node: Node, scope: Scope) -> Value:
        """Read a value; a finding raises ``Skip``."""
        if isinstance(node, Scalar):
            return values.from_text(self, node, scope)
        if isinstance(node, Sequence):
            self.findings.stop("P005", "此处应为数值", "a value is expected, not a list", node.at)
        with self._deeper(node):
            return self._worded(node, scope, values.WORDS, values.MODIFIERS, values.build)

    def condition(self, node: Node, scope: Scope) -> Condition:
        """Read a condition; a finding raises ``Skip``."""
        if not isinstance(node, Mapped):
            self.findings.stop("P005", "此处应为条件", "a condition is expected", node.at)
        with self._deeper(node):
            if "value" in node.entries:
                return conditions.comparison(self, Fields(node, self.findings), self.mark(node, scope), scope)
            return self._worded(node, scope, conditions.WORDS, (), conditions.build)

    def each(self, node: Node, read: Callable[[Node], T]) -> list[T]:
        """Read every item of a list, going on after findings; raises ``Skip`` at the end if there was one."""
        if not isinstance(node, Sequence) or not node.items:
            self.findings.stop("P005", "此处应为列表", "a list is expected", node.at)
        done: list[T] = []
        for item in node.items:
            try:
                done.append(read(item))
            except Skip:
                continue
        if len(done) < len(node.items):
            raise Skip
        return done

    def mark(self, node: Mapped, scope: Scope) -> Mark:
        """The id, clauses and words of a node; clauses are its own or its parent's."""
        fields = Fields(node, self.findings)
        return Mark(node.at, self._id(fields, scope), self._basis(fields) or scope.basis, self._title(fields))

    def inner(self, scope: Scope, mark: Mark, *, position: int | None = None) -> Scope:
        """The scope of a child: clauses inherited, ids continued."""
        path = mark.id or scope.path
        return replace(scope, basis=mark.basis, path=path if position is None else f"{path}.{position + 1}".lstrip("."))

    def named(self, name: str, node: Node) -> Named | Stated | None:
        """The ``let`` value or derived fact of this name, read once; a cycle is a finding."""
        if name in self._named:
            with self._deeper(node, self._heights[name]):
                return self._named[name]
        derived = self.library.catalogue.derived.get(name)
        text = self.lets.get(name, derived)
        if text is None:
            return None
        if name in self._open:
            chain = " → ".join([*self._open[self._open.index(name) :], name])
            self.findings.stop("P008", f"定义循环:{chain}", f"defined by itself: {chain}", node.at)
        self._open.append(name)
        outside, self._deepest = self._deepest, self._depth
        try:
            with self._deeper(node):
                found = self._let(name, text) if name in self.lets else self._derived(name, text)
        finally:
            self._open.pop()
            self._heights[name] = self._deepest - self._depth
            self._deepest = max(outside, self._deepest)
        self._named[name] = found
        return found

    # --- inside ---

    @contextmanager
    def _deeper(self, node: Node, by: int = 1) -> Iterator[None]:
        """One level down; what the evaluator could not walk is refused, named values counted where they are used."""
        self._depth += by
        self._deepest = max(self._deepest, self._depth)
        try:
            if self._depth > _MAX_DEPTH:
                self.findings.stop("P001", "表达式嵌套过深", f"expressions nested deeper than {_MAX_DEPTH}", node.at)
            yield
        finally:
            self._depth -= by

    def _worded(
        self,
        node: Mapped,
        scope: Scope,
        words: Mapping[str, object],
        modifiers: tuple[str, ...],
        build: Callable[[Reader, str, Fields, Mark, Scope], T],
    ) -> T:
        fields = Fields(node, self.findings)
        fields.allow(*words, *modifiers, *META)
        present = [key for key in node.entries if key in words]
        if len(present) != 1:
            known = ", ".join(words)
            zh, en = (
                ("没有运算词", "no word of the language here")
                if not present
                else ("只能有一个运算词", "only one word a node")
            )
            self.findings.stop(
                "P005", f"{zh}:{' '.join(present)}", f"{en}: {' '.join(present)}", node.at, f"one of {known}"
            )
        return build(self, present[0], fields, self.mark(node, scope), scope)

    def _let(self, name: str, node: Node) -> Named:
        mark = self.mark(node, Scope()) if isinstance(node, Mapped) else Mark(node.at)
        of = self.value(node, Scope(basis=mark.basis, path=name))
        return Named(name, mark.title or Label(name, name), mark.basis, of, of.type)

    def _derived(self, name: str, node: Node) -> Named | Stated:
        fields = Fields.of(node, self.findings)
        fields.allow("zh", "en", "basis", "value", "condition")
        label = Label(fields.text("zh") or name, fields.text("en") or name)
        basis = (fields.text("basis") or "",)
        scope = Scope(basis=basis, path=name)
        if "condition" in fields:
            mark = Mark(node.at, name, basis, label)
            return Stated(mark, name, self.condition(fields.entries["condition"], scope))
        of = self.value(fields.entries.get("value", node), scope)
        return Named(name, label, basis, of, of.type)

    def _id(self, fields: Fields, scope: Scope) -> str | None:
        return fields.text("id", default=None) or scope.path or None

    def _title(self, fields: Fields) -> Label | None:
        title = fields.fields("title")
        if title is None:
            return None
        title.allow("zh", "en")
        return Label(title.text("zh") or "", title.text("en") or "")

    def _basis(self, fields: Fields) -> tuple[str, ...]:
        node = fields.entries.get("basis")
        if node is None:
            return ()
        names = [node.text] if isinstance(node, Scalar) else fields.texts("basis")
        for name in names:
            if name not in self.clauses:
                hint = did_you_mean(name, self.clauses)
                self.findings.add("P007", f"没有这个依据:{name}", f"no such basis: {name!r}", node.at, hint)
        return tuple(names)
