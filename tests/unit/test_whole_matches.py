# SPDX-License-Identifier: GPL-3.0-or-later
"""A rule of this project: a pattern that means a whole text says so by fullmatch, and never by `$`.

In Python `$` also matches before a newline at the end, so that a name with one passes, and becomes a line of its own in
a file. What is looked for in many lines (re.MULTILINE) may have it; where a pattern means the end, it has `\\Z`.
Pydantic's patterns are none of Python's: in Rust's `$` is the end (the last test here).
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pydantic
import pytest
import yaml

try:  # Python 3.11 on
    from re import _constants as constants
    from re import _parser as parser
except ImportError:
    import sre_constants as constants
    import sre_parse as parser

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("plugins", "lab", "tests", "benchmarks", "script", "molecule", "roles", "playbooks", "inventories")
JINJA = re.compile(r"(?:match|search|regex|regex_search|regex_replace|regex_findall)\(\s*(['\"])(.*?)\1")


def files(*endings: str) -> list[Path]:
    found = (path for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*")) if path.suffix in endings)
    return [path for path in found if path.is_file() and ".cache" not in path.parts]


def written(node: ast.expr, known: dict[str, str]) -> str | None:
    """Return a pattern as it is written; what is filled in stands as x."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str | bytes):
        return node.value.decode("latin-1") if isinstance(node.value, bytes) else node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "x" for part in node.values)
    return known.get(node.id) if isinstance(node, ast.Name) else None


def has_dollar(pattern: str, flags: int = 0) -> bool:
    """Tell whether a pattern has a `$` that also matches before a newline at the end."""
    tree = parser.parse(pattern, flags)
    return not tree.state.flags & re.MULTILINE and any(operator == constants.AT_END for operator in ends(tree))


def ends(part: object) -> Iterator[object]:
    """Yield the places (`^`, `$`, `\\Z`, ...) of a parsed pattern."""
    if isinstance(part, tuple) and len(part) == 2 and part[0] is constants.AT:
        yield part[1]
    elif isinstance(part, parser.SubPattern | list | tuple):
        for each in part:
            yield from ends(each)


def of_python(text: str) -> Iterator[tuple[int, str]]:
    """Yield line and pattern of each call of the module re whose pattern has such a `$`."""
    tree = ast.parse(text if re.search(r"\bre\.", text) else "")
    known: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            value = written(node.value, known)
            known |= {node.targets[0].id: value} if value is not None else {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func).startswith("re.") and node.args:
            pattern, rest = written(node.args[0], known), ast.unparse(node).partition(",")[2]
            flags = re.MULTILINE if re.search(r"re\.M(ULTILINE)?\b", rest) else 0
            if ast.unparse(node.func) != "re.escape" and pattern is not None and has_dollar(pattern, flags):
                yield node.lineno, pattern


def of_templates(text: str) -> Iterator[tuple[int, str]]:
    """Yield the same of the tests and filters of Ansible's templates."""
    for number, line in enumerate(text.splitlines(), 1):
        for match in JINJA.finditer(line):
            if "multiline" not in line and has_dollar(match[2]):
                yield number, match[2]


def test_no_pattern_lets_a_newline_end_a_text():
    looks = [(of_python, (".py",)), (of_templates, (".yml", ".j2"))]
    read = ((look, path, path.read_text()) for look, endings in looks for path in files(*endings))
    found = [f"{path}:{line}: {wrong}" for look, path, text in read if "$" in text for line, wrong in look(text)]
    assert found == [], "use fullmatch, or \\Z where the pattern means the end:\n" + "\n".join(found)


WRONG = [
    'import re\nre.compile(r"^[a-z]+$")',
    'import re\nre.match("a(b|c$)", text)',
    'import re\nA = "a$"\nre.search(A, text)',
    'import re\nre.compile(rf"{name}$")',
    'import re\nre.compile(rb"(?=x$)x")',
]
RIGHT = [
    'import re\nre.compile(r"[$]a\\$")',
    'import re\nre.compile(r"^a$", re.MULTILINE)',
    'import re\nre.findall(r"(?m)^a$", text)',
    'import re\nre.compile(r"a\\Z")',
    'import re\nre.escape("a$")',
]


@pytest.mark.parametrize("text", WRONG)
def test_the_rule_finds_each_form_of_it(text):
    assert len(list(of_python(text))) == 1


@pytest.mark.parametrize("text", RIGHT)
def test_the_rule_finds_nothing_where_it_is_right(text):
    assert list(of_python(text)) == []


def test_the_rule_reads_templates_too():
    assert [line for line, _pattern in of_templates(yaml.safe_dump({"that": ["x is match('^a$')"]}))] == [2]


def test_in_a_pattern_of_pydantic_it_is_the_end():
    class Model(pydantic.BaseModel):
        name: str = pydantic.Field(pattern="^[a-z]+$")

    assert Model(name="a").name == "a"
    with pytest.raises(pydantic.ValidationError):
        Model(name="a\n")
