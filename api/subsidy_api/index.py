"""The first page: what this is and where to look, for people who open the address in a browser."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

__all__ = ["router"]

router = APIRouter(include_in_schema=False)

_PAGE = """<!doctype html>
<html lang="zh-CN">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>惠企政策匹配与兑现 · Subsidy matching</title>
<style>
body{max-width:44rem;margin:0 auto;padding:2rem 1rem;color:#1b1b1b;background:#fff;line-height:1.7;
font-family:system-ui,"PingFang SC","Microsoft YaHei","Noto Sans CJK SC",sans-serif}
h1{font-size:1.5rem;line-height:1.3}p[lang=en],dd span{color:#4a4a4a}
dt{font-weight:600;margin-top:.8rem}dd{margin:0}a{color:#0b5394}code{background:#f2f2f2;padding:.1em .3em}
</style>
</head>
<body>
<main>
<h1>惠企政策匹配与兑现<br><span lang="en">Subsidy matching and payout</span></h1>
<p>政策写成数据,企业一企一档,逐条说明谁符合哪项政策、能得多少,从受理一直办到拨付。</p>
<p lang="en">Policies are data, every enterprise is a document: who is entitled to what, for every reason, and claims
followed from acceptance to payout.</p>
<dl>
<dt><a href="/v1/policies">/v1/policies</a></dt>
<dd>已发布的有效政策 <span lang="en">· published policies in force</span></dd>
<dt><a href="/docs">/docs</a></dt>
<dd>接口文档(页面资源来自公网,内网请用 <a href="/openapi.json">/openapi.json</a>)
<span lang="en">· API reference; its page loads assets from the internet, the OpenAPI document does not</span></dd>
<dt><code>POST /v1/eligibility</code></dt>
<dd>填写企业情况,立即测算,不留存 <span lang="en">· describe a firm and see what fits; nothing is kept</span></dd>
<dt><a href="/readyz">/readyz</a></dt>
<dd>系统是否就绪 <span lang="en">· whether everything is in place</span></dd>
</dl>
</main>
</body>
</html>
"""
_HEADERS = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"}


@router.get("/", response_class=HTMLResponse)
def show_index() -> HTMLResponse:
    """The first page."""
    return HTMLResponse(_PAGE, headers=_HEADERS)
