"""What an answer itself says: words from public bug reports, and who in front of the app spoke."""

from __future__ import annotations

import pytest

from harness.exchanges.front_ends import front_end_of, quoted
from harness.exchanges.model import Response
from harness.exchanges.own_reason import reasons_in

TOKEN = "eyJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJ4In0.c2lnbmF0dXJl"


def answer(status: int, body: str = "", **headers: str) -> Response:
    pairs = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return Response(status, pairs, body.encode("utf-8"), 0.0)


def challenge(description: str) -> Response:
    value = f'Bearer error="invalid_token", error_description="{description}"'
    return answer(401, www_authenticate=value)


@pytest.mark.parametrize(
    ("response", "topic"),
    [
        # dark-loop/functions-authorize 21, 19; Azure/AzureTRE 361; MicrosoftDocs/azure-docs 19707
        (challenge("The audience 'api1 api2 api3 api4' is invalid"), "audience"),
        (answer(401, "IDX10231: Audience validation failed. Delegate returned false"), "audience"),
        (answer(401, '{"detail": "Invalid audience"}'), "audience"),
        (
            answer(401, '{"error": {"message": "Invalid authorization token audience."}}'),
            "audience",
        ),
        (challenge("The issuer 'https://sts.windows.net/x/' is invalid"), "issuer"),
        (challenge("The signature key was not found"), "signature"),
        (challenge("The token expired at '11/06/2026 09:54:28'"), "time"),
        (answer(401, "Jwt is expired"), "time"),
        (answer(401, '{"message": "IDX20803: Unable to obtain configuration from x"}'), "setup"),
        (answer(403, '{"title": "Forbidden", "detail": "Missing role Reader"}'), "role"),
        (answer(403, www_authenticate='Bearer error="insufficient_scope", scope="a.b"'), "scope"),
        (answer(403, "You do not have permission to view this directory or page."), "allow-list"),
        (answer(401, www_authenticate='Bearer claims="e30=", error="x"'), "claims-challenge"),
    ],
)
def test_words_of_public_reports_have_their_topic(response: Response, topic: str) -> None:
    assert reasons_in(response)[0].topic == topic


@pytest.mark.parametrize(
    ("response", "who"),
    [
        (answer(407, proxy_authenticate="NTLM"), "a company's proxy"),
        (answer(403, "<h2>The request is blocked.</h2>", x_azure_ref="0"), "Azure Front Door"),
        (
            answer(403, "<center>Microsoft-Azure-Application-Gateway/v2</center>"),
            "Application Gateway",
        ),
        (answer(403, "<h1>Error 403 - This web app is stopped.</h1>"), "App Service"),
        (answer(403, x_ms_forbidden_ip="1.2.3.4"), "App Service"),
        (answer(401, '{"statusCode": 401, "message": "JWT not present."}'), "API Management"),
        (answer(403, "<title>Attention Required</title>", server="cloudflare"), "Cloudflare"),
    ],
)
def test_who_answers_in_the_apps_place_is_known(response: Response, who: str) -> None:
    found = front_end_of(response)

    assert found is not None
    assert found.who == who


@pytest.mark.parametrize(
    "response",
    [
        answer(401),
        answer(403),
        answer(403, '{"statusCode": 403, "message": "no", "detail": "of the app"}'),
        answer(200, "<p>The request is blocked.</p>", content_type="text/html"),
        answer(404),
    ],
)
def test_the_apps_own_answers_are_not_taken_for_a_front_ends(response: Response) -> None:
    assert front_end_of(response) is None


def test_a_quoted_answer_never_holds_a_token() -> None:
    assert TOKEN not in quoted(f"refused {TOKEN} here")
    assert "refused" in quoted(f"refused {TOKEN} here")
    assert TOKEN not in "".join(r.words for r in reasons_in(challenge(f"bad token {TOKEN}")))
