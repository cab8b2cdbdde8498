"""YAML as text with places: the traps of the format end in a clear finding or cannot arise."""

from __future__ import annotations

from pathlib import Path

import pytest

from subsidy_match.errors import AuthorError
from subsidy_match.rules.source import Mapped, Scalar, Sequence, parse_yaml, read_yaml

BOMB = "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n"


def refused(text: str) -> AuthorError:
    with pytest.raises(AuthorError) as caught:
        parse_yaml(text, "f.yml")
    return caught.value


def test_no_scalar_is_given_a_type() -> None:
    node = parse_yaml("a: 010\nb: NO\nc: 12:30:00\nd: =\ne: 2026-01-01\nf: 1e3\ng:\nh: ~\n", "f.yml")
    assert isinstance(node, Mapped)
    texts = [n.text for n in node.entries.values() if isinstance(n, Scalar)]
    assert texts == ["010", "NO", "12:30:00", "=", "2026-01-01", "1e3", "", "~"]


def test_every_node_knows_its_place() -> None:
    node = parse_yaml("a:\n  - x: 500万元\n", "f.yml")
    assert isinstance(node, Mapped)
    listed = node.entries["a"]
    assert isinstance(listed, Sequence)
    inner = listed.items[0]
    assert isinstance(inner, Mapped)
    assert str(inner.entries["x"].at) == "f.yml:2:8"
    assert str(inner.keys["x"]) == "f.yml:2:5"


@pytest.mark.parametrize(
    ("text", "code", "place", "said"),
    [
        ("a: 1\na: 2\n", "P003", "f.yml:2:1", "duplicate"),
        ("a: &x 1\n", "P001", "f.yml:1:4", "anchors"),
        (BOMB, "P001", "f.yml:1:4", "anchors"),
        ("a: 1\nb: *x\n", "P001", "f.yml:2:4", "anchors"),
        ("a: !!python/object/apply:os.system [ls]\n", "P001", "f.yml:1:4", "tags"),
        ("a: !secret x\n", "P001", "f.yml:1:4", "tags"),
        ("a:\n\tb: 1\n", "P001", "f.yml:2:1", "tabs"),
        ("a: 1\n---\nb: 2\n", "P001", "f.yml:3:1", "more than one document"),
        ("", "P001", "f.yml", "empty"),
        ("# only a comment\n", "P001", "f.yml", "empty"),
        ("? [a, b]\n: 1\n", "P001", "f.yml:1:3", "key must be text"),
        ("a: {gist: 满足条件: 补助 8%: x}\n", "P001", "f.yml:1:15", "quotes"),
        ("a: 按标准: 补助\n", "P001", "f.yml:1:7", "quotes"),
        ('a: "unclosed\nb: 2\n', "P001", "f.yml", "not YAML"),
        ("a: \x00\n", "P001", "f.yml", "not YAML"),
        ("a: \ud800\n", "P001", "f.yml", "not YAML"),
        ("[" * 100_000, "P001", "f.yml:1:61", "deeper"),
        ("{" * 50_000, "P001", "f.yml:1:61", "deeper"),
        ("- " * 50_000, "P001", "f.yml:1:121", "deeper"),
        ("? " * 20_000, "P001", "f.yml:1:121", "deeper"),
        ("".join(" " * n + "a:\n" for n in range(200)), "P001", "f.yml:61:61", "deeper"),
    ],
    ids=str,
)
def test_what_policies_do_not_need_is_refused_at_its_place(text: str, code: str, place: str, said: str) -> None:
    error = refused(text)
    assert error.code == code
    assert str(error.at).startswith(place)
    assert said in f"{error.en} {error.hint}"
    assert error.zh


@pytest.mark.timeout(20)
def test_a_hundred_thousand_lines_are_read_in_bounded_time() -> None:
    node = parse_yaml("".join(f"k{n}: v\n" for n in range(100_000)), "f.yml")
    assert isinstance(node, Mapped)
    assert len(node.entries) == 100_000


def test_a_file_too_large_is_refused_before_it_is_read(tmp_path: Path) -> None:
    (tmp_path / "f.yml").write_bytes(b"a: " + b"x" * 2_000_001)
    with pytest.raises(AuthorError, match="larger"):
        read_yaml(tmp_path / "f.yml")


def test_a_file_that_is_not_utf_8_is_refused_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "f.yml").write_bytes("a: 1\nb: 淮安\n".encode("gb18030"))
    with pytest.raises(AuthorError, match="UTF-8") as caught:
        read_yaml(tmp_path / "f.yml", name="f.yml")
    assert str(caught.value.at) == "f.yml:2"
    assert caught.value.hint


def test_byte_order_mark_and_line_ends_of_windows_are_read(tmp_path: Path) -> None:
    (tmp_path / "f.yml").write_bytes(b"\xef\xbb\xbf" + "a: 淮安\r\nb: 2\r\n".encode())
    node = read_yaml(tmp_path / "f.yml")
    assert isinstance(node, Mapped)
    assert [n.text for n in node.entries.values() if isinstance(n, Scalar)] == ["淮安", "2"]


def test_quoted_text_is_told_from_plain() -> None:
    node = parse_yaml("a: 'revenue'\nb: revenue\n", "f.yml")
    assert isinstance(node, Mapped)
    assert [n.quoted for n in node.entries.values() if isinstance(n, Scalar)] == [True, False]
