"""The rules of the `compat` family: what a change means for flows and apps that exist already.

The sentences are those that certification reviewers paste into pull requests; sources: Microsoft,
"Operational versioning for custom connectors" and "Fix Swagger Validator errors".
"""

from __future__ import annotations

from harness.findings.model import Rule, Severity

__all__ = ["CHANGE_OF", "RULES", "SENTENCES"]

CHANGE_OF = {"error": "breaking", "warning": "risky", "note": "harmless"}
_SOURCE = "Microsoft, 'Operational versioning for custom connectors'"
_TABLE: tuple[tuple[str, Severity, str, str], ...] = (
    (
        "operation-removed",
        "error",
        "The operation has been deleted. This change breaks existing flows.",
        "Keep the operation (deprecated: true hides it), or publish another connector.",
    ),
    (
        "operation-renamed",
        "error",
        "The operationId has been changed. Existing flows refer to the old one and break.",
        "Keep the operationId; change summary and description instead.",
    ),
    ("operation-added", "note", "An operation has been added.", "Nothing to do."),
    (
        "address",
        "note",
        "Host, base path or path have been changed. Flows follow the definition.",
        "Make sure that the app answers at the new address before the connector is updated.",
    ),
    (
        "method",
        "note",
        "The method has been changed. Flows follow the definition.",
        "Make sure that the app answers to the new method before the connector is updated.",
    ),
    (
        "input-added-required",
        "error",
        "A required input has been added. Existing flows do not send it and break.",
        "Make it optional, or give it a default.",
    ),
    ("input-added", "note", "An optional input has been added.", "Nothing to do."),
    (
        "input-removed",
        "warning",
        "An input has been removed. What existing flows send in it is lost or refused.",
        "Keep it, with x-ms-visibility: internal where it should not show.",
    ),
    (
        "input-retyped",
        "error",
        "The type has been changed for the input. Existing flows send the old type and break.",
        "Keep the type, or add another input.",
    ),
    (
        "input-moved",
        "error",
        "The location has been changed for the parameter. Existing flows will continue to send "
        "the parameter in the old location.",
        "Keep the place of the input.",
    ),
    (
        "input-required",
        "error",
        "An input has become required. Existing flows that leave it out break.",
        "Keep it optional, or give it a default.",
    ),
    ("input-optional", "note", "An input has become optional.", "Nothing to do."),
    (
        "input-narrowed",
        "error",
        "Values have been removed from the input's list. Existing flows that use them break.",
        "Keep accepting the old values.",
    ),
    ("input-widened", "note", "Values have been added to the input's list.", "Nothing to do."),
    (
        "input-bounds",
        "warning",
        "The input's bounds are narrower. Values of existing flows may be refused.",
        "Keep the old bounds.",
    ),
    (
        "input-default",
        "warning",
        "The default has been changed. Flows that leave the input to its default behave otherwise.",
        "Keep the default, or say so in the release notes.",
    ),
    (
        "visibility",
        "note",
        "The visibility has been changed. Existing flows go on as they are.",
        "Nothing to do.",
    ),
    (
        "hidden",
        "warning",
        "An input has become internal. Makers can no longer change it in existing flows.",
        "Keep it visible, or make sure that its default fits everybody.",
    ),
    ("text", "note", "The name that the designer shows has been changed.", "Nothing to do."),
    (
        "dynamic",
        "warning",
        "The source of dynamic values or fields has been changed.",
        "Open existing flows in the designer and check that their values are still found.",
    ),
    (
        "output-removed",
        "error",
        "The output field has been removed. Existing flows that use it break.",
        "Keep the field.",
    ),
    ("output-added", "note", "An output field has been added.", "Nothing to do."),
    (
        "output-retyped",
        "error",
        "The type has been changed for the output field. Existing flows may be broken.",
        "Keep the type, or add another field.",
    ),
    (
        "output-nullable",
        "warning",
        "The output field may now be null. Flows that expect a value may fail.",
        "Keep sending a value.",
    ),
    (
        "output-widened",
        "warning",
        "The output field has new values. Flows that switch on it do not know them.",
        "Say so in the release notes.",
    ),
    (
        "output-schema-removed",
        "error",
        "The schema of the answer has been removed. Existing flows lose their typed outputs.",
        "Keep the schema.",
    ),
    ("output-schema-added", "note", "The answer has got a schema.", "Nothing to do."),
    (
        "status-removed",
        "warning",
        "A success status has been removed.",
        "Keep documenting what the app answers.",
    ),
    ("status-added", "note", "A status has been added.", "Nothing to do."),
    (
        "trigger",
        "error",
        "The kind of trigger has been changed. Existing flows that start on it break.",
        "Keep the kind; add another trigger.",
    ),
    (
        "deprecated",
        "note",
        "The operation is now deprecated: it is hidden from new flows.",
        "Nothing to do.",
    ),
    (
        "security",
        "warning",
        "Security has been changed. Existing connections may have to be made again.",
        "Try an existing connection after the update.",
    ),
    (
        "connection",
        "error",
        "The kind of sign-in or a connection parameter has been changed. Existing connections "
        "break.",
        "Publish another connector, or have every connection made again.",
    ),
    (
        "connection-settings",
        "warning",
        "Client, resource or scopes of the sign-in have been changed.",
        "Try an existing connection after the update.",
    ),
    (
        "policy",
        "warning",
        "A policy has been added, removed or changed: calls are rewritten otherwise.",
        "Run the live suites against the new connector before users do.",
    ),
    (
        "script",
        "warning",
        "The script has been changed: calls are rewritten otherwise.",
        "Run the live suites against the new connector before users do.",
    ),
)
SENTENCES = {f"compat.{name}": sentence for name, _, sentence, _ in _TABLE}
RULES: tuple[Rule, ...] = tuple(
    Rule(
        f"compat.{name}",
        severity,
        sentence.split(". ")[0].rstrip("."),
        sentence,
        {
            "error": "Flows and apps that exist already stop working.",
            "warning": "Flows and apps that exist already may behave otherwise.",
            "note": "Flows and apps that exist already go on as they are.",
        }[severity],
        remedy,
        _SOURCE,
    )
    for name, severity, sentence, remedy in _TABLE
)
