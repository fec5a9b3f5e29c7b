"""Pytest plugins that the project's own tests need."""

from __future__ import annotations

pytest_plugins = ("pytester",)
