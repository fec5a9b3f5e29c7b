"""The app's own list of routes, read from wherever it is kept.

Three forms: an OpenAPI document of the app (file or text), the JSON of `az functionapp function
list`, and a source tree (`function.json` files and Python v2 decorators, read without running
them). Comparing with the connector is left to `harness.suites.contract.inventory_judgement`.
Sources: Microsoft Learn, "Azure Functions HTTP trigger" and "Azure Functions Python developer
guide".
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from harness.bounds.files import is_dir, is_file, read_bounded, reason_of
from harness.bounds.limits import LARGEST_CODE
from harness.bounds.parsing import OutOfBoundsError, parse_json
from harness.connector.model import METHODS
from harness.errors import DefinitionError, SettingsError, TargetError
from harness.exchanges.context import RunContext
from harness.exchanges.model import ANONYMOUS, Exchange, Probe, Request, user

__all__ = [
    "Inventory",
    "Route",
    "inventory_from_folder",
    "inventory_from_text",
    "inventory_of",
    "inventory_probe",
    "read_inventory",
]

_ALL_METHODS = ("GET", "POST", "PUT", "DELETE", "PATCH")
_PASSED_OVER = frozenset({".venv", "venv", "node_modules", ".python_packages", "__pycache__"})


@dataclass(frozen=True, slots=True)
class Route:
    """One route: method, path without the base path (`/documents/{id}`), and where it was found."""

    method: str
    path: str
    name: str
    auth_level: str = ""


@dataclass(frozen=True, slots=True)
class Inventory:
    """All routes found; `source` says in what."""

    source: str
    routes: tuple[Route, ...]

    def pairs(self) -> tuple[tuple[str, str], ...]:
        """Method and path of each route, as `contract_plan` takes them in its memory."""
        return tuple((route.method, route.path) for route in self.routes)


def inventory_probe(context: RunContext) -> Probe | None:
    """The probe that fetches the inventory where `[contract] inventory` is a URL, else None.

    The user's token goes to the function app alone, never to another host.
    """
    setting = context.settings.contract.inventory
    if setting is None or not setting.startswith(("http://", "https://")):
        return None
    parts = urlsplit(setting)
    origin = f"{parts.scheme}://{parts.netloc}"
    own = origin == context.origin
    name = context.settings.default_user
    caller = user(name) if own and name is not None else ANONYMOUS
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    request = Request("GET", target, (("Accept", "application/json"),), None, origin)
    return Probe("inventory", None, caller, request, "contract/inventory")


def inventory_of(context: RunContext, exchange: Exchange | None) -> Inventory:
    """The inventory that the settings name: from the probe's exchange, or from a file.

    Raises:
        SettingsError: there is no such file, or what came is no inventory.
        TargetError: the URL did not answer with success.
    """
    setting = context.settings.contract.inventory or ""
    if exchange is None:
        return read_inventory(context.settings.root / setting)
    if exchange.response is None or exchange.response.status != 200:
        got = exchange.status or exchange.reason
        raise TargetError(f"the inventory {setting} was answered with {got}; give a file instead")
    return inventory_from_text(exchange.response.text, setting)


def read_inventory(path: Path) -> Inventory:
    """The inventory in a file or source folder.

    Raises:
        SettingsError: nothing is there, or it is none of the known forms.
    """
    if is_dir(path):
        return inventory_from_folder(path)
    if path.suffix == ".py" and is_file(path):
        return Inventory(path.name, tuple(_python_routes(path)))
    text = _text_of(path)
    return inventory_from_text(text, path.name)


def inventory_from_text(text: str, source: str) -> Inventory:
    """The inventory in a document's text: OpenAPI (2 or 3, JSON or YAML) or a list of functions.

    Raises:
        SettingsError: the text is none of the known forms.
    """
    data = _parsed(text, source)
    if isinstance(data, Mapping) and isinstance(data.get("paths"), Mapping):
        return Inventory(source, tuple(_openapi_routes(data)))
    if isinstance(data, Mapping) and isinstance(data.get("value"), list):
        data = data["value"]
    if isinstance(data, list):
        return Inventory(source, tuple(_listed_routes(data)))
    raise SettingsError(
        f"the inventory {source} is neither an OpenAPI document nor a list of functions; give the "
        "app's /api/swagger.json, the output of `az functionapp function list`, or its sources"
    )


def inventory_from_folder(folder: Path) -> Inventory:
    """The routes of a source tree: every `function.json`, and the decorators of Python files."""
    prefix_free: list[Route] = []
    for path in sorted(folder.rglob("function.json")):
        if not _PASSED_OVER & set(path.parts):
            data = _parsed(_text_of(path), path.name)
            prefix_free += _bindings(data, path.parent.name)
    for path in sorted(folder.rglob("*.py")):
        if not _PASSED_OVER & set(path.parts):
            prefix_free += _python_routes(path)
    if not prefix_free:
        raise SettingsError(
            f"no HTTP-triggered function in {folder.as_posix()}: looked for function.json files "
            "and for @app.route decorators"
        )
    return Inventory(folder.name, tuple(prefix_free))


def _text_of(path: Path) -> str:
    try:
        return read_bounded(path).decode("utf-8-sig")
    except (OSError, ValueError) as error:
        raise SettingsError(
            f"the inventory {path.as_posix()} cannot be read: {reason_of(error)}"
        ) from None


def _parsed(text: str, source: str) -> Any:
    try:
        return parse_json(text)
    except OutOfBoundsError as error:
        raise SettingsError(f"the inventory {source}: {error}") from None
    except ValueError:
        pass
    from harness.connector.yamltext import parse_yaml

    try:
        return parse_yaml(text, source)[0]
    except DefinitionError as error:
        raise SettingsError(f"the inventory is neither JSON nor YAML: {error}") from None


def _openapi_routes(document: Mapping[str, Any]) -> Iterator[Route]:
    base = str(document.get("basePath") or "").rstrip("/")
    servers = document.get("servers")
    if not base and isinstance(servers, list) and servers and isinstance(servers[0], Mapping):
        url = str(servers[0].get("url", ""))
        tail = url.split("://", 1)[-1] if "://" in url else url
        base = ("/" + tail.partition("/")[2]).rstrip("/") if "://" in url else tail.rstrip("/")
    for path, item in document["paths"].items():
        for method in METHODS:
            if isinstance(item, Mapping) and isinstance(item.get(method), Mapping):
                name = str(item[method].get("operationId") or f"{method.upper()} {path}")
                yield Route(method.upper(), _without_api(f"{base}{path}", base), name)


def _without_api(path: str, base: str) -> str:
    """The path below the route prefix: the prefix in `basePath`, else a leading `/api`."""
    if base and path.startswith(base):
        return path[len(base) :] or "/"
    return path[4:] if path.startswith("/api/") else path


def _listed_routes(functions: list[Any]) -> Iterator[Route]:
    """`az functionapp function list`: one object per function, its bindings in `config`."""
    for function in functions:
        if not isinstance(function, Mapping):
            continue
        properties = function.get("properties")
        holder = properties if isinstance(properties, Mapping) else function
        name = str(holder.get("name") or function.get("name") or "").rpartition("/")[2]
        yield from _bindings(holder.get("config"), name)


def _bindings(config: Any, name: str) -> Iterator[Route]:
    bindings = config.get("bindings") if isinstance(config, Mapping) else None
    for binding in bindings if isinstance(bindings, list) else ():
        if not isinstance(binding, Mapping):
            continue
        if str(binding.get("type", "")).lower() != "httptrigger":
            continue
        route = binding.get("route")
        path = "/" + str(route if isinstance(route, str) and route else name).strip("/")
        methods = binding.get("methods") or _ALL_METHODS
        for method in methods if isinstance(methods, (list, tuple)) else _ALL_METHODS:
            yield Route(str(method).upper(), _plain(path), name, str(binding.get("authLevel", "")))


def _python_routes(path: Path) -> Iterator[Route]:
    """`@app.route(...)` and blueprints' `@bp.route(...)`; only literal arguments are understood."""
    try:
        text = read_bounded(path, LARGEST_CODE).decode("utf-8-sig")
        tree = ast.parse(text, filename=path.name)
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
        return  # what Python cannot read, the Functions host runs no more
    for node in ast.walk(tree):
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            continue
        calls = [d for d in node.decorator_list if isinstance(d, ast.Call)]
        name = node.name
        for call in calls:
            if _attribute(call) == "function_name":
                name = str(_argument(call, "name", 0) or name)
        for call in calls:
            if _attribute(call) == "route":
                yield from _decorated(call, name)


def _decorated(call: ast.Call, name: str) -> Iterator[Route]:
    route = _argument(call, "route", 0)
    path = "/" + (route if isinstance(route, str) and route else name).strip("/")
    level = next((k.value for k in call.keywords if k.arg == "auth_level"), None)
    auth_level = level.attr.lower() if isinstance(level, ast.Attribute) else ""
    for method in _method_names(call):
        yield Route(method, _plain(path), name, auth_level)


def _method_names(call: ast.Call) -> list[str]:
    node = next((k.value for k in call.keywords if k.arg == "methods"), None)
    if not isinstance(node, (ast.List, ast.Tuple, ast.Set)):
        return ["GET", "POST"]  # the model's own default
    names = []
    for element in node.elts:
        if isinstance(element, ast.Constant):
            names.append(str(element.value).upper())
        elif isinstance(element, ast.Attribute):  # func.HttpMethod.POST
            names.append(element.attr.upper())
    return names


def _attribute(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else ""


def _argument(call: ast.Call, name: str, position: int) -> Any:
    node = next((k.value for k in call.keywords if k.arg == name), None)
    if node is None and len(call.args) > position:
        node = call.args[position]
    return node.value if isinstance(node, ast.Constant) else None


def _plain(path: str) -> str:
    """A route template without the host's constraints: `{id:int}` and `{*rest}` lose them."""
    return re.sub(r"\{\*?([^{}:?=]+)[^{}]*\}", r"{\1}", path)
