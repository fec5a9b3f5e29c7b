"""What settings say beside operations: files, rules, ways to sign in; all checked beforehand."""

from __future__ import annotations

import difflib

from harness.bounds.files import exists, is_dir
from harness.callers.choosing import check_flows
from harness.connector.auth_settings import read_auth_settings
from harness.errors import SettingsError
from harness.settings.table import path_of
from harness.settings.values import Settings

__all__ = ["check_files", "check_rules", "check_sign_in"]


def check_sign_in(settings: Settings) -> None:
    """Refuse ways to sign in that the configured client cannot serve; a replay signs nobody in.

    Raises:
        SettingsError: names user, flow and setting.
    """
    if settings.cassettes_mode != "replay" and not settings.is_demo:
        check_flows(settings.entra, settings.users, settings.sign_in)


def check_files(settings: Settings) -> None:
    """Files that settings name, and folders to write to, before anything is sent.

    Raises:
        SettingsError: a file cannot be read, or a folder is none.
    """
    if settings.easy_auth is not None:
        read_auth_settings(settings.easy_auth)
    inventory = settings.contract.inventory
    if inventory is not None and "://" not in inventory and settings.cassettes_mode != "replay":
        path = path_of(inventory, settings.root, "[contract] inventory")
        if not exists(path):
            raise SettingsError(f"[contract] inventory {path}: there is no such file or folder")
    for option, folder in (
        ("--connector-report-dir", settings.report_dir),
        ("--cassette-dir", settings.cassette_dir),
    ):
        first = next((p for p in (folder, *folder.parents) if exists(p)), folder)
        if not is_dir(first):
            raise SettingsError(f"{option} {folder}: {first} is a file; name a folder")


def check_rules(settings: Settings) -> None:
    """Refuse waivers and levels of rules that do not exist: they would never apply.

    Raises:
        SettingsError: names the nearest rule.
    """
    named = [("[[waivers]] rule", waiver.rule) for waiver in settings.waivers]
    named += [("[rules]", rule) for rule in settings.levels]
    if not named:
        return
    from harness.suites.registry import all_rules, former_ids

    rules = [*all_rules(), *former_ids()]
    known = {*rules, *(rule.split(".")[0] for rule in rules)}
    for where, rule in named:
        if rule not in known or (where != "[rules]" and rule not in rules):
            near = difflib.get_close_matches(rule, rules, n=1)
            hint = f"did you mean {near[0]!r}" if near else "see connector-harness rules"
            raise SettingsError(f"{where}: there is no rule {rule!r}; {hint}")
