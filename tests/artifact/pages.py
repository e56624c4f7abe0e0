# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads Markdown pages: sections, blocks of code, the files that a block shows, links, anchors, paths."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^(#+) (.+)$", re.MULTILINE)
FILE = re.compile(r"^# (\S+/\S+\.yml)(?:, (continued))?$", re.MULTILINE)
PATH = re.compile(r"(?<![\w./~$*-])[\w.-]+(?:/[\w.-]+)*/?")


@dataclass(frozen=True)
class Block:
    """A fenced block of code."""

    language: str
    text: str

    def lines(self) -> list[str]:
        """Return the commands of a block for the shell."""
        return [line for line in self.text.splitlines() if line.strip() and not line.startswith("#")]

    def files(self) -> Iterator[tuple[str, bool, str]]:
        """Yield (path, whether it is appended to, text) for each file that the block shows: `# PATH[, continued]`."""
        found = list(FILE.finditer(self.text))
        starts = [*(match.start() for match in found), len(self.text)]
        for match, end in zip(found, starts[1:], strict=True):
            yield match[1], match[2] is not None, self.text[match.end() : end].lstrip("\n")


def section(text: str, title: str) -> str:
    """Return what stands below a heading, up to the next one of its level or above."""
    plain = FENCE.sub(lambda match: re.sub("[^\n]", " ", match[0]), text)  # `# FILE` in a block is no heading
    start = re.search(rf"^(#+) {re.escape(title)}$", plain, re.MULTILINE)
    assert start is not None, f"no heading {title!r}"
    end = re.compile(rf"^#{{1,{len(start[1])}}} ", re.MULTILINE).search(plain, start.end())
    return text[start.end() : end.start() if end else None]


def blocks(text: str) -> list[Block]:
    return [Block(*match.groups()) for match in FENCE.finditer(text)]


def prose(text: str) -> str:
    """Return a page without fenced and indented code, and without comments."""
    text = FENCE.sub("", re.sub(r"<!--.*?-->", "", text, flags=re.DOTALL))
    return re.sub(r"(?<=\n\n)(?: {4}.*\n)+", "", text)


def links(text: str) -> list[str]:
    return LINK.findall(CODE.sub("", prose(text)))


def anchors(text: str) -> set[str]:
    """Return the anchors of a page's headings, as GitHub and Galaxy make them."""
    titles = (match[2].lower() for match in HEADING.finditer(prose(text)))
    return {re.sub(r"[^\w\- ]", "", title).replace(" ", "-") for title in titles}


def paths(text: str, tracked: Iterable[str]) -> set[str]:
    """Return each path of the repository that a page's code names, be it the whole path or the end of one.

    Files that the page itself has its reader write are none of the repository.
    """
    tracked = set(tracked)
    tops = {name.partition("/")[0] for name in tracked}
    ends = {"/".join(name.split("/")[depth:]) for name in tracked for depth in range(name.count("/"))}
    without = re.sub(r"<!--.*?-->", "", text, flags=re.DOTALL)
    code = "\n".join([*(block.text for block in blocks(without)), *CODE.findall(FENCE.sub("", without))])
    words = {word.rstrip("/.") for word in PATH.findall(code)}
    words -= {path for block in blocks(without) for path, _continued, _text in block.files()}
    return {word for word in words if _is_path(word, tracked, tops, ends)}


def _is_path(word: str, tracked: set[str], tops: set[str], ends: set[str]) -> bool:
    if "/" not in word:
        return "." in word and word in tracked
    return word.partition("/")[0] in tops or word in ends
