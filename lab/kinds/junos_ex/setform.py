# SPDX-License-Identifier: GPL-3.0-or-later
"""Configuration as `set` commands: out of the tree, and loading."""

from __future__ import annotations

import re

from .errors import JunosError, Report, not_simulated, syntax_error, warning
from .schema import Schema
from .tree import Node, edit_path, ensure, remove
from .values import check_key, check_value

TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|\[|\]|[^\s\[\]"]+(?:\[[^\]\s]*\][^\s\[\]"]*)*')
PLAIN = re.compile(r"[A-Za-z0-9_./:@%+,*$=~^-]+|<[A-Za-z0-9_./:*?-]+>")
VERBS = ("set", "delete", "activate", "deactivate")
KNOWN_VERBS = (
    "edit",
    "top",
    "up",
    "exit",
    "quit",
    "rename",
    "copy",
    "insert",
    "annotate",
    "protect",
    "unprotect",
    "replace",
    "wildcard",
)


def quote(value: str) -> str:
    """Put a value into quotes where the CLI needs them."""
    return value if PLAIN.fullmatch(value) else '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def unquote(token: str) -> str:
    """Take a token's quotes away."""
    return re.sub(r"\\(.)", r"\1", token[1:-1]) if token.startswith('"') else token


def tokens(line: str) -> list[str]:
    """Split a command into words; `[` and `]` alone are words, quoted text is one."""
    return TOKEN.findall(line)


def lines(node: Node, prefix: tuple[str, ...] = ()) -> list[str]:
    """Give the commands that make what stands below `node`, `deactivate` lines where they belong."""
    result: list[str] = []
    for child in node.ordered():
        here = [*prefix]
        if not (child.schema.hidden or child.schema.nokey):
            here.append(child.schema.word)
        if child.key:
            here.append(quote(child.key))
        result += _one(child, tuple(here))
        if child.inactive:
            result.append("deactivate " + " ".join(here))
    return result


def _one(node: Node, here: tuple[str, ...]) -> list[str]:
    """Give the commands of one statement."""
    path = "set " + " ".join(here)
    if node.schema.kind == "leaf":
        return [f"{path} {quote(node.value)}"]
    if node.schema.kind == "leaf-list":
        return [f"{path} {quote(value)}" for value in node.values]
    return lines(node, here) or [path]


def load(root: Node, text: str) -> list[Report]:
    """Run the commands of `text` on the tree; a bad line does not stop the next one (README.md, "Guesses").

    Raises:
        JunosError: with the errors found, and the warnings met besides.
    """
    reports: list[Report] = []
    for line in text.splitlines():
        if line.strip() and not line.strip().startswith("#"):
            try:
                reports += command(root, line.strip())
            except JunosError as failure:
                reports += failure.reports
    if any(report.severity == "error" for report in reports):
        raise JunosError(*reports)
    return reports


def command(root: Node, line: str) -> list[Report]:
    """Run one command; give its warnings."""
    words = tokens(line)
    if words[0] in KNOWN_VERBS:
        raise not_simulated(f"the command {words[0]}")
    if words[0] not in VERBS:
        raise syntax_error(words[0])
    if words[0] == "set":
        put(root, words[1:])
        return []
    return take(root, words[1:], words[0])


def step(node: Node, words: list[str]) -> tuple[Schema, str]:
    """Find the statement that `words` name next, and take its words (and an entry's name) away.

    Raises:
        JunosError: there is no such statement.
    """
    schema = node.schema.words.get(words[0])
    if schema is not None:
        words.pop(0)
    else:
        schema = node.schema.unnamed()
        if schema is None:
            raise _unknown(words[0], node)
    key = ""
    if schema.kind == "list" and words:
        key = unquote(words.pop(0))
    return schema, key


def _unknown(word: str, node: Node) -> JunosError:
    """Make the answer to a word that is no statement here."""
    if word in ("apply-macro", "apply-flags", "when", "logical-systems"):
        return not_simulated(word)
    return syntax_error(unquote(word), edit_path(node))


def put(root: Node, words: list[str]) -> Node:
    """Make the statement that `words` name, with all above it."""
    node = root
    words = list(words)
    if not words:
        raise syntax_error("set")
    while words:
        schema, key = step(node, words)
        if schema.kind == "list":
            check_key(schema, key, edit_path(node))
        if schema.kind in ("leaf", "leaf-list"):
            return _put_value(node, schema, words)
        node = ensure(node, schema, key)
        if schema.kind == "flag" and words:
            node = node.parent or root  # `interface X edge no-root-port` is one line in Junos
    return node


def _put_value(parent: Node, schema: Schema, words: list[str]) -> Node:
    """Give a leaf its value or a leaf-list its values (`[ a b ]` or one); go on with the words behind."""
    values = _values(schema, words, edit_path(parent))
    checked = [check_value(schema, value, edit_path(parent)) for value in values]
    node = ensure(parent, schema)
    if schema.kind == "leaf":
        node.value = checked[0]
    else:
        node.values += [value for value in checked if value not in node.values]
    return put(parent, words) if words else node


def _values(schema: Schema, words: list[str], path: str) -> list[str]:
    """Take a value, or of a leaf-list all values in brackets, from the front of `words`."""
    if not words:
        raise syntax_error(schema.word, path)
    if words[0] != "[":
        return [unquote(words.pop(0))]
    if schema.kind == "leaf" or "]" not in words:
        raise syntax_error("[", path)
    end = words.index("]")
    values = [unquote(word) for word in words[1:end]]
    del words[: end + 1]
    if not values:
        raise syntax_error("]", path)
    return values


def follow(root: Node, words: list[str]) -> Node:
    """Give the statement that `words` name; it must be there.

    Raises:
        JunosError: it is not.
    """
    node, words = root, list(words)
    while words:
        schema, key = step(node, words)
        found = node.child(schema.name, key)
        if found is None:
            raise syntax_error(key or schema.word, edit_path(node))
        node = found
    return node


def take(root: Node, words: list[str], verb: str) -> list[Report]:
    """Delete, deactivate or activate the statement that `words` name."""
    node, words = root, list(words)
    if not words:
        remove(root)
        return []
    while words:
        schema, key = step(node, words)
        here = f"{key or schema.word}"
        if schema.kind == "list" and not key:
            return _take_all(node, schema, verb)
        found = node.child(schema.name, key)
        if found is None:
            return [warning("statement not found", path=edit_path(node), bad=here)]
        if schema.kind in ("leaf", "leaf-list"):
            return _take_value(found, words, verb)
        node = found
    _apply(node, verb)
    return []


def _take_all(parent: Node, schema: Schema, verb: str) -> list[Report]:
    """Do it to all entries of a list."""
    found = parent.entries(schema.name)
    for node in found:
        _apply(node, verb)
    return [] if found else [warning("statement not found", path=edit_path(parent), bad=schema.word)]


def _take_value(node: Node, words: list[str], verb: str) -> list[Report]:
    """Do it to a leaf, a leaf-list or some of its values; a value that is not there is not found."""
    values = [unquote(word) for word in words if word not in ("[", "]")]
    has = node.values if node.schema.kind == "leaf-list" else [node.value]
    missing = [value for value in values if value not in has]
    if missing:
        return [warning("statement not found", path=edit_path(node.parent), bad=value) for value in missing]
    if node.schema.kind == "leaf-list" and values and verb == "delete":
        node.values = [value for value in node.values if value not in values]
        if node.values:
            return []
    _apply(node, verb)
    return []


def _apply(node: Node, verb: str) -> None:
    """Carry out the verb."""
    if verb == "delete":
        remove(node)
    else:
        node.inactive = verb == "deactivate"
