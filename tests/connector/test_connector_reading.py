"""Bytes to documents: encodings, strict JSON, YAML, and where everything stands."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.connector.jsontext import index_json, parse_json
from harness.connector.reading import read_document, read_object
from harness.errors import DefinitionError


def write(folder: Path, content: str | bytes, name: str = "definition.json") -> Path:
    file = folder / name
    file.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
    return file


def failure(file: Path) -> DefinitionError:
    with pytest.raises(DefinitionError) as caught:
        read_document(file)
    assert "\n" not in str(caught.value)
    assert str(file) in str(caught.value)
    return caught.value


@pytest.mark.parametrize(
    ("text", "line", "column", "words"),
    [
        pytest.param('{\n  "a": 1,\n}', 2, 9, "trailing comma", id="trailing comma in object"),
        pytest.param('{"a": [1, 2 ,\n ]}', 1, 13, "trailing comma", id="trailing comma in array"),
        pytest.param('{"a": 1\n "b": 2}', 2, 2, "comma is missing", id="missing comma"),
        pytest.param('{"a" 1}', 1, 6, "colon is missing", id="missing colon"),
        pytest.param('{"a": 1}\n{"b": 2}', 2, 1, "JSON ends before", id="extra data"),
        pytest.param('{"a": "x\ty"}', 1, 9, "raw control character (tab)", id="raw tab"),
        pytest.param('{"a": "x\ny"}', 1, 9, "line break", id="raw line break"),
        pytest.param('{"a": 1', 1, 8, "ends too early", id="cut off"),
        pytest.param('{\n// note\n"a": 1}', 2, 1, "comments are not JSON", id="comment"),
        pytest.param("{'a': 1}", 1, 2, "not the double quote", id="single quotes"),
        pytest.param('{"a": "x}', 1, 7, "no closing double quote", id="open string"),
        pytest.param(r'{"a": "\q"}', 1, 8, "double the backslash", id="bad escape"),
        pytest.param('{"a": "NaN",\n "b": NaN}', 2, 7, "NaN is not JSON", id="not a number"),
        pytest.param('{"a": tru}', 1, 7, "a value is expected here", id="bad value"),
        pytest.param("", 1, 1, "empty", id="empty file"),
    ],
)
def test_broken_json_is_named_with_line_column_and_remedy(
    tmp_path: Path, text: str, line: int, column: int, words: str
) -> None:
    error = failure(write(tmp_path, text))
    assert (error.line, error.column) == (line, column)
    assert words in str(error)


def test_a_byte_that_is_not_utf8_is_named_with_its_place(tmp_path: Path) -> None:
    error = failure(write(tmp_path, '{\n "a": "ä\xe9"}'.encode()[:-4] + b'\xe9"}'))
    assert (error.line, error.column) == (2, 9)
    assert "0xE9 is not UTF-8" in str(error)
    assert "save it as UTF-8" in str(error)


def test_utf16_is_named_as_such(tmp_path: Path) -> None:
    assert "UTF-16" in str(failure(write(tmp_path, '{"a": 1}'.encode("utf-16"))))


def test_a_missing_file_says_why_it_cannot_be_read(tmp_path: Path) -> None:
    assert "cannot be read" in str(failure(tmp_path / "absent.json"))


def test_a_byte_order_mark_is_skipped_and_noted(tmp_path: Path) -> None:
    document = read_document(write(tmp_path, b'\xef\xbb\xbf{"a": 1}'))
    assert document.data == {"a": 1}
    assert [note.kind for note in document.notes] == ["bom"]


def test_the_last_of_two_equal_keys_wins_and_is_noted_with_its_line(tmp_path: Path) -> None:
    text = '{"paths": {\n "/a": {"x": {"old": 1}},\n "/a": {"x": 2}\n}}'
    document = read_document(write(tmp_path, text))
    assert document.data == {"paths": {"/a": {"x": 2}}}
    (note,) = document.notes
    assert note.kind == "duplicate-key"
    assert "'/a'" in note.message
    assert (note.place.pointer, note.place.line) == ("/paths/~1a", 3)
    assert document.locate("/paths/~1a/x") == 3


@pytest.mark.parametrize(
    ("content", "words"),
    [("[1]", "holds a list"), ('"text"', "holds a single value")],
    ids=["list", "text"],
)
def test_what_is_not_an_object_is_refused(tmp_path: Path, content: str, words: str) -> None:
    with pytest.raises(DefinitionError, match=words):
        read_object(write(tmp_path, content), "a connector")


def test_every_pointer_of_a_json_text_has_its_line() -> None:
    text = '{\n"a/b": [\n  {"m~n": null},\n  "{not: [a, key]}"\n],\n"t\\"x": {}\n}'
    lines, duplicates = index_json(text)
    assert duplicates == []
    assert lines == {
        "": 1,
        "/a~1b": 2,
        "/a~1b/0": 3,
        "/a~1b/0/m~0n": 3,
        "/a~1b/1": 4,
        '/t"x': 6,
    }


def test_the_line_of_what_is_not_there_is_that_of_the_nearest_element_above(tmp_path: Path) -> None:
    document = read_document(write(tmp_path, '{\n "a": {\n  "b": 1}}'))
    assert document.locate("/a/b/c/d") == 3
    assert document.locate("/x") == 1


def test_deep_nesting_is_an_error_and_no_traceback() -> None:
    with pytest.raises(DefinitionError, match="nested too deep"):
        parse_json("[" * 200_000, "deep.json")


YAML = """\
# a definition
swagger: "2.0"
info: &info
  version: 2024-01-31
  title: on
paths:
  /a/{id}:
    get:
      responses:
        200: {description: no}
        default:
          <<: *info
          description: 12:30
numbers: [1, 1.5, 1e3, 0x10, true, ~, "1"]
"""


def test_yaml_becomes_what_json_would_have_been(tmp_path: Path) -> None:
    data = read_document(write(tmp_path, YAML, "definition.yaml")).data
    assert data["info"] == {"version": "2024-01-31", "title": "on"}
    responses = data["paths"]["/a/{id}"]["get"]["responses"]
    assert responses["200"] == {"description": "no"}
    assert responses["default"]["version"] == "2024-01-31"
    assert responses["default"]["description"] == "12:30"
    assert data["numbers"] == [1, 1.5, 1000.0, 16, True, None, "1"]


def test_yaml_is_recognised_in_a_file_named_json(tmp_path: Path) -> None:
    assert read_document(write(tmp_path, YAML, "definition.json")).data["swagger"] == "2.0"


def test_lines_of_yaml_are_those_of_its_keys(tmp_path: Path) -> None:
    document = read_document(write(tmp_path, YAML, "definition.yml"))
    assert document.locate("/paths/~1a~1{id}/get") == 8
    assert document.locate("/paths/~1a~1{id}/get/responses/200") == 10


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        pytest.param("a: 1\nb: [1, 2\nc: 3\n", 3, "not YAML", id="open bracket"),
        pytest.param("a: 1\n\tb: 2\n", 2, "not YAML", id="tab"),
        pytest.param("a: &x\n  b: *x\n", 1, "contains itself", id="anchor in itself"),
        pytest.param("# nothing\n", 1, "empty", id="empty"),
    ],
)
def test_broken_yaml_is_named_with_its_line(
    tmp_path: Path, text: str, line: int, words: str
) -> None:
    error = failure(write(tmp_path, text, "definition.yaml"))
    assert error.line == line
    assert words in str(error)


def test_a_key_that_stands_twice_in_yaml_is_noted(tmp_path: Path) -> None:
    document = read_document(write(tmp_path, "a: 1\nb: 2\na: 3\n", "definition.yaml"))
    assert document.data == {"a": 3, "b": 2}
    assert [(n.kind, n.place.pointer, n.place.line) for n in document.notes] == [
        ("duplicate-key", "/a", 3)
    ]
