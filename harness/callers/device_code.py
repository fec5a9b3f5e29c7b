"""The device code flow with a person: shows the code, counts down, stops when told."""

from __future__ import annotations

from collections.abc import Callable

from harness.callers.diagnosis import Attempt, diagnose
from harness.callers.entra_client import EntraClient
from harness.callers.prompting import Prompt, SignInPage
from harness.callers.token import Token
from harness.errors import SignInError

__all__ = ["sign_in_by_device_code"]

TICK_S = 1.0


def sign_in_by_device_code(
    client: EntraClient,
    attempt: Attempt,
    scopes: list[str],
    username: str | None,
    *,
    prompt: Prompt,
    wait: Callable[[float], bool],
    clock: Callable[[], float],
) -> Token:
    """A token once the person has signed in (RFC 8628 3.4: polls no faster than allowed).

    `wait` sleeps for some seconds and tells whether to go on.

    Raises:
        SignInError: declined, run out, refused, or the run was stopped.
    """
    flow = client.start_device_code(attempt, scopes)
    ends = clock() + flow["expires_in"]
    prompt.show(
        SignInPage(
            attempt.user, username, flow["verification_uri"], flow["user_code"], flow["expires_in"]
        )
    )
    try:
        while clock() < ends:
            if not _count_down(flow["interval"], ends, prompt, wait, clock):
                raise stopped(attempt)
            token = client.poll_device_code(attempt, flow)
            if token is not None:
                return token
        raise diagnose({"error": "expired_token"}, attempt)
    except SignInError:
        prompt.end(f"{attempt.user}: not signed in")
        raise
    except KeyboardInterrupt:
        prompt.end(f"{attempt.user}: stopped")
        raise


def stopped(attempt: Attempt) -> SignInError:
    """The error of a sign-in that was stopped with the run."""
    return diagnose({"error": "abort"}, attempt)


def _count_down(
    seconds: int,
    ends: float,
    prompt: Prompt,
    wait: Callable[[float], bool],
    clock: Callable[[], float],
) -> bool:
    """Wait until the next poll, showing the time left; False when the run was stopped."""
    for _ in range(max(1, seconds)):
        prompt.count_down(ends - clock())
        if not wait(TICK_S):
            return False
    return True
