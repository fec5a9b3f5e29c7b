"""Keeping today's access token until it serves as a genuinely expired one.

Only the tenant can sign an expired token. With `[tokens] keep-expired = true` the default user's
token is put into the system's encrypted store, and taken out again once it is dead for longer than
the app's grace. Never in CI, never in a plain file.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from harness.bounds.parsing import parse_json
from harness.callers.cache import data_folder
from harness.callers.claims import claims_of

__all__ = ["forget_expired", "keep_and_take"]

DEAD_FOR_S = 15 * 60
"""How long past `exp` a token must be: the app accepts five minutes of grace."""
FILE_NAME = "expired-tokens.bin"
CI_VARIABLES = ("CI", "TF_BUILD", "GITHUB_ACTIONS")


def keep_and_take(
    key: str,
    token: str,
    *,
    environ: Mapping[str, str],
    folder: Path | None = None,
    build: Callable[[str], Any] | None = None,
    now: float | None = None,
) -> tuple[str | None, str]:
    """Keep a token under a key (tenant, client, user, scope) and take a dead one of the same key.

    Returns the expired token or None, and the reason why there is none. `build` makes the encrypted
    persistence for a path (default: msal-extensions').
    """
    if any(environ.get(name) for name in CI_VARIABLES):
        return None, "tokens are not kept in CI"
    store = _store(folder or data_folder(), build)
    if isinstance(store, str):
        return None, store
    kept = _load(store)
    moment = time.time() if now is None else now
    rows = [text for text in kept.get(key, []) if isinstance(text, str)]
    dead = [text for text in rows if _expiry(text) + DEAD_FOR_S < moment]
    alive = [text for text in rows if text not in dead]
    kept[key] = [*dead[-1:], *alive[-1:]] if token in alive else [*dead[-1:], token]
    store.save(json.dumps(kept))
    if dead:
        return dead[-1], ""
    return None, "today's token was kept; it serves as an expired one in a later run"


def forget_expired(
    folder: Path | None = None, build: Callable[[str], Any] | None = None
) -> list[str]:
    """Remove every kept token; tells which file is gone."""
    folder = folder or data_folder()
    path = folder / FILE_NAME
    if not path.exists():
        return []
    store = _store(folder, build)
    if not isinstance(store, str):
        # Where the system's keyring holds the content, the file only marks it.
        store.save("{}")
    path.unlink(missing_ok=True)
    return [FILE_NAME]


def _store(folder: Path, build: Callable[[str], Any] | None) -> Any:
    """The encrypted persistence, or the reason why there is none."""
    if build is None:
        from msal_extensions import build_encrypted_persistence

        build = build_encrypted_persistence
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return build(str(folder / FILE_NAME))
    except Exception as error:
        return f"there is no encrypted store to keep a token in ({type(error).__name__})"


def _load(store: Any) -> dict[str, Any]:
    try:
        document = parse_json(store.load())
    except Exception:
        return {}
    return document if isinstance(document, dict) else {}


def _expiry(token: str) -> float:
    value = claims_of(token).get("exp")
    return float(value) if isinstance(value, int | float) else 0.0
