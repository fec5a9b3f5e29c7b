"""API Management in front of the app: it asks for a subscription key before the app sees a call.

Statuses, challenge and words as "Subscriptions in Azure API Management" and captured answers have
them: 401 with `AzureApiManagementKey` and an object of `statusCode` and `message`.
"""

from __future__ import annotations

import hmac

from harness.emulator.faults import Faults
from harness.emulator.web import Answer, Handler, HttpRequest, json_answer

__all__ = ["GATEWAY_HEADER", "Gateway"]

GATEWAY_HEADER = "Ocp-Apim-Subscription-Key"
QUERY = "subscription-key"
MISSING = (
    "Access denied due to missing subscription key. Make sure to include subscription key when "
    "making requests to an API."
)
INVALID = (
    "Access denied due to invalid subscription key. Make sure to provide a valid key for an active "
    "subscription."
)


class Gateway:
    """Lets calls with the key through to the app, and answers the rest itself."""

    def __init__(self, key: str, faults: Faults, app: Handler) -> None:
        self._key = key
        self._faults = faults
        self._app = app

    async def handle(self, request: HttpRequest) -> Answer:
        """Serve one request, or refuse it in the app's place."""
        given = request.header(GATEWAY_HEADER) or request.query.get(QUERY)
        if not given:
            return _refusal(request, MISSING)
        if not hmac.compare_digest(given.encode("utf-8"), self._key.encode("utf-8")):
            return _refusal(request, INVALID)
        if self._faults.has("gateway-jwt") and not request.header("authorization"):
            return json_answer({"statusCode": 401, "message": "JWT not present."}, 401)
        request.headers = [
            (k, v) for k, v in request.headers if k.lower() != GATEWAY_HEADER.lower()
        ]
        return await self._app(request)


def _refusal(request: HttpRequest, message: str) -> Answer:
    answer = json_answer({"statusCode": 401, "message": message}, 401)
    host = request.header("host") or ""
    answer.set_header(
        "WWW-Authenticate",
        f'AzureApiManagementKey realm="https://{host}",name="{GATEWAY_HEADER}",type="header"',
    )
    return answer
