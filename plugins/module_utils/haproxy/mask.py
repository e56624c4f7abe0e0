# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a diff may show of a configuration, whoever wrote it: what is known to hold no secret. Pure.

A list of what secrets look like is never complete, and ``raw`` takes whatever HAProxy takes. So it is the other way
round: directives, options and values of known kinds are shown, and in their place all others as :data:`HIDDEN`.
"""

from __future__ import annotations

import re
from typing import Callable, List

from ansible_collections.netstack.datacenter.plugins.module_utils.service.masking import (
    HEADERS,
    HIDDEN,
    QUERY,
    USER,
    part_shown,
)

from . import mask_words as known

__all__ = ["DIGEST", "HIDDEN", "masked", "masked_message"]

#: The variable that carries the digest of the configuration into the running process.
DIGEST = "NETSTACK_CONFIG_SHA256"

Words = List[str]
_WORD = re.compile(r"""(?:\\.|"(?:\\.|[^"\\])*"|'[^']*'|[^\s\\"'])+|["'\\]""")
_OWN_COMMENT = re.compile(
    r"# (?:Made by Ansible, netstack\..*|conf\.d/[\w.-]+(?:, which is not ours)?"
    r"|[\w.-]+ among the peers [\w.-]+, until [\d-]+)"
)
_KEYWORD = re.compile(r"[a-z][a-z\d._-]{0,39}|\.[a-z]+")  # no line of a PEM block is one
_SAMPLE = re.compile(r"%(?:\{[^}]*\})?(?:\[([^\]]*)\]|\w+)")
_ARGUMENTS = re.compile(r"([\w.-]+)\((.*)\)", re.DOTALL)
_SERVER_NAME = re.compile(r"str\([\w.-]+\)")  # whoever sees the handshake reads it
_NAMES = re.compile(r"[\w.,:/-]*")
_PROTOCOL = re.compile(r'"?(?:(?:EHLO|HELO) [\w.-]+|a\d* ?(?:LOGOUT|CAPABILITY)|QUIT|PING|NOOP|STARTTLS)(?:\\r\\n)+"?')

_VALUE = r"""(?:\\.|"(?:\\.|[^"\\])*"|'[^']*'|[^\s\\"'])+"""
_SENSITIVE = r"[\w.-]*(?:key|auth|pass|token|secret|credential|cookie|signature)[\w.-]*"
_BLANK = r"[^\S\n]+"
#: What stands before a value that no message shows; the value is the next word, or the rest of the line.
_BEFORE_WORD = (rf"\b(?:insecure-)?password{_BLANK}", rf"\b(?:crt-pass|key-pass)[\w-]*{_BLANK}", rf"\bbody{_BLANK}")
_BEFORE_REST = (
    rf"\bstats{_BLANK}auth{_BLANK}",
    rf"\b(?:pre)?setenv{_BLANK}(?!(?:{'|'.join(sorted(known.VARIABLES))})\b)[\w\"'.-]+{_BLANK}",
    rf"\b(?:(?:set|add|replace)-header|hdr){_BLANK}[\"']?{_SENSITIVE}[\"']?{_BLANK}",
    rf"\bset-var(?:-fmt)?\({_SENSITIVE}\){_BLANK}",
    rf"\b(?:hdr|cook|url_param|urlp)(?:_\w+)?\({_SENSITIVE}[^)]*\){_BLANK}(?!-m{_BLANK}found\b)",
    r"\bsend[^\S\n]+[\"']?AUTH(?:[^\S\n]|\\.)+",
    rf"\b(?:authorization|x-api-key|token|secret){_BLANK}(?!if\b|unless\b)",
)


def masked(text: str) -> str:
    """Return a configuration as a diff may show it, line by line."""
    lines = text.splitlines(True)
    return "".join(_line(bare) + line[len(bare) :] for line in lines for bare in line.splitlines())


def masked_message(text: str) -> str:
    """Return what HAProxy says of a configuration, or the line of which it speaks, without what looks like a secret.

    The words that are wrong must stand there, so that this is the other way round than :func:`masked`.
    """
    for before in _BEFORE_REST:
        text = re.sub(rf"(?i)({before})\S.*", rf"\g<1>{HIDDEN}", text)
    for before in _BEFORE_WORD:
        text = re.sub(rf"(?i)({before}){_VALUE}", rf"\g<1>{HIDDEN}", text)
    return QUERY.sub(f"?{HIDDEN}", USER.sub(HIDDEN, text))


def _line(line: str) -> str:
    found = list(_WORD.finditer(line))
    words = [each.group() for each in found]
    end = next((number for number, word in enumerate(words) if word.startswith("#")), len(words))
    if end == 0 and words:
        return line if _OWN_COMMENT.fullmatch(line.strip()) else line.replace(line.strip(), f"# {HIDDEN}")
    shown = _directive(words[:end]) + words[end : end + 1]
    made, last = "", 0
    for number, word in enumerate(shown):
        if word != HIDDEN or not made.endswith(HIDDEN):
            made += line[last : found[number].start()] + word
        last = found[number].end()
    if end < len(words):
        return f"{made[: made.rindex('#')]}# {HIDDEN}" + line[len(line.rstrip()) :]
    return made + line[last:]


def _directive(words: Words) -> Words:
    """Return the words of one directive, those that are not known to be no secret hidden."""
    if not words or words[0] in known.SECTIONS:
        return words
    if words[0] == "no":
        return words[:1] + _directive(words[1:])
    head, rest, condition = words[0], words[1:], len(words)
    if head != "acl":
        condition = next((number for number, word in enumerate(rest) if word in ("if", "unless")), len(rest))
    rule = _RULES.get(head) or (_plain if head in known.PLAIN or head.startswith("timeout") else _hidden)
    if head.startswith("tune."):
        rule = _settings
    named = head if _KEYWORD.fullmatch(head) else HIDDEN
    return [named, *rule(rest[:condition]), *rest[condition : condition + 1], *_condition(rest[condition + 1 :])]


def _plain(words: Words) -> Words:
    return [part_shown(word) for word in words]


def _hidden(words: Words) -> Words:
    return [HIDDEN] * len(words)


def _settings(words: Words) -> Words:
    return [word if re.fullmatch(r"[\d.]+[a-z]*|on|off|auto", word) else HIDDEN for word in words]


def _sample(word: str) -> str:
    """Return an expression that takes something of a request, with the literals in its arguments hidden."""
    parts = re.findall(r"(?:[^,(]|\([^)]*\))+|,", word)
    return "".join(_step(part) for part in parts)


def _step(part: str) -> str:
    found = _ARGUMENTS.fullmatch(part)
    if not found or (found.group(1).lower() in known.NAMING and _NAMES.fullmatch(found.group(2))):
        return part
    return f"{found.group(1)}({HIDDEN})"


def _is_format(word: str) -> bool:
    """Tell whether a text is made of what requests hold alone: not a letter of it is the author's."""
    inner = [sample for sample in _SAMPLE.findall(word) if sample]
    return not re.search(r"\w", _SAMPLE.sub("", word)) and all(_sample(each) == each for each in inner)


def _format(words: Words) -> Words:
    return [word if _is_format(word) else HIDDEN for word in words]


def _condition(words: Words) -> Words:
    """Return a condition: names of ACLs as they are, and what stands in braces as an ACL does."""
    made: Words = []
    while words:
        if words[0] == "{" and "}" in words:
            end = words.index("}")
            made += ["{", *_criterion(words[1:end]), "}"]
            words = words[end + 1 :]
        else:
            made.append(words[0] if re.fullmatch(r"!?[\w.:-]*|\|\|", words[0]) else HIDDEN)
            words = words[1:]
    return made


def _criterion(words: Words) -> Words:
    """Return what is compared with what; the values only where it is known what they are."""
    if not words:
        return words
    safe = known.COMPARED.fullmatch(words[0]) is not None
    made, flag = [_sample(words[0])], ""
    for word in words[1:]:
        is_flag = re.fullmatch(r"-[imfnuM]|--", word) is not None
        made.append(word if is_flag or flag in ("-m", "-f", "-M") else part_shown(word) if safe else HIDDEN)
        flag = word if is_flag else ""
    return made


def _acl(words: Words) -> Words:
    return words[:1] + _criterion(words[1:])


def _header(words: Words) -> Words:
    """Return a header's name with its values."""
    safe = bool(words) and words[0].strip("\"'").lower() in HEADERS
    return words[:1] + [part_shown(word) if safe or _is_format(word) else HIDDEN for word in words[1:]]


def _keyed(words: Words) -> Words:
    """Return words of which each is an option, or the value of the one before it."""
    made: Words = []
    while words:
        word, count = words[0], 2 if words[0] in known.VALUED else 1
        if word == "hdr":
            made += ["hdr", *_header(words[1:3])]
            count = 3
        elif word == "set-cookie" and len(words) > 1:
            made += [word, re.sub(r"=.*", f"={HIDDEN}", words[1])]
        elif word in known.SAMPLED and len(words) > 1:
            made += [word, words[1] if _SERVER_NAME.fullmatch(words[1]) else _sample(words[1])]
            count = 2
        elif count == 2 or word in known.FLAGS:
            made += [word, *_plain(words[1:count])]
        elif word in known.SECRET:
            made += [word, *_hidden(words[1:2])]
            count = 2
        else:
            made.append(HIDDEN)
        words = words[count:]
    return made


def _server(words: Words) -> Words:
    return words[:1] + _plain(words[1:2]) + _keyed(words[2:])


def _bind(words: Words) -> Words:
    return _plain(words[:1]) + _keyed(words[1:])


def _action(words: Words) -> Words:
    """Return an action of a rule."""
    if not words:
        return words
    name, rest = words[0], words[1:]
    if name in ("connection", "content", "session"):
        return [name, *_action(rest)]
    if name.startswith("set-var("):
        return [name, *(_sample(word) for word in rest)]
    if name.startswith("set-var-fmt("):
        return [name, *_format(rest)]
    if name in known.HEADER_ACTIONS:
        return [name, *_header(rest)]
    if name == "send" and len(rest) == 1 and _PROTOCOL.fullmatch(rest[0]):
        return words
    if name in known.KEYED_ACTIONS:
        return [name, *_keyed(rest)]
    if name.startswith(("track-sc", "capture")):
        return [name, *(_sample(word) for word in rest[:1]), *_plain(rest[1:])]
    return [name, *(_plain(rest) if name in known.PLAIN_ACTIONS else _hidden(rest))]


def _option(words: Words) -> Words:
    if words[:1] != ["httpchk"]:
        return _plain(words)
    return words[:1] + [part_shown(word) if "\\" not in word else HIDDEN for word in words[1:4]] + _hidden(words[4:])


def _stats(words: Words) -> Words:
    return words[:1] + (_plain(words[1:]) if words[:1] and words[0] in known.STATISTICS else _hidden(words[1:]))


def _environment(words: Words) -> Words:
    if words[:1] == [DIGEST]:
        return [DIGEST, "-"]  # another one whenever anything changes
    safe = bool(words) and words[0] in known.VARIABLES
    return words[:1] + (words[1:] if safe else _hidden(words[1:]))


def _user(words: Words) -> Words:
    """Return an account of a user list, or the account of the process."""
    made = words[:]
    for number, word in enumerate(words[:-1]):
        if number and word in ("password", "insecure-password"):
            made[number + 1 :] = _hidden(words[number + 1 :])
            break
    return made


def _stick(words: Words) -> Words:
    return words[:1] + [_sample(word) for word in words[1:2]] + _plain(words[2:])


_RULES: dict[str, Callable[[Words], Words]] = {
    **dict.fromkeys(("http-request", "http-response", "http-after-response", "tcp-request", "tcp-response"), _action),
    **dict.fromkeys(("http-check", "tcp-check", "use-server"), _action),
    **dict.fromkeys(("log-format", "log-format-sd", "error-log-format", "unique-id-format"), _format),
    **dict.fromkeys(("setenv", "presetenv"), _environment),
    **dict.fromkeys(("server", "peer", "server-template"), _server),
    **{"bind": _bind, "default-server": _keyed, "default-bind": _keyed, "redirect": _keyed, "acl": _acl},
    **{"option": _option, "stats": _stats, "user": _user, "stick": _stick},
}
