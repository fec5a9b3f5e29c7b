"""The rules of the contract family: drift between the definition and the live app."""

from __future__ import annotations

from harness.findings.model import Rule

__all__ = ["RULES"]

_FLOWS = (
    "Flows and apps are built against the definition: what differs fails there, not in the app."
)
_SWAGGER = 'OpenAPI Specification 2.0, "Operation Object" and "Response Object"'

GONE = Rule(
    "contract.operation-gone",
    "error",
    "A documented operation does not exist in the app",
    "Every sensible call is answered as the app answers a route that exists nowhere.",
    "Every flow that uses the action fails with 404.",
    "Deploy the function again, or remove the operation from the definition.",
    _SWAGGER,
)
MOVED = Rule(
    "contract.moved",
    "error",
    "An operation answers under another method or path",
    "The documented call meets 404 or 405, and a neighbour of it answers.",
    "Every flow that uses the action fails with 404.",
    "Restore the route, or correct method and path in the definition.",
    _SWAGGER,
)
BASE_PATH = Rule(
    "contract.base-path",
    "error",
    "The app answers under another base path",
    "The documented path meets 404, and the same path under another base path answers.",
    "Every call of the connector fails; the usual cause is `routePrefix` in host.json.",
    "Correct `basePath` in the definition, or `routePrefix` in host.json.",
    "Microsoft Learn, Azure Functions host.json reference, `extensions.http.routePrefix`",
)
STATUS = Rule(
    "contract.status",
    "error",
    "The app answers with a status that the definition does not name",
    "A success (or a redirect) that is not documented is an error; an undocumented refusal is a "
    "warning where the definition documents other refusals, and nothing where it documents none.",
    "The platform takes the schema of an answer from its status: the outputs of the action vanish.",
    "Document the status with its schema, or let the app answer as documented.",
    _SWAGGER,
)
SERVER_ERROR = Rule(
    "contract.server-error",
    "error",
    "The app fails on documented or generated input",
    "A 500 (or another server error of the app's own) came back; 502, 503 and 504 are the "
    "platform's front end and are not judged.",
    "A server error is a defect whatever was sent; flows retry it and then fail.",
    "Mend the app; the request shows how to repeat it. Invalid input deserves a 400.",
    "RFC 9110 section 15.6",
)
CONTENT_TYPE = Rule(
    "contract.content-type",
    "error",
    "The answer's media type is not the documented one",
    "The media type, without its parameters, is none of `produces`.",
    "The platform reads the body as what the definition says and finds something else.",
    "Correct `produces`, or the content type that the function sets.",
    "RFC 9110 section 8.3",
)
BODY = Rule(
    "contract.body",
    "error",
    "The answer's body breaks its schema",
    "At a JSON pointer the value is missing, of another type, outside its enum or format, or not "
    "allowed at all.",
    "Outputs of the action are empty or of another type than the flow was built with.",
    "Correct the schema in the definition, or what the function returns.",
    'OpenAPI Specification 2.0, "Schema Object"',
)
NULL = Rule(
    "contract.null",
    "error",
    "The answer holds null where the definition promises a value",
    "Swagger 2.0 has no null; only `x-nullable: true` allows one.",
    'Flows stop with "expected String, got Null".',
    'Add `"x-nullable": true` to the property, or leave it out of the answer when it is empty.',
    'Microsoft Learn, "OpenAPI extensions for custom connectors"',
)
HEADERS = Rule(
    "contract.headers",
    "error",
    "A documented response header is missing or of another type",
    "No success answer carried the header, or its value does not fit.",
    _FLOWS,
    "Send the header, or remove it from the definition.",
    'OpenAPI Specification 2.0, "Header Object"',
)
REQUIRED_IGNORED = Rule(
    "contract.required-ignored",
    "error",
    "A required input may be left out",
    "The app answered with success although a required input was missing.",
    "Makers must fill in what the app never looks at; or the app falls back to a default that "
    "nobody chose.",
    "Drop `required`, or let the app refuse the call with 400.",
    _SWAGGER,
)
UNDOCUMENTED_REQUIRED = Rule(
    "contract.undocumented-required",
    "error",
    "The app demands an input that the definition does not require",
    "Calls with the documented required inputs are refused until another input is given.",
    "The action fails for everybody who fills in only the required fields.",
    "Mark the input as required (and document it), or give it a default in the app.",
    _SWAGGER,
)
VALID_REFUSED = Rule(
    "contract.valid-refused",
    "error",
    "The app refuses input that the definition allows",
    "An example, or a value that the definition names (enum, bounds, default), is refused; a "
    "refused generated text is a note, since the definition allows it only by silence.",
    "Makers get a 400 for what the designer offered them.",
    "Say the limit in the definition (enum, pattern, length), or accept the value.",
    _SWAGGER,
)
INVALID_ACCEPTED = Rule(
    "contract.invalid-accepted",
    "warning",
    "The app accepts input that the definition forbids",
    "A value of a wrong type, or outside enum, format or bounds, was answered with success.",
    "Mistakes of the maker go unnoticed until the data is wrong.",
    "Validate the input in the app and answer 400, or widen the definition.",
    _SWAGGER,
)
SLOW = Rule(
    "contract.slow",
    "error",
    "An answer takes longer than a connector waits",
    "Over 120 seconds is an error, over 30 seconds a warning.",
    "The platform gives up after about 120 seconds.",
    "Answer faster, or work asynchronously (202 with a location to poll).",
    'Microsoft Learn, "Limits of custom connectors"',
)
LARGE = Rule(
    "contract.large",
    "error",
    "An answer is larger than a connector may take",
    "Over 8 MB is an error, over 4 MB a warning.",
    "The platform refuses larger answers.",
    "Page the answer, or return a link to the content.",
    'Microsoft Learn, "Limits of custom connectors"',
)
STRENGTH = Rule(
    "contract.strength",
    "note",
    "The definition constrains the answer so little that a green run proves little",
    "The success schema is missing, empty, or has neither required nor closed objects.",
    "An app that returns `{}` for everything would pass.",
    "List `required` properties in the success schema, or set `strict-responses = true`; "
    "`connector-harness lint --suggest-schemas` proposes schemas from recorded answers.",
)
POLICY = Rule(
    "contract.policy",
    "note",
    "A policy makes the platform's call or answer differ from what was tested",
    "apiProperties.json changes host, headers, query, path or body of this operation's calls.",
    "The harness calls the function app directly, as the definition says.",
    "Keep in mind that the platform's call differs here; test such operations by hand as well.",
    'Microsoft Learn, "Policy templates for custom connectors"',
)
UNDOCUMENTED_OPERATION = Rule(
    "contract.undocumented-operation",
    "warning",
    "The app has a route that the connector does not describe",
    "The inventory of the app names a method and path that no operation has.",
    "Makers cannot use it; and nobody checks who may call it.",
    "Describe the route in the definition, or remove it from the app.",
)
NOT_IN_INVENTORY = Rule(
    "contract.not-in-inventory",
    "warning",
    "The connector describes an operation that the app's own inventory does not have",
    "No route of the inventory has its method and path.",
    "The operation is gone, or the inventory is older than the app.",
    "Deploy the function, or remove the operation from the definition.",
)

RULES: tuple[Rule, ...] = (
    GONE,
    MOVED,
    BASE_PATH,
    STATUS,
    SERVER_ERROR,
    CONTENT_TYPE,
    BODY,
    NULL,
    HEADERS,
    REQUIRED_IGNORED,
    UNDOCUMENTED_REQUIRED,
    VALID_REFUSED,
    INVALID_ACCEPTED,
    SLOW,
    LARGE,
    STRENGTH,
    POLICY,
    UNDOCUMENTED_OPERATION,
    NOT_IN_INVENTORY,
)
