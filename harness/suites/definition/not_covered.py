"""Rules of Microsoft's Swagger Validator that no rule of ours covers, each with the reason.

Names and meanings: Microsoft, 'Fix Swagger Validator errors'. All others stand at the rules that
cover them (`Rule.microsoft`); a test keeps the two apart and complete.
"""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["LEFT_OUT"]

LEFT_OUT: Mapping[str, str] = {
    "FilterFunctionsPropertyInvalidValue": (
        "The list of functions that the validator accepts is not published; that the list is "
        "empty, repeats itself or is in an input is judged."
    ),
    "OperationSchemaCountExceedsMaxAllowed": (
        "The limit for an operation is not published; the one for an object (512) is known from "
        "its message and is judged."
    ),
    "ProductionStatusOnBetaService": (
        "Whether the service behind a connector is a beta is said in Microsoft's records, not in "
        "the files."
    ),
    "SchemaTooDeep": (
        "The depth is not published; published definitions nest nine levels and recursive ones "
        "were certified, so any number of ours would be a guess."
    ),
    "TooManyConnectorCategories": (
        "The number is not published; that each category is a known one is judged."
    ),
    "TotalOperationsCountExceedsMaxAllowed": (
        "The limit is not published: people name 128, but a published connector has 219 operations."
    ),
    "TotalSchemaCountExceedsMaxAllowed": (
        "The limit for a whole file is not published; the size of the file is judged."
    ),
}
