"""A certified OpenID provider from npm, over TLS, laid out like Entra or with its own paths."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import trustme

HERE = Path(__file__).parent
TENANT = "3596192b-fdf5-4e2c-a6fa-acb706c963d8"


@dataclass(frozen=True)
class Outside:
    """A provider that runs: its authority as the settings name it, and the CA to trust."""

    authority: str
    tenant_id: str | None
    ca_file: Path


@pytest.fixture(scope="session")
def modules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that holds oidc-provider: as CI names it, or installed now."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("node and npm are not here")
    named = os.environ.get("CONNECTOR_HARNESS_OUTSIDE")
    if named and (Path(named) / "node_modules" / "oidc-provider").is_dir():
        return Path(named)
    folder = tmp_path_factory.mktemp("npm")
    shutil.copy(HERE / "package.json", folder)
    command = [str(shutil.which("npm")), "install", "--no-audit", "--no-fund", "--silent"]
    try:
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, timeout=60, check=False
        )
    except subprocess.TimeoutExpired:
        pytest.skip("oidc-provider cannot be installed within a minute")
    if done.returncode != 0:
        pytest.skip(f"oidc-provider cannot be installed: {done.stderr.strip()[-200:]}")
    return folder


@pytest.fixture(scope="session", params=["entra", "own"])
def outside(
    request: pytest.FixtureRequest, modules: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Outside]:
    folder = tmp_path_factory.mktemp("outside")
    authority = trustme.CA()
    certificate = authority.issue_cert("localhost", "127.0.0.1")
    ca_file, pem, key = folder / "ca.pem", folder / "cert.pem", folder / "key.pem"
    authority.cert_pem.write_to_path(str(ca_file))
    certificate.cert_chain_pems[0].write_to_path(str(pem))
    certificate.private_key_pem.write_to_path(str(key))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = ["node", str(HERE / "provider.mjs"), request.param, str(port), str(pem), str(key)]
    log = (folder / "provider.log").open("w", encoding="utf-8")
    process = subprocess.Popen(
        [*words, str(modules)], stdout=subprocess.PIPE, stderr=log, text=True
    )
    try:
        assert process.stdout is not None
        ready = process.stdout.readline()
        while ready and not ready.startswith("ready"):
            ready = process.stdout.readline()
        assert ready, (folder / "provider.log").read_text(encoding="utf-8")[-2000:]
        base = f"https://localhost:{port}"
        if request.param == "entra":
            yield Outside(base, TENANT, ca_file)
        else:
            yield Outside(f"{base}/oidc", None, ca_file)
    finally:
        process.terminate()
        process.wait(timeout=10)
        if process.stdout is not None:
            process.stdout.close()
        log.close()
