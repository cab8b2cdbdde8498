"""The API over a small invented world: three test policies, two firms, people for every post, one fund, a clock to set.

Every answer is held to the OpenAPI document: its status is listed for the route, and its body fits the schema. So does every
body that was taken: a client that goes by the document can send all that the server takes.
"""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import httpx2
import pytest
from claims_world import PEOPLE, receipt_file
from fastapi import FastAPI
from fastapi.testclient import TestClient
from jsonschema import Draft202012Validator
from kept_rows import keep_or_pour
from profile_files import POLICIES, code, firm, take_in, write_csv, write_penalties, write_register, write_tax

from subsidy_api.app import create_app
from subsidy_match.claims.fund import funds
from subsidy_match.platform import Platform
from subsidy_match.rules.publishing import publish
from subsidy_match.settings import Settings
from subsidy_match.store import audit
from subsidy_match.store.unit import in_unit
from subsidy_match.store.users import add_user, user_by_login

FIRM, OTHER = code(1), code(2)
NAME = "淮安合成一号科技有限公司"
FUND = "demo-fund-2026"
POLICY = "demo-active"
PDF = b"%PDF-1.7\nexample"
GIVEN = {"m1": f"sha256:{hashlib.sha256(PDF).hexdigest()}"}
"""The one material of the demo policies: a document that the firm has handed in."""
MORNING = datetime(2026, 6, 1, 1, 0, tzinfo=UTC)  # Monday 9:00 in China
FIRMS: Mapping[str, tuple[str, ...]] = {
    "applicant": (FIRM,),
    "applicant_b": (FIRM,),
    "other_applicant": (OTHER,),
    "everything": (FIRM,),
}


def token_of(login: str) -> str:
    return f"test-token-of-{login}"


@dataclass(repr=False)
class ApiWorld:
    """The API with a client; ``now`` moves only when the test moves it."""

    platform: Platform
    app: FastAPI
    client: TestClient
    clock: list[datetime] = field(default_factory=lambda: [MORNING])

    def wait(self, days: int) -> None:
        self.clock[0] += timedelta(days=days)

    def wait_minutes(self, minutes: int) -> None:
        self.clock[0] += timedelta(minutes=minutes)

    def get(self, path: str, by: str | None = None, **params: Any) -> httpx2.Response:
        return self.ask("GET", path, by, params=params)

    def post(self, path: str, by: str | None = None, body: Any = None, **headers: str) -> httpx2.Response:
        return self.ask("POST", path, by, json=body, headers=headers)

    def ask(
        self, method: str, path: str, by: str | None = None, headers: Mapping[str, str] | None = None, **more: Any
    ) -> httpx2.Response:
        token = {} if by is None else {"Authorization": f"Bearer {token_of(by)}"}
        named = {name.replace("_", "-"): value for name, value in (headers or {}).items()}
        answer = self.client.request(method, path, headers={**token, **named}, **more)
        self.contract.check(method, path, answer)
        if answer.is_success and more.get("json") is not None:
            self.contract.check_body(method, path, more["json"])
        return answer

    @cached_property
    def contract(self) -> Contract:
        return Contract(self.app.openapi())

    def draft(self, by: str = "applicant", **changes: Any) -> httpx2.Response:
        body = {"uscc": FIRM, "policy_id": POLICY, "period": "2026"} | changes
        return self.post("/v1/claims", by, body)

    def fire(self, claim: int, event: str, by: str, *, version: int | None = None, **payload: Any) -> httpx2.Response:
        headers = {} if version is None else {"If_Match": f'"{version}"'}
        return self.post(f"/v1/claims/{claim}/events", by, {"event": event, "payload": payload}, **headers)

    def give_account(self, uscc: str = FIRM, holder: str = NAME) -> int:
        body = {"holder": holder, "bank_name": "示例银行", "number": "6222000000001234"}
        account = self.post(f"/v1/enterprises/{uscc}/accounts", "applicant", body).json()["id"]
        assert self.post(f"/v1/accounts/{account}/verify", "supervisor").status_code == 200
        return int(account)

    def walk(self, state: str) -> int:
        """Bring a new claim along the main path to ``state``."""
        self.give_account()
        claim = self.draft().json()
        for event, by, payload in _PATH:
            if claim["state"] == state:
                break
            self.wait(8 if event == "clear" else 0)
            claim = self.step(claim["id"], event, by, **payload)
        assert claim["state"] == state
        return int(claim["id"])

    def step(self, claim: int, event: str, by: str, **payload: Any) -> dict[str, Any]:
        """One step of the main path, through a document where it goes through one."""
        documents = {"publish": self.publish, "clear": self.clear}
        if event in documents:
            documents[event](claim, by=by)
        else:
            answer = self.fire(claim, event, by, **payload)
            assert answer.status_code == 200, answer.text
        shown: dict[str, Any] = self.get(f"/v1/claims/{claim}", "clerk").json()
        return shown

    def publish(self, *claims: int, by: str = "notice", number: str | None = None) -> dict[str, Any]:
        """Put approved claims into a notice and publish it."""
        contact = {"department": "示例局办公室", "phone": "0517-00000000"}
        number = number or f"公示〔2026〕{claims[0]}号"
        body = {"number": number, "title": "示例公示", "contact": contact, "claim_ids": list(claims)}
        notice = self.ok("/v1/notices", by, body)
        return self.ok(f"/v1/notices/{notice['id']}/publish", by)

    def clear(self, *claims: int, by: str = "notice") -> dict[str, Any]:
        """Allocate the money of claims whose notice is over, and make them payable."""
        body = {"number": f"下达〔2026〕{claims[0]}号", "title": "示例下达", "claim_ids": list(claims)}
        made = self.ok("/v1/allocations", by, body)
        self.ok(f"/v1/allocations/{made['id']}/issue", "approver")
        return self.ok(f"/v1/allocations/{made['id']}/clear", by)

    def ok(self, path: str, by: str, body: Any = None) -> dict[str, Any]:
        answer = self.post(path, by, body)
        assert answer.status_code in (200, 201), answer.text
        done: dict[str, Any] = answer.json()
        return done

    def receipts(self, batch: Mapping[str, Any], by: str = "reconciler", outcome: str = "成功") -> httpx2.Response:
        rows = [
            (line["instruction"], line["amount"], outcome, f"B{line['instruction']}", "") for line in batch["lines"]
        ]
        headers = {"Content-Type": "text/csv"}
        path = f"/v1/payouts/{batch['id']}/receipts"
        return self.ask("POST", path, by, headers=headers, content=receipt_file(rows))

    def audit(self, subject: str) -> list[audit.Entry]:
        return in_unit(self.platform.engine, lambda s: list(audit.entries(s, subject)), immediate=False)


@dataclass(frozen=True)
class Contract:
    """The OpenAPI document as a judge of answers."""

    document: Mapping[str, Any]

    def check(self, method: str, path: str, answer: httpx2.Response) -> None:
        operation = self._operation(method, path)
        if operation is None:
            return
        known = operation["responses"]
        assert str(answer.status_code) in known, f"{method} {path}: {answer.status_code} is not documented"
        contents = known[str(answer.status_code)].get("content", {})
        kind = answer.headers.get("content-type", "").partition(";")[0]
        assert kind in contents, f"{method} {path}: {kind} is not documented for {answer.status_code}"
        if schema := contents[kind].get("schema"):
            Draft202012Validator({**schema, "components": self.document["components"]}).validate(answer.json())

    def check_body(self, method: str, path: str, body: Any) -> None:
        operation = self._operation(method, path)
        told = {} if operation is None else operation.get("requestBody", {}).get("content", {})
        if schema := told.get("application/json", {}).get("schema"):
            Draft202012Validator({**schema, "components": self.document["components"]}).validate(body)

    def _operation(self, method: str, path: str) -> Mapping[str, Any] | None:
        for template, operations in self.document["paths"].items():
            pattern = re.sub(r"\{\w+\}", "[^/]+", template)
            if re.fullmatch(pattern, path.partition("?")[0]) and method.lower() in operations:
                return operations[method.lower()]
        return None


@pytest.fixture(scope="session")
def api_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Policies, published, and a snapshot of two firms; shared, for nobody writes there."""
    folder = tmp_path_factory.mktemp("api")
    policies, home, files = folder / "policies", folder / "home", folder / "files"
    files.mkdir()
    shutil.copytree(Path(__file__).parent / "api_policies", policies)
    shutil.copy(POLICIES / "facts.yml", policies)
    shutil.copytree(POLICIES / "parameters", policies / "parameters")
    publish(policies, home / "published")
    take_in(home, *department_files(files))
    return folder


def department_files(folder: Path) -> list[Path]:
    projects = ("企业名称", "统一社会信用代码", "备案证号", "项目类别", "竣工日期", "设备发票金额(不含税,万元)")
    barrings = ("文书号", "统一社会信用代码", "单位名称", "取消资格至", "原因")
    return [
        write_register(folder, [firm(1, NAME), firm(2)]),
        write_tax(folder, [[FIRM, NAME, "500.00", "600.00"], [OTHER, "", "30", "40"]]),
        write_penalties(folder, [[OTHER, "", "测罚1号", "环境保护", "一般", "2020-01-01", "", "否"]]),
        write_csv(folder / "取消申报资格名单_20260531.csv", barrings, [["测1号", OTHER, "", "2020-12-31", "测试"]]),
        write_csv(
            folder / "投资项目_20260531.csv", projects, [[NAME, FIRM, "P1", "设备更新改造", "2026-02-01", "700"]]
        ),
    ]


def build_api(folder: Path, api_home: Path, database_url: str) -> ApiWorld:
    """An API of its own over the shared policies and snapshot."""
    home = folder / "home"
    home.mkdir()
    for shared in ("published", "profiles"):
        (home / shared).symlink_to(api_home / "home" / shared)
    platform = Platform(Settings(policies=api_home / "policies", home=home, database_url=database_url))
    clock = [MORNING]
    app = create_app(platform, lambda: clock[0])
    app.openapi_schema = _document(app)
    keep_or_pour(platform.engine, "api", lambda: in_unit(platform.engine, populate))
    filer = in_unit(platform.engine, lambda session: user_by_login(session, "applicant"))
    platform.documents.add(PDF, name="材料.pdf", uscc=FIRM, actor=filer, at=MORNING)
    return ApiWorld(platform, app, TestClient(app, raise_server_exceptions=False), clock)


def _document(app: FastAPI) -> dict[str, Any]:
    """The document of the app, which takes a second to make and is the same of every app."""
    if not _DOCUMENT:
        _DOCUMENT.update(app.openapi())
    return _DOCUMENT


_DOCUMENT: dict[str, Any] = {}


def populate(session: Any) -> None:
    for login, roles in PEOPLE.items():
        token, firms = token_of(login), FIRMS.get(login, ())
        add_user(session, login=login, name=f"甲{login}", roles=roles, funds=["*"], firms=firms, token=token)
    funds.open_fund(
        session,
        FUND,
        name_zh="测试资金",
        name_en="Test fund",
        year=2026,
        allocated=100_000_00,
        at=MORNING,
        actor="admin",
    )


@pytest.fixture
def api(tmp_path: Path, api_home: Path, sqlite_template: Path) -> Iterator[ApiWorld]:
    shutil.copy(sqlite_template, tmp_path / "store.sqlite3")
    world = build_api(tmp_path, api_home, f"sqlite:///{tmp_path / 'store.sqlite3'}")
    yield world
    world.client.close()
    world.platform.close()


_PATH: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("submit", "applicant", {"materials": GIVEN}),
    ("accept", "clerk", {}),
    ("assign", "lead", {"assignee": "reviewer"}),
    ("pass", "reviewer", {}),
    ("pass", "rechecker", {}),
    ("approve", "approver", {}),
    ("publish", "notice", {}),
    ("clear", "notice", {}),
)

__all__ = ["FIRM", "FUND", "GIVEN", "NAME", "OTHER", "POLICY", "ApiWorld", "api", "api_home", "build_api", "token_of"]
