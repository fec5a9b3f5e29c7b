"""A small document API with per-user data, for App Service Authentication in front of it."""

import base64
import functools
import itertools
import json
import threading
from datetime import date, datetime

import azure.functions as func

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)

SCOPE = "user_impersonation"
STATUSES = ("draft", "published", "archived")
CATEGORIES = [{"id": "hr", "name": "Human Resources"}, {"id": "it", "name": "IT"}]
CREATED = "2024-05-01T09:00:00Z"
MOST_DOCUMENTS = 1000

_lock = threading.Lock()
_numbers = itertools.count(1)
_documents: dict[str, dict] = {}


def _document(document_id, owner, title, **more):
    return {
        "id": document_id,
        "title": title,
        "status": "draft",
        "category": None,
        "pages": 1,
        "createdAt": CREATED,
        "dueDate": None,
        "tags": [],
        "author": {"name": owner, "team": None},
        **more,
    }


def _seed(owner, key):
    for number, (title, status) in enumerate(
        (("Travel report", "published"), ("Budget", "draft")), start=1
    ):
        document = _document(
            f"doc-{key}-{number}", owner, title, status=status, tags=["sample"], category="hr"
        )
        _documents[document["id"]] = {"owner": owner, "document": document}


def _name_key(name):
    return "".join(char for char in name.split("@")[0].lower() if char.isalnum()) or "user"


def _answer(body, status=200, **headers):
    return func.HttpResponse(
        json.dumps(body),
        status_code=status,
        mimetype="application/json",
        headers={"Cache-Control": "no-store", **headers},
    )


def _error(status, code, message):
    return _answer({"error": {"code": code, "message": message}}, status)


def _principal(request):
    """The user that App Service Authentication vouches for, or None."""
    encoded = request.headers.get("X-MS-CLIENT-PRINCIPAL")
    if not encoded:
        return None
    claims = {}
    for claim in json.loads(base64.b64decode(encoded + "=="))["claims"]:
        claims.setdefault(claim["typ"].rsplit("/", 1)[-1], claim["val"])
    return claims


def signed_in(handler):
    """Delegated access only: the principal must be a user who granted our scope."""

    @functools.wraps(handler)
    def guarded(req: func.HttpRequest) -> func.HttpResponse:
        principal = _principal(req)
        if principal is None:
            return _error(401, "unauthorized", "Sign in first.")
        scopes = (principal.get("scope") or principal.get("scp") or "").split()
        if SCOPE not in scopes:
            return _error(403, "forbidden", "This API serves signed-in users only.")
        return handler(req, principal)

    return guarded


def _name(principal):
    return principal.get("preferred_username") or principal.get("upn") or principal.get("name")


def _own(principal):
    """The caller's documents; everybody starts with two."""
    owner = _name(principal)
    with _lock:
        if not any(row["owner"] == owner for row in _documents.values()):
            _seed(owner, _name_key(owner))
        return {k: row["document"] for k, row in _documents.items() if row["owner"] == owner}


def _body(request):
    try:
        body = request.get_json()
    except ValueError:
        return None
    return body if isinstance(body, dict) else None


def _is_day(value):
    if not isinstance(value, str) or len(value) != 10:
        return False
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return True


def _is_text(value, least, most):
    return isinstance(value, str) and least <= len(value) <= most


def _problem(body):
    """What is wrong with a document that a caller sent, or None."""
    known = {"title", "status", "category", "pages", "dueDate", "tags"}
    if body is None:
        return "The body must be a JSON object."
    if set(body) - known:
        return f"Unknown property: {sorted(set(body) - known)[0]}"
    if not _is_text(body.get("title"), 1, 200):
        return "title must be a text of 1 to 200 characters."
    checks = {
        "status": lambda v: isinstance(v, str) and v in STATUSES,
        "category": lambda v: (
            v is None or (isinstance(v, str) and v in {c["id"] for c in CATEGORIES})
        ),
        "pages": lambda v: isinstance(v, int) and not isinstance(v, bool) and 1 <= v <= 10000,
        "dueDate": lambda v: v is None or _is_day(v),
        "tags": lambda v: (
            isinstance(v, list) and len(v) <= 20 and all(_is_text(tag, 1, 50) for tag in v)
        ),
    }
    for name, fits in checks.items():
        if name in body and not fits(body[name]):
            return f"{name} is not valid."
    return None


@app.route(route="Hello", methods=["POST"])
@signed_in
def Hello(req: func.HttpRequest, principal) -> func.HttpResponse:
    """The function of the tutorial."""
    body = _body(req)
    name = body.get("name", "") if body is not None else None
    if not isinstance(name, str):
        return func.HttpResponse("The name must be a text.", status_code=400)
    if not name:
        return func.HttpResponse(
            "This HTTP triggered function executed successfully. Pass a name in the request body "
            "for a personalized response."
        )
    return func.HttpResponse(f"Hello, {name}. This HTTP triggered function executed successfully.")


@app.route(route="me", methods=["GET"])
@signed_in
def WhoAmI(req: func.HttpRequest, principal) -> func.HttpResponse:
    return _answer(
        {
            "userPrincipalName": _name(principal),
            "displayName": principal.get("name"),
            "id": principal.get("objectidentifier") or principal.get("oid"),
        }
    )


@app.route(route="documents", methods=["GET"])
@signed_in
def ListDocuments(req: func.HttpRequest, principal) -> func.HttpResponse:
    status, top, after = (req.params.get(n) for n in ("status", "top", "createdAfter"))
    if "status" in req.params and status not in STATUSES:
        return _error(400, "badRequest", "status is not one of the known ones.")
    if "top" in req.params and not (top.isascii() and top.isdigit() and 1 <= int(top) <= 100):
        return _error(400, "badRequest", "top must be 1 to 100.")
    if "createdAfter" in req.params:
        try:
            moment = datetime.fromisoformat(after)
        except ValueError:
            return _error(400, "badRequest", "createdAfter must be a date and time.")
        if moment.tzinfo is None or "T" not in after.upper():
            return _error(400, "badRequest", "createdAfter needs a time and its zone.")
    else:
        moment = None
    found = [
        d
        for d in _own(principal).values()
        if (not status or d["status"] == status)
        and (moment is None or datetime.fromisoformat(d["createdAt"]) > moment)
    ]
    total = {"X-Total-Count": str(len(found))}
    return _answer({"value": found[: int(top)] if top else found}, **total)


@app.route(route="documents", methods=["POST"])
@signed_in
def CreateDocument(req: func.HttpRequest, principal) -> func.HttpResponse:
    body = _body(req)
    problem = _problem(body)
    if problem:
        return _error(400, "badRequest", problem)
    owner = _name(principal)
    with _lock:
        if len(_documents) >= MOST_DOCUMENTS:
            _documents.clear()
        document = _document(f"doc-{next(_numbers):04d}", owner, **body)
        _documents[document["id"]] = {"owner": owner, "document": document}
    return _answer(document, 201)


@app.route(route="documents/search", methods=["GET"])
@signed_in
def SearchDocuments(req: func.HttpRequest, principal) -> func.HttpResponse:
    text = req.params.get("text")
    if not text:
        return _error(400, "badRequest", "text is required.")
    if len(text) > 100:
        return _error(400, "badRequest", "text must have at most 100 characters.")
    found = [d for d in _own(principal).values() if text.lower() in d["title"].lower()]
    return _answer({"value": found})


@app.route(route="documents/{id}", methods=["GET"])
@signed_in
def GetDocument(req: func.HttpRequest, principal) -> func.HttpResponse:
    document = _own(principal).get(req.route_params["id"])
    return _answer(document) if document else _error(404, "notFound", "There is no such document.")


@app.route(route="documents/{id}", methods=["PUT"])
@signed_in
def ReplaceDocument(req: func.HttpRequest, principal) -> func.HttpResponse:
    document_id, body = req.route_params["id"], _body(req)
    problem = _problem(body)
    if problem:
        return _error(400, "badRequest", problem)
    if document_id not in _own(principal):
        return _error(404, "notFound", "There is no such document.")
    owner = _name(principal)
    with _lock:
        document = _document(document_id, owner, **body)
        _documents[document_id] = {"owner": owner, "document": document}
    return _answer(document)


@app.route(route="documents/{id}", methods=["DELETE"])
@signed_in
def DeleteDocument(req: func.HttpRequest, principal) -> func.HttpResponse:
    if req.route_params["id"] not in _own(principal):
        return _error(404, "notFound", "There is no such document.")
    with _lock:
        _documents.pop(req.route_params["id"], None)
    return func.HttpResponse(status_code=204)


@app.route(route="announcements", methods=["GET"])
@signed_in
def ListAnnouncements(req: func.HttpRequest, principal) -> func.HttpResponse:
    """Shared with everybody on purpose: the same records for every user."""
    return _answer({"value": [{"id": "ann-1", "title": "Welcome", "postedAt": CREATED}]})


@app.route(route="categories", methods=["GET"])
@signed_in
def ListCategories(req: func.HttpRequest, principal) -> func.HttpResponse:
    return _answer({"value": CATEGORIES})


@app.route(route="health", methods=["GET"])
def Health(req: func.HttpRequest) -> func.HttpResponse:
    return _answer({"status": "ok"})
