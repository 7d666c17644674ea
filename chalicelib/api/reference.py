"""The page at /docs: the OpenAPI document for people, who can send every request from it.

Promises: one HTML file without network, library or inline permission (the policy names its style sheet and
its script by hash); all text is escaped. It knows nothing but the document, so a new route needs no change
here. Cost: about 5 ms a page; style sheet and script are read and hashed once, at import.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from html import escape
from http import HTTPStatus
from pathlib import Path
from string import Template
from typing import Any, Final

from chalicelib.api import outline
from chalicelib.api.outline import Field

_FILES: Final = Path(__file__).parent.parent / "templates" / "reference"


def _part(name: str) -> str:
    return "\n" + (_FILES / name).read_text(encoding="utf-8").strip() + "\n"


def _hash(content: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode('ascii')}'"


_STYLE: Final = _part("page.css")
_SCRIPT: Final = _part("page.js")

CSP: Final = (
    f"default-src 'none'; style-src {_hash(_STYLE)}; script-src {_hash(_SCRIPT)}; connect-src 'self';"
    " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""Content-Security-Policy of the page: one known style sheet, one known script, requests to ourselves."""


def page(document: Mapping[str, Any]) -> str:
    """The whole page for an OpenAPI 3.1 document as ``openapi.document`` makes it."""
    by_tag: dict[str, list[str]] = {tag["name"]: [] for tag in document["tags"]}
    entries: dict[str, list[str]] = {name: [] for name in by_tag}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            tag = operation["tags"][0]
            by_tag[tag].append(_operation(document, method.upper(), path, operation))
            entries[tag].append(
                f'<li><a href="#{escape(operation["operationId"])}">{_method(method)}'
                f" <span>{escape(operation['summary'])}</span></a></li>"
            )
    sections = [
        f'<section aria-labelledby="{_slug(tag["name"])}">'
        f'<h2 id="{_slug(tag["name"])}">{escape(tag["name"])}</h2>'
        f'<p class="lead">{_prose(tag["description"])}</p>{"".join(by_tag[tag["name"]])}</section>'
        for tag in document["tags"]
    ]
    contents = [
        f'<li><a class="tag" href="#{_slug(name)}">{escape(name)}</a><ul>{"".join(entries[name])}</ul></li>'
        for name in by_tag
    ]
    about = "".join(f"<p>{_prose(part)}</p>" for part in document["info"]["description"].split("\n\n"))
    return Template(_part("page.html").lstrip()).substitute(
        title=escape(document["info"]["title"]),
        version=escape(document["info"]["version"]),
        server=escape(document["servers"][0]["url"]),
        style=_STYLE,
        script=_SCRIPT,
        contents="\n".join(contents),
        about=about,
        sections="\n".join(sections),
    )


def _operation(document: Mapping[str, Any], method: str, path: str, it: Mapping[str, Any]) -> str:
    name = escape(it["operationId"])
    content = it.get("requestBody", {}).get("content", {}).get("application/json")
    body = ""
    if content is not None:
        table = _table(outline.fields(document, content["schema"]), "Field")
        body = f"<h4>Body</h4>{_words(document, content['schema'])}{table}"
    parameters = [
        Field(
            p["name"],
            f"{outline.kind(p['schema'])}, {p['in']}",
            outline.limits(p["schema"]),
            p.get("required", False),
            w,
        )
        for p in it.get("parameters", [])
        for w in [p.get("description", "")]
    ]
    example = None if content is None else content.get("example", outline.sample(document, content["schema"]))
    curl = _curl(document, method, path, it, example)
    return (
        f'<article aria-labelledby="{name}"><h3 id="{name}">{escape(it["summary"])}</h3>'
        f'<p class="line">{_method(method)} <code>{_path(path)}</code></p>'
        f"<p>{_prose(it['description'])}</p>{_needs(it)}"
        + (f"<h4>Parameters</h4>{_table(parameters, 'Name')}" if parameters else "")
        + body
        + f'<h4>Example</h4><pre tabindex="0"><code>{escape(curl)}</code></pre>'
        + f"<h4>Answers</h4>{_answers(document, it)}{_clauses(it)}"
        + f"{_form(method, path, it, example)}</article>"
    )


def _needs(it: Mapping[str, Any]) -> str:
    needs = ["Nobody needs to log in."]
    if it["security"]:
        csrf = any("csrf" in way for way in it["security"])
        more = " and <code>X-CSRF-Token</code>" if csrf else ""
        needs = [f"A session: <code>Authorization: Bearer</code>, or the cookie{more}."]
    if any(p["name"] == "Idempotency-Key" for p in it.get("parameters", [])):
        needs.append("Takes an <code>Idempotency-Key</code>.")
    return f'<p class="needs">{" ".join(needs)}</p>'


def _answers(document: Mapping[str, Any], it: Mapping[str, Any]) -> str:
    good, failures = [], []
    for status, given in it["responses"].items():
        answer = outline.resolve(document, given)
        phrase = HTTPStatus(int(status)).phrase
        line = f"<b>{status}</b> {phrase}: {_prose(answer['description'])}"
        if int(status) >= HTTPStatus.BAD_REQUEST:
            failures.append(f"<li>{line}</li>")
            continue
        schema = answer.get("content", {}).get("application/json", {}).get("schema", {})
        fields = list(outline.fields(document, schema))
        shown = f"<details><summary>Fields</summary>{_table(fields, 'Field')}</details>" if fields else ""
        good.append(f"<p>{line}</p>{shown}")
    bad = f"<ul>{''.join(failures)}</ul>"
    return "".join(good) + (f"<details><summary>Failures</summary>{bad}</details>" if failures else "")


def _clauses(it: Mapping[str, Any]) -> str:
    rows = "".join(
        f"<li><code>{escape(row['id'])}</code> ({escape(row['section'])}): {escape(row['promise'])}</li>"
        for row in it.get("x-clauses", [])
    )
    return f'<h4>Serves the privacy policy</h4><ul class="clauses">{rows}</ul>' if rows else ""


def _curl(document: Mapping[str, Any], method: str, path: str, it: Mapping[str, Any], example: Any) -> str:
    lines = [f"curl{'' if method == 'GET' else f' -X {method}'} '{document['servers'][0]['url']}{path}'"]
    if it["security"]:
        lines.append('-H "Authorization: Bearer $TOKEN"')
    if any(p["name"] == "Idempotency-Key" for p in it.get("parameters", [])):
        lines.append("-H 'Idempotency-Key: a-key-of-your-own'")
    if example is not None:
        text = json.dumps(example, ensure_ascii=False, indent=2).replace("'", "'\\''")
        lines += ["-H 'Content-Type: application/json'", f"-d '{text}'"]
    return " \\\n  ".join(lines)


def _form(method: str, path: str, it: Mapping[str, Any], example: Any) -> str:
    name = escape(it["operationId"])
    rows = []
    for parameter in it.get("parameters", []):
        place, schema = parameter["in"], parameter["schema"]
        value = (schema.get("enum") or schema.get("examples") or [""])[-1]
        parent = path.partition(f"/{{{parameter['name']}}}")[0]
        rows.append(
            f'<label for="{name}-{escape(parameter["name"])}">{escape(parameter["name"])}</label>'
            f'<input id="{name}-{escape(parameter["name"])}" name="{escape(parameter["name"])}"'
            f' data-in="{escape(place)}" value="{escape(str(value))}" autocomplete="off" spellcheck="false"'
            + (f' data-parent="{escape(parent)}" required>' if place == "path" else ">")
        )
    if example is not None:
        text = json.dumps(example, ensure_ascii=False, indent=2)
        rows.append(
            f'<label for="{name}-body">Body</label><textarea id="{name}-body" name="body"'
            f' rows="{text.count(chr(10)) + 2}" spellcheck="false">\n{escape(text)}</textarea>'
        )
    known = "" if it["security"] else " data-public"
    return (
        f'<details class="try"><summary>Try it</summary><form data-method="{method}"'
        f' data-path="{escape(path)}"{known}>{"".join(rows)}'
        f'<button>Send<span class="unseen">: {escape(it["summary"])}</span></button>'
        '<div class="answer" role="status"></div></form></details>'
    )


def _table(fields: Iterable[Field], first: str) -> str:
    shown = list(fields)
    worded = any(field.words for field in shown)
    rows = "".join(
        f'<tr><th scope="row"><code>{escape(field.name)}</code>'
        f"{'' if field.required else ' <small>optional</small>'}</th>"
        f"<td>{escape(field.kind)}</td><td>{_prose(field.limits)}</td>"
        f"{f'<td>{_prose(field.words)}</td>' if worded else ''}</tr>"
        for field in shown
    )
    names = (first, "Type", "Limits", *(["About"] if worded else []))
    heads = "".join(f'<th scope="col">{name}</th>' for name in names)
    whole = f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"
    return f'<div class="wide" tabindex="0">{whole}</div>'


def _words(document: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    words = outline.resolve(document, schema).get("description", "")
    return f"<p>{_prose(words)}</p>" if words else ""


def _method(method: str) -> str:
    return f'<b class="method {method.lower()}">{method.upper()}</b>'


def _path(path: str) -> str:
    return re.sub(r"(\{\w+\})", r"<i>\1</i>", escape(path).replace("/", "/<wbr>"))


def _prose(text: str) -> str:
    """Escaped, with the two marks that our descriptions use: code and bold."""
    coded = re.sub(r"(`{1,2})([^`]+)\1", r"<code>\2</code>", escape(text))
    return re.sub(r"\*\*([^*]+)\*\*", r"<strong>\1</strong>", coded)


def _slug(text: str) -> str:
    return "tag-" + re.sub(r"\W+", "-", text.lower())
