# SPDX-License-Identifier: GPL-3.0-or-later
"""What each file of the checkout reads, read off its text: the graph that the table of paths is held against.

Python: imports, names of our collection in texts, paths put together with `/` from literals. YAML and shell: names of
our collection, paths, programs of the lab. Where a name is computed, all that it could be is taken.
"""

from __future__ import annotations

import ast
import functools
import re
import shlex
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
OURS = "ansible_collections.netstack.datacenter."
NAMED = re.compile(r"netstack\.datacenter\.([a-z0-9_]*)")
LAB_PROGRAM = re.compile(r"/opt/lab/(\w+\.py)")
KINDS = "plugins/plugin_utils/kinds/__init__.py"
WORD = re.compile(r"[\w./-]+")


@functools.cache
def tracked() -> frozenset[str]:
    """Return the files of the checkout, new ones too, that exist."""
    command = ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split("\0")
    return frozenset(name for name in names if name and (ROOT / name).is_file())


@functools.cache
def _by_folder() -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for name in tracked():
        for folder in (name, *map(str, Path(name).parents)):
            found.setdefault(folder, set()).add(name)
    return found


def below(folder: str) -> set[str]:
    """Return the files below a folder, or the file of this name."""
    return _by_folder().get(folder.rstrip("/"), set())


@functools.cache
def named(name: str) -> set[str]:
    """Return the files of a playbook, role or plugin of our collection; of all playbooks where the name is computed."""
    if not name:
        return set(below("playbooks"))
    plugins = {file for file in tracked() if re.fullmatch(rf"plugins/[a-z]+/{name}\.(py|yml)", file)}
    playbook = {f"playbooks/{name}.yml"} & tracked()
    return plugins | below(f"roles/{name}") | (below("playbooks/tasks") | playbook if playbook else set())


@functools.cache
def module_files(module: str, beside: str) -> set[str]:
    """Return the files of a dotted module: of our collection, beside the file, in lab or in tests; packages' too."""
    if module.startswith(OURS):
        tops = [module.removeprefix(OURS)]
    else:
        tops = [f"{folder}/{module}".lstrip("/") for folder in (beside, "lab", "tests", "docs", "benchmarks")]
    for top in tops:
        path = top.replace(".", "/")
        found = {f"{path}.py", f"{path}/__init__.py"} & tracked()
        if found or below(path):
            return found | parents(path)
    return set()


def parents(path: str) -> set[str]:
    """Return the __init__.py of the packages that a file lies in."""
    folders = Path(path).parents
    return {f"{folder}/__init__.py" for folder in folders} & tracked()


def imports(nodes: list[ast.AST], file: str) -> Iterator[str]:
    """Yield the modules that a file imports, a name of `from m import name` as m.name too."""
    package = file.split("/")[:-1]
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            stem = ("/" + "/".join(base) + "/" if base else "") + (node.module or "")
            yield stem
            yield from (f"{stem}.{alias.name}" for alias in node.names)


def from_import(module: str, file: str) -> set[str]:
    """Return the files of a module as imports() gives it: a leading / says that it was relative."""
    if module.startswith("/"):
        path = module.strip("/").replace(".", "/").replace("//", "/")
        return ({f"{path}.py", f"{path}/__init__.py"} & tracked()) | parents(path)
    return module_files(module, str(Path(file).parent))


def rooms(nodes: list[ast.AST], file: str) -> set[str]:
    """Return the files that a file asks for by `room(kind, name)`, and for the list of kinds those of one file each."""
    listed = re.compile(r"plugins/plugin_utils/kinds/\w+\.py")
    single = {name for name in tracked() if file == KINDS and listed.fullmatch(name)}
    calls = (node for node in nodes if isinstance(node, ast.Call) and node.args)
    asked = (call.args[-1] for call in calls if chained(call.func) == "room")
    names = {arg.value for arg in asked if isinstance(arg, ast.Constant)}
    found = {f"{KINDS.removesuffix('__init__.py')}{kind}/{name}.py" for kind in kinds_of_devices() for name in names}
    return single | found & tracked()


@functools.cache
def kinds_of_devices() -> frozenset[str]:
    """Return the kinds that are packages."""
    folder = KINDS.removesuffix("__init__.py")
    return frozenset(name.removeprefix(folder).split("/")[0] for name in tracked() if name.startswith(folder))


def chained(node: ast.AST) -> str:
    """Return the last name of what is called."""
    return str(getattr(node, "attr", getattr(node, "id", "")))


def chain(node: ast.AST) -> str:
    """Return what the literals of a path put together with `/` say, the first folder being computed."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
        right = node.right.value if isinstance(node.right, ast.Constant) else "*"
        return f"{chain(node.left)}/{right}"
    return ""


def texts(nodes: list[ast.AST]) -> Iterator[str]:
    """Yield the texts of a file that are no docstrings."""
    docs = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs:
            yield node.value


def at(path: str) -> set[str]:
    """Return the file of this name, or what is below a folder of data; one with Python is a place for imports."""
    files = below(path) if path else set[str]()
    return set() if any(file.endswith(".py") and file != path for file in files) else set(files)


def paths_in(nodes: list[ast.AST], folder: str) -> set[str]:
    """Return the files that literal paths name, from the top or from the file's folder."""
    found: set[str] = set()
    for node in nodes:
        path = chain(node).strip("/")
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "with_name":
            path = str(getattr(node.args[0], "value", ""))
        if path:
            found |= at(path) | at(f"{folder}/{path}")
    return found


def of_python(file: str) -> set[str]:
    """Return what a Python file reads. The plugins name our collection in their documentation: only imports count."""
    nodes = list(ast.walk(ast.parse((ROOT / file).read_text())))
    found = set().union(*(from_import(module, file) for module in imports(nodes, file)), rooms(nodes, file))
    for text in texts(nodes):
        if text == "*.py" and file.startswith("plugins/") and file.endswith("/__init__.py"):
            found |= below(str(Path(file).parent))  # a package that imports whatever lies in it
        if re.fullmatch(r"[a-z_]+(\.[a-z_]+)+", text):
            found |= module_files(text, "")
        if not file.startswith("plugins/") or (text != "netstack.datacenter." and NAMED.fullmatch(text)):
            found |= set().union(*map(named, NAMED.findall(text)))
        if not file.startswith("plugins/"):
            found |= at(text) if "/" in text else set()
    return found if file.startswith("plugins/") else found | paths_in(nodes, str(Path(file).parent))


def of_text(file: str) -> set[str]:
    """Return what a YAML file, a template or a script reads."""
    text = re.sub(r"(?m)(^|\s)#.*$", "", (ROOT / file).read_text(errors="replace"))
    found = set().union(*map(named, filter(None, NAMED.findall(text))))
    found |= {f"lab/{name}" for name in LAB_PROGRAM.findall(text)} & tracked()
    if "{{ stack_role }}" in text:  # a role by the kind of device
        found |= {file for role in roles_of_ends() for file in below(f"roles/{role}")}
    for word in WORD.findall(text):
        if "/" in word and word.strip("./") in tracked():
            found.add(word.strip("./"))
    return found


@functools.cache
def roles_of_ends() -> frozenset[str]:
    """Return the roles that configure ends of links: those that have a plan for the plays of links."""
    return frozenset(name.split("/")[1] for name in tracked() if re.fullmatch(r"roles/\w+/tasks/end_plan\.yml", name))


def data_of(file: str) -> set[str]:
    """Return the files that lie with a module: in its folder, and below it where there is no Python."""
    folder = str(Path(file).parent)
    near = {name for name in below(folder) if not name.endswith(".py")}
    return {name for name in near if not (code_folders() - {folder}) & set(map(str, Path(name).parents))}


@functools.cache
def code_folders() -> frozenset[str]:
    """Return the folders that hold Python."""
    return frozenset(str(Path(name).parent) for name in tracked() if name.endswith(".py"))


@functools.cache
def reads(file: str) -> frozenset[str]:
    """Return the files that one file reads."""
    if not file.endswith(".py"):
        more = frozenset(below("playbooks/tasks") if file.startswith("playbooks/") else ())
        return more if file.endswith((".md", ".json", ".rst", ".toml")) else frozenset(more | of_text(file) & tracked())
    found = of_python(file)
    folders = Path(file).parents
    if file.startswith("tests/"):
        found |= {f"{folder}/conftest.py" for folder in folders} & tracked()
    if file.startswith("tests/") and file.count("/") > 1:
        found |= data_of(file)
    if file.startswith(("lab/junos/", "lab/vsphere/")):
        found |= data_of(file)
    if file.startswith(("plugins/modules/", "plugins/action/")):
        name = Path(file).name
        found |= {f"plugins/modules/{name}", f"plugins/action/{name}"} & tracked()
    return frozenset(found & tracked())


def closure(seeds: Iterable[str]) -> set[str]:
    """Return these files and all that they read."""
    found: set[str] = set()
    more = set(seeds) & tracked()
    while more:
        found |= more
        more = set().union(*(reads(file) for file in more)) - found
    return found


def seeds(command: str) -> set[str]:
    """Return the files that a part's command names: test folders, scripts, a scenario of Molecule."""
    words = shlex.split(command)
    ignored = set().union(*(below(words[at + 1]) for at, word in enumerate(words[:-1]) if word == "--ignore"))
    found = set().union(*(below(word) for word in words if "/" in word)) - ignored
    if words[0] == "molecule":
        return set(below(f"molecule/{words[-1]}") | below("molecule/resources") | below(".config/molecule"))
    found = {file for file in found if not file.startswith("tests/") or is_test(file)}
    if "--part" not in words:
        return found
    mark = f'part("{words[words.index("--part") + 1]}")'
    return {file for file in found if mark in (ROOT / file).read_text()}


def is_test(file: str) -> bool:
    """Tell whether pytest collects it."""
    return Path(file).name.startswith("test_") and file.endswith(".py")
