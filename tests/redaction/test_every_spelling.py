"""Any secret and any name, in any spelling, at any place: nothing of it is left."""

from __future__ import annotations

import base64
import html
import json
import re
import unicodedata
from collections.abc import Callable
from urllib.parse import quote, quote_plus, unquote, unquote_plus

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from harness.redaction.redactor import known_redactor

Encode = Callable[[str], str]
Decode = Callable[[str], str]


def json_escaped(text: str) -> str:
    units = text.encode("utf-16-be")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02X}" for at in range(0, len(units), 2))


def json_read(text: str) -> str:
    pairs = re.sub(r"(?:\\u[0-9a-fA-F]{4})+", lambda m: json.loads(f'"{m.group()}"'), text)
    return pairs.replace('\\"', '"').replace("\\\\", "\\")


def python_read(text: str) -> str:
    pattern = r"\\(?:x([0-9a-f]{2})|u([0-9a-f]{4})|U([0-9a-f]{8}))"
    read = re.sub(pattern, lambda m: chr(int(m[1] or m[2] or m[3], 16)), text)
    return read.replace("\\'", "'").replace("\\\\", "\\")


def entities(text: str) -> str:
    return "".join(f"&#x{ord(c):X};" if at % 2 else f"&#{ord(c)};" for at, c in enumerate(text))


def every_base64(text: str) -> str:
    """All that base64 in a text decodes to, at any offset."""
    found = []
    for run in re.findall(r"[A-Za-z0-9+/_-]+", text):
        letters = run.replace("-", "+").replace("_", "/")
        for offset in range(4):
            part = letters[offset:]
            part = part[: len(part) - (len(part) % 4 == 1)]
            raw = base64.b64decode(part + "=" * (-len(part) % 4))
            found += [raw.decode("utf-8", "replace"), raw.decode("utf-16-le", "replace")]
            found += [raw[1:].decode("utf-16-le", "replace")]
    return "\n".join(found)


def every_hex(text: str) -> str:
    joined = re.sub(r"(?<=[0-9a-fA-F]{2})[-: ](?=[0-9a-fA-F]{2})", "", text)
    return "\n".join(
        bytes.fromhex(run[odd : len(run) - (len(run) - odd) % 2]).decode("utf-8", "replace")
        for run in re.findall(r"[0-9a-fA-F]+", joined)
        for odd in (0, 1)
    )


def in_base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


SPELLINGS: dict[str, tuple[Encode, Decode]] = {
    "as it is": (str, str),
    "composed": (lambda t: unicodedata.normalize("NFC", t), str),
    "json": (lambda t: json.dumps(t)[1:-1], json_read),
    "json, every letter": (json_escaped, json_read),
    "python": (lambda t: ascii(t)[1:-1], python_read),
    "url": (lambda t: quote(t, safe=""), unquote),
    "url, every byte": (lambda t: "".join(f"%{b:02x}" for b in t.encode()), unquote),
    "form": (quote_plus, unquote_plus),
    "html": (lambda t: html.escape(t), html.unescape),
    "html, every letter": (entities, html.unescape),
    "base64": (in_base64, every_base64),
    "base64, unpadded": (lambda t: in_base64(t).rstrip("="), every_base64),
    "base64, one byte on": (lambda t: in_base64("x" + t), every_base64),
    "base64, two bytes on": (lambda t: in_base64("xy" + t + "z"), every_base64),
    "base64url": (lambda t: base64.urlsafe_b64encode(t.encode()).decode(), every_base64),
    "base64 of UTF-16": (lambda t: base64.b64encode(t.encode("utf-16-le")).decode(), every_base64),
    "hex": (lambda t: t.encode().hex(), every_hex),
    "hex, as .NET writes it": (lambda t: t.encode().hex("-").upper(), every_hex),
    "UTF-16 read as bytes": (
        lambda t: t.encode("utf-16-le").decode("latin-1"),
        lambda t: t.encode("latin-1", "replace").decode("utf-16-le", "replace"),
    ),
    "UTF-8 read as Latin-1": (
        lambda t: t.encode().decode("latin-1"),
        lambda t: t.encode("latin-1", "replace").decode("utf-8", "replace"),
    ),
}
WITHIN = ["json, every letter", "url, every byte", "html", "base64", "hex", "python"]
WIDE = "UTF-16 read as bytes"
LETTERS = st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Cf", "Zl", "Zp"))
SECRETS = st.text(LETTERS, min_size=4, max_size=60)
LONGER = st.text(LETTERS, min_size=10, max_size=60)
PLACES = st.text(st.sampled_from("ab Z9{}\"':,=&?%+/\\-_.;ö\n"), max_size=20)


def one_letter(text: str) -> bool:
    """Placeholders hold letters of their own, and a value of one letter is in any text."""
    return len(set(text.casefold())) < 3


@settings(max_examples=200, deadline=None, derandomize=True, database=None)
@given(spelling=st.sampled_from([*SPELLINGS]), secret=SECRETS, before=PLACES, after=PLACES)
@example(spelling="json", secret="Jörg", before='{"name": "', after='"}')
@example(spelling="form", secret="p4ss w+rd%41&amp;", before="a=", after="&b=1")
@example(spelling="base64url", secret="Zażółć-gęślą-jaźń", before="", after="")
@example(spelling="json, every letter", secret="😀🔑 key of it", before="\\", after="/")
def test_any_secret_is_hidden_in_any_spelling_at_any_place(
    spelling: str, secret: str, before: str, after: str
) -> None:
    encode, decode = SPELLINGS[spelling]
    assume(not one_letter(secret) and secret not in "{alice}{hidden}")
    if spelling == WIDE:
        assume(all(ord(letter) < 256 for letter in secret))
        before = after = ""

    shown = known_redactor({secret: "{alice}"}).text(before + encode(secret) + after)

    assert secret not in decode(shown)
    assert encode(secret) not in shown


@settings(max_examples=200, deadline=None, derandomize=True, database=None)
@given(
    inner=st.sampled_from(WITHIN),
    outer=st.sampled_from([name for name in SPELLINGS if name != WIDE]),
    secret=LONGER,
    before=PLACES,
)
@example(inner="json, every letter", outer="hex", secret="0000000012", before="9")
def test_any_secret_is_hidden_in_a_spelling_within_another(
    inner: str, outer: str, secret: str, before: str
) -> None:
    (encode, decode), (wrap, unwrap) = SPELLINGS[inner], SPELLINGS[outer]
    assume(not one_letter(secret) and "alice" not in secret)

    shown = known_redactor({secret: "{alice}"}).text(before + wrap(encode(secret)) + before)

    assert secret not in decode(unwrap(shown))


@pytest.mark.parametrize("spelling", [name for name in SPELLINGS if name != WIDE])
@pytest.mark.parametrize("name", ["Jörg", "Jörg Müller-Łuk", "jörg.o'neil@contoso.example.com"])
def test_name_is_replaced_in_any_spelling(name: str, spelling: str) -> None:
    encode, decode = SPELLINGS[spelling]
    redactor = known_redactor({}, stand_ins={name: "alice@users.invalid"})

    shown = redactor.text(f'{{"name": "{encode(f"by {name}, {name} again")}"}}')

    assert name not in decode(shown)
    assert "alice@users.invalid" in decode(shown)


@pytest.mark.parametrize(
    ("value", "spelt"),
    [
        ("1b671a64-40d5-491e-99b0-da01ff1f3341", "1B671A64-40D5-491E-99B0-DA01FF1F3341"),
        ("Jörg.Smith@Contoso.com", "jÖRG.smith@CONTOSO.COM"),
        ("Jörg.Smith@Contoso.com", "j%C3%96rg.smith%40contoso.com"),
    ],
)
def test_ids_and_addresses_are_found_in_any_case(value: str, spelt: str) -> None:
    assert known_redactor({value: "{x}"}).text(f"<{spelt}>") == "<{x}>"
    assert known_redactor({}, stand_ins={value: "who"}).text(f"<{spelt}>") == "<who>"


def test_base64_broken_over_lines_is_read_as_one() -> None:
    secret = "a rather long secret that goes over the end of a line of base64"
    lines = base64.encodebytes(b"padding that takes most of a line " + secret.encode()).decode()

    shown = known_redactor({secret: "{alice}"}).text(lines)

    assert b"rather long" not in base64.b64decode(re.sub(r"\{\w+\}|\s", "", shown) + "==")
    assert "{alice}" in shown


def test_principal_can_still_be_decoded_after_a_name_in_it_was_replaced() -> None:
    redactor = known_redactor({}, stand_ins={"Jörg": "Alice Stand-In"})
    principal = {"claims": [{"typ": "name", "val": "Jörg"}], "auth_typ": "aad"}

    shown = redactor.text(in_base64(json.dumps(principal)))

    assert json.loads(base64.b64decode(shown))["claims"][0]["val"] == "Alice Stand-In"


def test_bytes_that_are_no_utf8_lose_their_secrets_too() -> None:
    redactor = known_redactor({"Pässwörd-ł-1": "{alice}"})
    as_utf16 = "a Pässwörd-ł-1 b".encode("utf-16")
    in_binary = b"\xff\x00\x9f" + "Pässwörd-ł-1".encode() + b"\x00\xfe"

    assert redactor.data(as_utf16).decode("utf-16") == "a {alice} b"
    assert redactor.data(in_binary) == b"\xff\x00\x9f{alice}\x00\xfe"
    assert redactor.data(b"\xff\xfe\xfd\x00\x01") == b"\xff\xfe\xfd\x00\x01"
