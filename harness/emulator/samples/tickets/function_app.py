"""Tickets as a C# team would serve them: GUIDs, PascalCase, ProblemDetails, pages by nextLink."""

import base64
import csv
import io
import json
import threading
import uuid
from datetime import UTC, datetime

import azure.functions as func

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)

FAULTS = {
    "tickets-list-all": "the list of tickets shows everybody's",
    "tickets-search-all": "the search finds everybody's tickets",
    "tickets-count-all": "the count counts everybody's tickets",
    "tickets-export-all": "the table holds everybody's tickets",
    "tickets-get-any": "a ticket is read by id without asking whose it is",
    "tickets-patch-any": "a ticket is changed without asking whose it is",
    "tickets-delete-any": "a ticket is deleted without asking whose it is",
    "tickets-me-other": "the profile names another user who called before",
    "tickets-note-refused": "every new ticket with a note is refused",
    "tickets-page-dead": "the link to the next page leads nowhere",
    "tickets-page-loops": "the link to the next page leads to the same page",
    "tickets-top-ignored": "the number of tickets that was asked for is ignored",
    "tickets-filter-ignored": "the filter by priority is ignored",
    "tickets-deleted-answers": "a deleted ticket still answers",
    "tickets-owner-taken": "the owner is taken from the body",
    "tickets-leaks-internals": "refusals carry a stack trace",
    "tickets-png-is-html": "the picture is a page",
}
PRIORITIES = ("Low", "Normal", "High")
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
TRACE = "at Tickets.Api.TicketsController.Create(TicketDto dto) in C:\\src\\Tickets.cs:line 42"

LEAD = "alice@contoso.example"

_lock = threading.Lock()
_tickets = {}
_callers = []
PROJECTS = [
    {
        "Id": "5b0e3f52-5a1c-4c3b-9a55-0d5a3c8b1f01",
        "Name": "Apollo",
        "Owner": "alice@contoso.example",
    },
    {
        "Id": "9c7d2a10-1f4e-4b8a-8e2d-6a9f0b3c4d02",
        "Name": "Gemini",
        "Owner": "alice@contoso.example",
    },
]


def has_fault(name):
    """Whether a fault is on; the emulator puts its own in this place."""
    return False


def answer(body, status=200, **headers):
    return func.HttpResponse(
        json.dumps(body), status_code=status, mimetype="application/json", headers=headers
    )


def problem(status, title, errors=None):
    body = {"type": f"https://httpstatuses.io/{status}", "title": title, "status": status}
    body["traceId"] = uuid.uuid4().hex
    if errors:
        body["errors"] = errors
    if has_fault("tickets-leaks-internals"):
        body["detail"] = TRACE
    return func.HttpResponse(
        json.dumps(body), status_code=status, mimetype="application/problem+json"
    )


def caller(req):
    claims = {}
    for claim in json.loads(base64.b64decode(req.headers["X-MS-CLIENT-PRINCIPAL"] + "=="))[
        "claims"
    ]:
        claims.setdefault(claim["typ"].rsplit("/", 1)[-1], claim["val"])
    if "scp" not in claims and "scope" not in claims:
        return None
    return claims.get("preferred_username") or claims.get("upn") or claims.get("name")


def of(user, fault):
    with _lock:
        rows = [t for t in _tickets.values() if t["Owner"] == user or has_fault(fault)]
    return sorted((t for t in rows if not t["Gone"]), key=lambda t: (t["Created"], t["Id"]))


def told(ticket):
    return {k: v for k, v in ticket.items() if k not in ("Owner", "Gone") and v is not None}


def checked(body):
    errors = {}
    if not isinstance(body, dict):
        return {
            "$": ["The JSON value could not be converted."],
            "dto": ["The dto field is required."],
        }
    title = body.get("Title")
    if not isinstance(title, str) or not 1 <= len(title) <= 120:
        errors["Title"] = ["The Title field is required." if title is None else "Title: 1 to 120."]
    if body.get("ProjectId") not in [p["Id"] for p in PROJECTS]:
        errors["ProjectId"] = ["There is no such project."]
    if "Priority" in body and body["Priority"] not in PRIORITIES:
        errors["Priority"] = ["The value is not valid."]
    if "Note" in body and (not isinstance(body["Note"], str) or has_fault("tickets-note-refused")):
        errors["Note"] = ["The value is not valid."]
    return errors


def body_of(req):
    try:
        return req.get_json()
    except ValueError:
        return None


def guarded(work):
    def run(req: func.HttpRequest) -> func.HttpResponse:
        user = caller(req)
        return problem(403, "Only people may call.") if user is None else work(req, user)

    run.__name__ = work.__name__
    return run


@app.function_name("Me")
@app.route(route="v1/profile", methods=["GET"])
@guarded
def me(req, user):
    _callers.append(user)
    other = next((name for name in _callers if name != user), user)
    return answer({"email": other if has_fault("tickets-me-other") else user, "locale": "en-US"})


@app.function_name("ListProjects")
@app.route(route="v1/projects", methods=["GET"])
@guarded
def list_projects(req, user):
    return answer({"Items": PROJECTS})


@app.function_name("ListTickets")
@app.route(route="v1/tickets", methods=["GET"])
@guarded
def list_tickets(req, user):
    rows = of(user, "tickets-list-all")
    wanted, top, skip = (req.params.get(n) for n in ("priority", "pageSize", "skip"))
    if wanted is not None and wanted not in PRIORITIES:
        return problem(400, "Bad request", {"priority": ["The value is not valid."]})
    if top is not None and not (top.isascii() and top.isdigit() and 1 <= int(top) <= 50):
        return problem(400, "Bad request", {"pageSize": ["Must be between 1 and 50."]})
    if skip is not None and not (skip.isascii() and skip.isdigit() and int(skip) <= 100000):
        return problem(400, "Bad request", {"skip": ["The value is not valid."]})
    if wanted and not has_fault("tickets-filter-ignored"):
        rows = [t for t in rows if t["Priority"] == wanted]
    size = 50 if has_fault("tickets-top-ignored") else int(top or 2)
    start = int(skip or 0)
    page = {"Items": [told(t) for t in rows[start : start + size]]}
    if len(rows) > start + size:
        after = start if has_fault("tickets-page-loops") else start + size
        path = "v1/gone" if has_fault("tickets-page-dead") else "v1/tickets"
        page["nextLink"] = f"/api/{path}?pageSize={size}&skip={after}"
    return answer(page)


@app.function_name("SearchTickets")
@app.route(route="v1/tickets/search", methods=["GET"])
@guarded
def search_tickets(req, user):
    text = req.params.get("q")
    if not text:
        return problem(400, "Bad request", {"q": ["The q field is required."]})
    rows = [t for t in of(user, "tickets-search-all") if text.lower() in t["Title"].lower()]
    return answer({"Items": [told(t) for t in rows]})


@app.function_name("CountTickets")
@app.route(route="v1/tickets/count", methods=["GET"])
@guarded
def count_tickets(req, user):
    return answer({"Open": len(of(user, "tickets-count-all")), "Overdue": 0})


@app.function_name("ExportTickets")
@app.route(route="v1/tickets/export", methods=["GET"])
@guarded
def export_tickets(req, user):
    out = io.StringIO()
    rows = csv.writer(out)
    rows.writerow(["Id", "Title", "Priority"])
    rows.writerows([t["Id"], t["Title"], t["Priority"]] for t in of(user, "tickets-export-all"))
    return func.HttpResponse(out.getvalue(), mimetype="text/csv")


@app.function_name("CreateTicket")
@app.route(route="v1/tickets", methods=["POST"])
@guarded
def create_ticket(req, user):
    body = body_of(req)
    errors = checked(body)
    if errors:
        return problem(400, "One or more validation errors occurred.", errors)
    own = str(uuid.uuid4())
    owner = body.get("Owner", user) if has_fault("tickets-owner-taken") else user
    with _lock:
        _tickets[own] = {
            "Id": own,
            "Title": body["Title"],
            "Priority": body.get("Priority", "Normal"),
            "ProjectId": body["ProjectId"],
            "Note": body.get("Note"),
            "Created": datetime.now(UTC).isoformat().replace("+00:00", "Z"),
            "Owner": owner,
            "Gone": False,
        }
    return answer(told(_tickets[own]), 201, Location=f"/api/v1/tickets/{own}")


def found(req, user, fault):
    ticket = _tickets.get(req.route_params["id"].lower())
    if ticket is None or (ticket["Owner"] != user and not has_fault(fault)):
        return None
    return None if ticket["Gone"] and not has_fault("tickets-deleted-answers") else ticket


@app.function_name("GetTicket")
@app.route(route="v1/tickets/{id}", methods=["GET"])
@guarded
def get_ticket(req, user):
    ticket = found(req, user, "tickets-get-any")
    return problem(404, "Not found") if ticket is None else answer(told(ticket))


@app.function_name("GetBadge")
@app.route(route="v1/tickets/{id}/badge", methods=["GET"])
@guarded
def get_badge(req, user):
    if found(req, user, "tickets-get-any") is None:
        return problem(404, "Not found")
    if has_fault("tickets-png-is-html"):
        return func.HttpResponse("<p>soon</p>", mimetype="text/html")
    return func.HttpResponse(PNG, mimetype="image/png")


@app.function_name("UpdateTicket")
@app.route(route="v1/tickets/{id}", methods=["PATCH"])
@guarded
def update_ticket(req, user):
    ticket, body = found(req, user, "tickets-patch-any"), body_of(req)
    if ticket is None:
        return problem(404, "Not found")
    if not isinstance(body, dict):
        return problem(400, "Bad request", {"$": ["The JSON value could not be converted."]})
    errors = {k: v for k, v in checked({**told(ticket), **body}).items() if k in body}
    if errors:
        return problem(400, "One or more validation errors occurred.", errors)
    ticket.update({k: body[k] for k in ("Title", "Priority", "ProjectId", "Note") if k in body})
    return func.HttpResponse(status_code=204)


@app.function_name("CloseTicket")
@app.route(route="v1/tickets/{id}/close", methods=["POST"])
@guarded
def close_ticket(req, user):
    ticket = found(req, user, "tickets-patch-any")
    if ticket is None:
        return problem(404, "Not found")
    ticket["Priority"] = "Low"
    return func.HttpResponse(status_code=204)


@app.function_name("DeleteTicket")
@app.route(route="v1/tickets/{id}", methods=["DELETE"])
@guarded
def delete_ticket(req, user):
    ticket = found(req, user, "tickets-delete-any")
    if ticket is None:
        return problem(404, "Not found")
    ticket["Gone"] = True
    return func.HttpResponse(status_code=204)
