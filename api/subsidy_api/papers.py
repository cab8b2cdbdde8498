"""Documents that firms hand in: sent as they are, given out only as files to be saved."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Path, Query, Request
from starlette.responses import Response

from subsidy_api.bodies.evidence import DeferredBody, DocumentBody
from subsidy_api.context import Moment, PlatformDep, Today
from subsidy_api.idempotency import Keep, OnceDep
from subsidy_api.noting import Noting
from subsidy_api.problems import responses
from subsidy_api.schemas import Id, Line, Uscc
from subsidy_api.security import Caller, Officer
from subsidy_match.claims.document_kinds import KINDS
from subsidy_match.claims.documents import Document

__all__ = ["router"]

router = APIRouter(prefix="/v1/documents", tags=["documents"])
_BINARY = {"schema": {"type": "string", "format": "binary"}}
_BODY = {"requestBody": {"required": True, "content": {"application/octet-stream": _BINARY}}}
_FILE: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "文件原样,只供下载 / the file as it was handed in, to be saved",
        "content": {kind.media_type: {} for kind in KINDS.values()},
    }
}


async def _raw(request: Request) -> bytes:
    return await request.body()


@router.post(
    "",
    status_code=201,
    response_model=DocumentBody,
    openapi_extra=_BODY,
    responses=responses(400, 401, 403, 409, 413, 422, 503),
)
def add_document(
    platform: PlatformDep,
    actor: Caller,
    at: Moment,
    once: OnceDep,
    content: Annotated[bytes, Depends(_raw)],
    uscc: Annotated[Uscc, Query(description="哪家企业的文件 / whose document it is")],
    name: Annotated[Line, Query(description="文件名,扩展名须与内容相符 / name of the file; its ending must fit")],
    sha256: Annotated[
        str | None, Query(pattern=r"^[0-9a-fA-F]{64}$", description="发送方所算摘要 / the hash, to be checked")
    ] = None,
) -> Response:
    """上传材料文件(pdf、png、jpg、ofd、docx、xlsx);同一文件重复上传只存一次 / Hand in a document."""

    def work(keep: Keep) -> None:
        platform.documents.add(
            content,
            name=name,
            uscc=uscc,
            actor=actor,
            at=at,
            sha256=sha256,
            also=lambda session, document: keep(session, _json(document)),
        )

    return once.run(201, work)


@router.get("/deferred", response_model=list[DeferredBody], responses=responses(401, 403, 422, 503))
def list_deferred(
    platform: PlatformDep,
    officer: Officer,  # noqa: ARG001  # asked for so that outsiders are refused
    today: Today,
) -> list[DeferredBody]:
    """容缺未补交的材料,最早到期在前 / Documents that firms still owe, soonest first."""
    return [DeferredBody.model_validate(owed) for owed in platform.desk.deferred(on=today)]


@router.get("/{document_id}", response_class=Response, responses={**_FILE, **responses(401, 404, 422, 503)})
def show_document(document_id: Annotated[Id, Path()], platform: PlatformDep, actor: Caller, note: Noting) -> Response:
    """下载材料文件 / A document, as it was handed in."""
    document, content = platform.documents.read(document_id, viewer=actor)
    note("document", f"document:{document.id}")
    headers = {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(document.name, safe='')}",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "sandbox; default-src 'none'",
        "Cache-Control": "private, no-store",
    }
    return Response(content, media_type=document.media_type, headers=headers)


def _json(document: Document) -> bytes:
    return DocumentBody.model_validate(document).model_dump_json().encode()
