"""A hand-made `report.json` as a real run would write it: a documents API, two users, trouble."""

from __future__ import annotations

import copy
from typing import Any

ORIGIN = "https://docs-test.azurewebsites.net"
OPERATIONS = (
    "ListDocuments",
    "GetDocument",
    "CreateDocument",
    "DeleteDocument",
    "WhoAmI",
    "Health",
)
SUITES = ("definition", "anonymous", "tokens", "delegated", "contract")
FILES = {
    "anonymous": "test_anonymous.py::test_call_is_refused",
    "tokens": "test_tokens.py::test_hostile_token_is_refused",
    "delegated": "test_delegated.py::test_call_runs_as_the_caller",
    "contract": "test_contract.py::test_answers_match_the_definition",
    "definition": "test_definition.py::test_files_hold_together",
}
DOCUMENT = (
    '{"id":"doc-alice-1","title":"Plan 2027","owner":"alice@contoso.example",'
    '"size":12345678901234567890,'
    '"tags":["plan","draft"],"history":['
    + ",".join(
        f'{{"version":{n},"by":"alice@contoso.example","note":"change {n}"}}' for n in range(1, 15)
    )
    + "]}"
)
HOSTILE = (
    "<script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">"
    "\x1b[31mred\x1b[0m \u202egnp.exe\u202c ##vso[task.setvariable]x ::set-output name=a::b "
    "</script><!-- --> | `pipe` ]]> &amp; \x00\x07 \ud800"
)


def exchange(
    number: int,
    operation: str | None,
    caller: str,
    purpose: str,
    request: tuple[str, str, str | None],
    response: tuple[int, str | None] | None,
    **extra: Any,
) -> dict[str, Any]:
    method, path, body = request
    headers = {"accept": "application/json", "user-agent": "connector-harness/0.1.0"}
    if caller != "anonymous":
        headers["authorization"] = f"Bearer {{{caller}}}"
    return {
        "id": f"x{number}",
        "operation": operation,
        "caller": caller,
        "purpose": purpose,
        "request": {"method": method, "url": ORIGIN + path, "headers": headers, "body": body},
        "response": None
        if response is None
        else {
            "status": response[0],
            "headers": {
                "content-type": "application/json",
                "date": "Mon, 23 Nov 2026 10:00:00 GMT",
                "set-cookie": ["ARRAffinity=hidden; Path=/", "ARRAffinitySameSite=hidden; Path=/"],
            },
            "body": response[1],
            "seconds": 0.021 * number,
        },
        "reason": extra.pop("reason", None),
        "attempts": extra.pop("attempts", 1),
        "at": 1795428000.0 + number,
        **extra,
    }


def _finding(
    rule: str, severity: str, operation: str | None, caller: str | None, message: str, **more: Any
) -> dict[str, Any]:
    return {
        "rule": rule,
        "severity": severity,
        "operation": operation,
        "caller": caller,
        "message": message,
        "expected": more.get("expected", ""),
        "observed": more.get("observed", ""),
        "remedy": more.get("remedy", ""),
        "waived": more.get("waived", False),
        "place": more.get("place"),
        "evidence": more.get("evidence", []),
        "data": more.get("data", {}),
    }


def _place(pointer: str, line: int) -> dict[str, Any]:
    return {"file": "connector/apiDefinition.swagger.json", "pointer": pointer, "line": line}


def _findings() -> list[dict[str, Any]]:
    return [
        _finding(
            "anonymous.open",
            "error",
            "ListDocuments",
            "anonymous",
            "ListDocuments answers callers who are not signed in.",
            expected="401, or a redirect to the tenant's sign-in",
            observed="200 with 2 documents",
            remedy="Require authentication for every route of the function app: Authentication → "
            "Edit → Require authentication; or list the operation under [anonymous] public if it "
            "is open on purpose.",
            place=_place("/paths/~1documents/get", 24),
            evidence=["x1"],
            data={
                "curl": f"curl -i '{ORIGIN}/api/documents'",
                "rerun": f"pytest --function-app docs-test '{FILES['anonymous']}[ListDocuments]'",
            },
        ),
        _finding(
            "delegated.leak",
            "error",
            "GetDocument",
            "bob",
            "bob reads a document that belongs to alice.",
            expected="403 or 404",
            observed="200 with doc-alice-1",
            remedy="Compare the caller's object id (X-MS-CLIENT-PRINCIPAL-ID) with the document's "
            "owner before answering.",
            place=_place("/paths/~1documents~1{id}/get", 71),
            evidence=["x5", "x6"],
            data={
                "curl": 'curl -i -H "Authorization: Bearer $TOKEN" '
                f"'{ORIGIN}/api/documents/doc-alice-1'",
                "rerun": f"pytest --function-app docs-test '{FILES['delegated']}[GetDocument]'",
            },
        ),
        _finding(
            "contract.schema",
            "error",
            "GetDocument",
            "alice",
            "size is a number, but the definition says string.",
            expected="string at /size",
            observed="12345678901234567890",
            remedy="Declare size as integer, or answer it as text.",
            place=_place("/definitions/Document/properties/size", 140),
            evidence=["x5"],
            data={"pointer": "/size"},
        ),
        _finding(
            "contract.status",
            "warning",
            "CreateDocument",
            "alice",
            "CreateDocument answers 409, which the definition does not list.",
            expected="201, 400",
            observed="409",
            remedy="Document 409 for a title that is taken.",
            place=_place("/paths/~1documents/post/responses", 55),
            evidence=["x8"],
            waived=True,
        ),
        _finding(
            "definition.summary",
            "note",
            "Health",
            None,
            "Health has no summary.",
            expected="a summary of at most 80 characters",
            observed="none",
            remedy="Give the operation a summary: makers see it in the designer.",
            place=_place("/paths/~1health/get", 160),
        ),
        _finding(
            "target.http",
            "warning",
            None,
            None,
            "The function app also answers over plain HTTP.",
            expected="a redirect to https",
            observed="200",
            remedy="Switch HTTPS Only on.",
        ),
    ]


def _exchanges() -> list[dict[str, Any]]:
    listing = (
        '{"value":[{"id":"doc-alice-1","title":"Plan 2027"},{"id":"doc-alice-2","title":"Budget"}]}'
    )
    refused = (
        401,
        '{"code":401,"message":"You do not have permission to view this directory or page."}',
    )
    one = "/api/documents/doc-alice-1"
    return [
        exchange(
            1,
            "ListDocuments",
            "anonymous",
            "anonymous/plain",
            ("GET", "/api/documents", None),
            (200, listing),
        ),
        exchange(
            2,
            "ListDocuments",
            "alice",
            "contract/example",
            ("GET", "/api/documents?top=2", None),
            (200, listing),
        ),
        exchange(
            3,
            "ListDocuments",
            "bob",
            "delegated/own",
            ("GET", "/api/documents", None),
            (200, '{"value":[]}'),
        ),
        exchange(4, "GetDocument", "anonymous", "anonymous/plain", ("GET", one, None), refused),
        exchange(
            5, "GetDocument", "alice", "contract/example", ("GET", one, None), (200, DOCUMENT)
        ),
        exchange(6, "GetDocument", "bob", "delegated/access", ("GET", one, None), (200, DOCUMENT)),
        exchange(7, "GetDocument", "forged:none", "tokens/none", ("GET", one, None), refused),
        exchange(
            8,
            "CreateDocument",
            "alice",
            "contract/example",
            ("POST", "/api/documents", '{"title":"Plan 2027"}'),
            (409, '{"error":"title is taken"}'),
        ),
        exchange(
            9,
            "CreateDocument",
            "alice",
            "contract/negative",
            ("POST", "/api/documents", '{"title":'),
            (400, HOSTILE),
        ),
        exchange(
            10,
            "WhoAmI",
            "alice",
            "delegated/identity",
            ("GET", "/api/whoami", None),
            (200, '{"userPrincipalName":"alice@contoso.example"}'),
        ),
        exchange(
            11,
            "DeleteDocument",
            "alice",
            "contract/example",
            ("DELETE", one, None),
            None,
            reason="the connection was closed before an answer came",
            attempts=3,
        ),
        exchange(
            12, "Health", "anonymous", "anonymous/plain", ("GET", "/api/health", None), (200, None)
        ),
    ]


def _checks() -> list[dict[str, Any]]:
    failed = {
        ("anonymous", "ListDocuments"),
        ("delegated", "GetDocument"),
        ("contract", "GetDocument"),
    }
    unverified = {
        ("contract", "DeleteDocument"): "DeleteDocument gave no answer: the connection was closed"
    }
    skipped = {
        ("anonymous", "Health"): "open on purpose: listed under [anonymous] public",
        ("delegated", "DeleteDocument"): "DELETE is not sent with --writes examples",
    }
    checks = []
    for suite in SUITES:
        for number, operation in enumerate(OPERATIONS):
            key = (suite, operation)
            outcome, reason = "passed", None
            if key in failed:
                outcome = "failed"
            elif key == ("contract", "CreateDocument"):
                outcome, reason = "waived", "ticket 123"
            elif key in unverified:
                outcome, reason = "unverified", unverified[key]
            elif key in skipped:
                outcome, reason = "skipped", skipped[key]
            checks.append(
                {
                    "id": f"{FILES[suite]}[{operation}]",
                    "suite": suite,
                    "operation": operation,
                    "outcome": outcome,
                    "seconds": 0.05 + number / 100,
                    "reason": reason,
                }
            )
    return checks


def sample_report() -> dict[str, Any]:
    """A failing run: three errors, a waived warning, an unverified check, a note."""
    checks = _checks()
    suites = {
        suite: {
            "outcome": "fail" if suite in ("anonymous", "delegated", "contract") else "pass",
            "reason": None,
            "checks": len(OPERATIONS),
            "findings": 1,
        }
        for suite in SUITES
    }
    return copy.deepcopy(
        {
            "schema": "connector-harness/report/1",
            "verdict": "fail",
            "exit_status": 1,
            "harness": {"version": "0.1.0"},
            "mode": "live",
            "target": {"name": "docs-test", "url": ORIGIN},
            "connector": {
                "title": "Contoso Documents",
                "definition": "connector/apiDefinition.swagger.json",
                "sha256": "ab" * 32,
                "operations": len(OPERATIONS),
            },
            "started": "2026-11-23T10:00:00Z",
            "seconds": 12.34,
            "requests": {"sent": 420, "replayed": 0, "retried": 3, "writes": 7},
            "suites": suites,
            "notes": ["alice's identity was proved by the function's own answer (WhoAmI)."],
            "waivers": [
                {
                    "rule": "contract.status",
                    "operation": "CreateDocument",
                    "match": "409",
                    "reason": "ticket 123",
                    "until": "2027-01-31",
                    "used": 1,
                    "expired": False,
                },
                {
                    "rule": "contract.header",
                    "operation": None,
                    "match": None,
                    "reason": "ticket 99",
                    "until": "2026-10-01",
                    "used": 0,
                    "expired": True,
                },
            ],
            "checks": checks,
            "findings": _findings(),
            "exchanges": _exchanges(),
            "coverage": {
                "ListDocuments": {
                    "callers": ["alice", "anonymous", "bob"],
                    "statuses": [200],
                    "parameters": ["top"],
                    "not_exercised": ["parameter skip: no value is given"],
                },
                "GetDocument": {
                    "callers": ["alice", "anonymous", "bob", "forged:none"],
                    "statuses": [200, 401],
                    "parameters": ["id"],
                    "not_exercised": [],
                },
                "CreateDocument": {
                    "callers": ["alice"],
                    "statuses": [400, 409],
                    "parameters": ["title"],
                    "not_exercised": ["status 201: every title was taken"],
                },
                "DeleteDocument": {
                    "callers": ["alice"],
                    "statuses": [],
                    "parameters": ["id"],
                    "not_exercised": ["statuses 204, 404: no answer came"],
                },
                "WhoAmI": {
                    "callers": ["alice"],
                    "statuses": [200],
                    "parameters": [],
                    "not_exercised": [],
                },
                "Health": {
                    "callers": ["anonymous"],
                    "statuses": [200],
                    "parameters": [],
                    "not_exercised": [],
                },
            },
        }
    )


def previous_report() -> dict[str, Any]:
    """The run before: the leak is not there yet, and something is wrong that is mended since."""
    report = sample_report()
    report["started"] = "2026-11-20T09:00:00Z"
    report["findings"] = [f for f in report["findings"] if f["rule"] != "delegated.leak"]
    report["findings"] += [
        _finding(
            "contract.schema",
            "error",
            "WhoAmI",
            "alice",
            "userPrincipalName is missing.",
            expected="text",
            observed="nothing",
            remedy="Answer it.",
        ),
        _finding(
            "contract.schema",
            "error",
            "DeleteDocument",
            "alice",
            "The answer to a DELETE has a body.",
            expected="none",
            observed="a body",
            remedy="Answer 204.",
        ),
    ]
    return report
