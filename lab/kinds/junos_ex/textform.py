# SPDX-License-Identifier: GPL-3.0-or-later
"""Configuration in braces: out of the tree, loading, and the difference of two trees as `show | compare` writes it."""

from __future__ import annotations

import re
from itertools import groupby

from .errors import JunosError, Report, not_simulated, syntax_error, warning
from .setform import follow, put, quote, step, take, tokens
from .tree import Node, edit_path, ensure, equal

INDENT = "    "
LEXER = re.compile(r'/\*.*?\*/|#[^\n]*|"(?:[^"\\]|\\.)*"|[{};]|(?:\[[^\]\s]*\]|[^\s{};"\[\]])+|\[|\]', re.S)
TAGS = ("replace:", "delete:", "inactive:", "active:", "protect:", "unprotect:")


def head(node: Node, before: str = "") -> str:
    """Give what the line of a statement begins with: `inactive:`, the inline word above it, its word, its name."""
    words = [before] if before else []
    words += [] if node.schema.hidden or node.schema.nokey or node.schema.block else [node.schema.word]
    if node.schema.kind == "list":
        words.append(quote(node.key))
    elif node.schema.kind == "leaf":
        words.append(quote(node.value))
    elif node.schema.kind == "leaf-list":
        values = " ".join(quote(value) for value in node.values)
        words.append(f"[ {values} ]" if len(node.values) > 1 else values)
    return ("inactive: " if node.inactive else "") + " ".join(words)


def one(node: Node, depth: int = 0, before: str = "") -> list[str]:
    """Give the lines of one statement and all below it; `before` is the word of an inline statement above."""
    start = INDENT * depth + head(node, before)
    below = node.ordered()
    if not below:
        return [start + ";"]
    if node.schema.inline and not node.inactive:
        return [line for child in below for line in one(child, depth, head(node, before))]
    if node.schema.oneline or (len(below) == 1 and below[0].schema.nokey and not below[0].inactive):
        return [" ".join([start, *(head(child) for child in below)]) + ";"]
    return [start + " {", *(line for child in below for line in one(child, depth + 1)), INDENT * depth + "}"]


def write(node: Node) -> str:
    """Give all that stands below `node`, which is the top."""
    lines: list[str] = []
    for word, nodes in groupby(node.ordered(), lambda child: child.schema.word if child.schema.block else ""):
        inside = [line for child in nodes for line in one(child, 1 if word else 0)]
        lines += [f"{word} {{", *inside, "}"] if word else inside
    return "".join(line + "\n" for line in lines)


def diff(old: Node, new: Node) -> str:
    """Give the difference as Junos does: `[edit ...]` and lines with `+` or `-`; empty when there is none."""
    result: list[str] = []
    _diff(old, new, result)
    return "".join(line + "\n" for line in result)


def _diff(old: Node, new: Node, result: list[str]) -> None:
    """Compare the children of two nodes that are there on both sides."""
    deeper: list[tuple[Node, Node]] = []
    lists = [
        (old.entries(child.name), new.entries(child.name)) for child in new.schema.children.values() if child.block
    ]
    block = [line for pair in lists for line in _whole_block(*pair)]
    for index in _union(old, new):
        before, after = old.children.get(index), new.children.get(index)
        if (after or before or new).schema.block:
            continue
        if before is not None and after is not None:
            if equal(before, after):
                continue
            if before.children and after.children and head(before) == head(after):
                deeper.append((before, after))
                continue
        block += _signed("-", before, new) if before is not None else []
        block += _signed("+", after, new) if after is not None else []
    block += _moved(old, new)
    if block:
        result += [edit_path(_place(new)), *block]
    for pair in lists:
        if all(pair):
            _diff_block(*pair, result)
    for before, after in deeper:
        _diff(before, after, result)


def _whole_block(old: list[Node], new: list[Node]) -> list[str]:
    """Give the lines of a list whose word stands once around all its entries, where one side has none of it."""
    if bool(old) == bool(new):
        return []
    sign, word = "+" if new else "-", (old or new)[0].schema.word
    inside = [line for node in old or new for line in one(node, 1)]
    return [sign + "  " + line for line in (word + " {", *inside, "}")]


def _diff_block(old: list[Node], new: list[Node], result: list[str]) -> None:
    """Compare the entries of such a list that both sides have."""
    before, after = ({node.key: node for node in nodes} for nodes in (old, new))
    deeper = [key for key in before if key in after and before[key].inactive == after[key].inactive]
    lines = [f"-   {line}" for key, node in before.items() if key not in deeper for line in one(node)]
    lines += [f"+   {line}" for key, node in after.items() if key not in deeper for line in one(node)]
    result += [f"[edit {old[0].schema.word}]", *lines] if lines else []
    for key in deeper:
        _diff(before[key], after[key], result)


def _union(old: Node, new: Node) -> list[tuple[str, str]]:
    """Give the indices of both nodes' children: what is gone, then the new one's order."""
    gone = [(node.schema.name, node.key) for node in old.ordered()]
    return [index for index in gone if index not in new.children] + [
        (node.schema.name, node.key) for node in new.ordered()
    ]


def _moved(old: Node, new: Node) -> list[str]:
    """Give the entries whose order changed, with a `!`, as `show | compare` marks them."""
    lines: list[str] = []
    for name in {child.schema.name: None for child in new.ordered() if child.schema.kind == "list"}:
        keys = [[child.key for child in node.entries(name)] for node in (old, new)]
        before, after = ([key for key in own if key in other] for own, other in (keys, keys[::-1]))
        moved = [new.children[name, key] for key, was in zip(after, before, strict=True) if key != was]
        lines += [line for node in moved for line in _signed("!", node, new)[:1]]
    return [line + " ... }" if line.endswith("{") else line for line in lines]


def _signed(sign: str, node: Node | None, level: Node) -> list[str]:
    """Give a statement's lines with a sign, indented by its depth as `show | compare` does."""
    if node is None:
        return []
    before = level.schema.word if level.schema.inline else ""
    pad = " " * (len(_place(level).words()) + 2)
    return [sign + pad + line for line in one(node, before=before)]


def _place(level: Node) -> Node:
    """Give the hierarchy that `[edit ...]` names for changes in `level`: an inline statement belongs to its parent."""
    return level.parent if level.schema.inline and level.parent is not None else level


class _Reader:
    """Reads braces into a tree; keeps where it stands as a path of CLI words."""

    def __init__(self, root: Node, text: str, replace: bool) -> None:
        self.root = root
        self.replace = replace
        self.words = [word for word in LEXER.findall(text) if not word.startswith(("#", "/*"))]
        self.reports: list[Report] = []

    def block(self, prefix: list[str]) -> None:
        """Read statements up to the closing brace or the end."""
        while self.words and self.words[0] != "}":
            self.statement(prefix)

    def statement(self, prefix: list[str]) -> None:
        """Read one statement: words, then `;` or a block."""
        line: list[str] = []
        while self.words and self.words[0] not in ("{", "}", ";"):
            line.append(self.words.pop(0))
        if not self.words or self.words[0] == "}":
            raise syntax_error(line[-1] if line else "}", f"[edit {' '.join(prefix)}]")
        tags = [word for word in line if word in TAGS]
        line = [word for word in line if word not in TAGS]
        end = self.words.pop(0)
        path = [*prefix, *line]
        skip = self._apply(tags, path, bool(line))
        if end == "{":
            self.block(path)
            if not self.words:
                raise syntax_error("}", f"[edit {' '.join(path)}]")
            self.words.pop(0)
        if "inactive:" in tags and not skip:
            self.reports += take(self.root, [*prefix, *self._first(prefix, line)], "deactivate")

    def _first(self, prefix: list[str], line: list[str]) -> list[str]:
        """Give the words of a line that name its first statement: `inactive: 802.3ad ae0;` means 802.3ad."""
        if self._opens(prefix):
            return line[:1]
        node, rest = follow(self.root, prefix), list(line)
        schema, _ = step(node, rest)
        if schema.inline and rest:
            step(ensure(node, schema), rest)
        return line[: len(line) - len(rest)]

    def _opens(self, path: list[str]) -> bool:
        """Tell whether a path is the word of a list that stands once around all its entries."""
        schema = self.root.schema.words.get(path[0]) if len(path) == 1 else None
        return schema is not None and schema.block

    def _apply(self, tags: list[str], path: list[str], named: bool) -> bool:
        """Carry out one statement with its tags; tell whether it was a deletion."""
        if "protect:" in tags or "unprotect:" in tags:
            raise not_simulated("protect:")
        try:
            if not named or (self._opens(path) and "delete:" not in tags):
                return False
            if "delete:" in tags or ("replace:" in tags and self.replace):
                found = take(self.root, path, "delete")
                self.reports += found if "delete:" in tags else []
            if "delete:" not in tags:
                put(self.root, path)
        except JunosError as failure:
            self.reports += failure.reports
        return "delete:" in tags


def load(root: Node, text: str, replace: bool = False) -> list[Report]:
    """Load braces into the tree; `replace` honours `replace:` tags; give the warnings.

    Raises:
        JunosError: with the errors found, and the warnings met besides.
    """
    if not tokens(text):
        return [warning("load: empty input")]
    reader = _Reader(root, text, replace)
    reader.block([])
    if reader.words:
        reader.reports.append(Report("syntax error", bad="}"))
    if any(report.severity == "error" for report in reader.reports):
        raise JunosError(*reader.reports)
    return reader.reports
