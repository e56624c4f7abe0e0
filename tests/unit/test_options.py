# SPDX-License-Identifier: GPL-3.0-or-later
"""An option is written once, in its module's documentation; what is made of it is current, and is what modules read."""

from __future__ import annotations

import ast
import importlib
import importlib.util
import shutil
from pathlib import Path

import pytest
import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

ROOT = Path(__file__).resolve().parents[2]
PLUGINS = "ansible_collections.netstack.datacenter.plugins"


def generator(root=ROOT):
    spec = importlib.util.spec_from_file_location("options", root / "docs" / "options.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


MADE = generator()
PAGES = MADE.pages()


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_what_is_made_of_the_documentation_is_current(page, golden):
    golden(page, PAGES[page])


def test_no_spec_is_left_of_a_module_that_is_gone():
    kept = [path for path in (ROOT / "plugins").glob("*_utils/options/*.py") if path.name != "__init__.py"]
    assert [path for path in kept if path not in PAGES] == []


@pytest.mark.parametrize("name", MADE.modules())
def test_every_module_reads_the_spec_that_is_made(name):
    made = MADE.place(name)
    folder, utils = ("modules", "module_utils") if made.parts[-3] == "module_utils" else ("action", "plugin_utils")
    spec = importlib.import_module(f"{PLUGINS}.{utils}.options.{name}").SPEC
    assert importlib.import_module(f"{PLUGINS}.{folder}.{name}").SPEC is spec
    text = (ROOT / "plugins" / folder / f"{name}.py").read_text()
    calls = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call)]
    given = [keyword.value for call in calls for keyword in call.keywords if keyword.arg == "argument_spec"]
    assert all(ast.unparse(value) == "SPEC" for value in given)


def test_a_comment_behind_the_name_of_an_option_makes_it_secret():
    secret = {name: option.get("no_log") for name, option in MADE.documented("tls_certificate_target").items()}
    assert secret["private_keys"] is True
    inner = MADE.documented("tls_certificate_target")["bundles"]["suboptions"]
    assert (inner["key_file"]["no_log"], inner["name"].get("no_log")) == (False, None)
    assert MADE.spec(MADE.documented("haproxy"))["issued"]["options"]["leaf"]["no_log"] is True


ROLES = sorted(path.name for path in (ROOT / "roles").iterdir() if path.is_dir())
EMPTY = ({}, [], "", 0)


def of_role(role, path):
    return yaml.safe_load((ROOT / "roles" / role / path).read_text())


def variables(role):
    return of_role(role, "meta/argument_specs.yml")["argument_specs"]["main"]["options"]


@pytest.mark.parametrize("role", ROLES)
def test_a_variable_of_a_role_has_the_type_the_choices_and_the_keys_of_its_option(role):
    """A path may be an empty text, which is none; of the states a role has those that declare something."""
    texts = {"path": ("path", "str")}
    for name, option in MADE.spec(MADE.role_options(role)).items():
        variable = variables(role)[f"{role}_{name}"]
        assert variable["type"] in texts.get(option["type"], (option["type"],)), name
        if "elements" in option:
            assert variable["elements"] in texts.get(option["elements"], (option["elements"],)), name
        choices = variable.get("choices", [])
        assert set(choices) < set(option["choices"]) if name == "state" else choices == option.get("choices", []), name
        assert not variable.get("options") or set(variable["options"]) == set(option["options"]), name
        assert bool(variable.get("no_log")) == bool(option.get("no_log")), name


@pytest.mark.parametrize("role", ROLES)
def test_the_default_of_a_variable_is_that_of_its_option(role):
    """Or says what it is in the role's own way: a template, an empty value that is none, a default with all keys."""
    own = {"backup_keep", "restore_dir", *({"health"} if role == "vip" else ())}
    given = of_role(role, "defaults/main.yml")
    for name, option in MADE.spec(MADE.role_options(role)).items():
        value = given[f"{role}_{name}"]
        free = name in own or str(value).startswith("{{") or ("default" not in option and value in EMPTY)
        assert free or value == option.get("default"), name


@pytest.mark.parametrize("role", ROLES)
def test_every_task_that_declares_hands_every_variable_on(role):
    for task in MADE.TASKS:
        for found in of_role(role, f"tasks/{task}.yml"):
            given = found.get(f"netstack.datacenter.{role}", {})
            if given and f"{{{{ {role}_state }}}}" in (given.get("state"), given.get("plan_for")):
                assert set(MADE.handed_on(role, task)) <= set(given)


@pytest.mark.parametrize("role", ROLES)
def test_the_example_in_the_argument_spec_of_a_role_is_accepted_by_it_and_by_its_module(role):
    play = yaml.safe_load(of_role(role, "meta/argument_specs.yml")["argument_specs"]["main"]["examples"])[0]
    named = [each if isinstance(each, dict) else {"role": each} for each in play["roles"]]
    assert [each["role"] for each in named] == [f"netstack.datacenter.{role}"]
    given = {**play.get("vars", {}), **named[0].get("vars", {})}
    own = {name: value for name, value in given.items() if name.startswith(f"{role}_")}
    assert own
    assert refused(variables(role), own) == []
    handed = {name.removeprefix(f"{role}_"): value for name, value in own.items()}
    spec = MADE.spec(MADE.documented(role))
    assert refused(spec, {name: value for name, value in handed.items() if name in spec}) == []


def refused(spec, given):
    """Return what Ansible says against values, those that nobody knows among it."""
    return ArgumentSpecValidator(spec).validate(given).error_messages


def test_an_option_that_a_module_gets_reaches_its_role_by_the_script_alone(tmp_path):
    for folder in ("docs", "plugins/modules", "plugins/doc_fragments", "roles"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    module = tmp_path / "plugins" / "modules" / "junos_lag.py"
    option = "  colour:\n    description: The colour of V(vlans). Nothing else.\n    type: str\n"
    module.write_text(module.read_text().replace("  running_config:\n", f"{option}  running_config:\n", 1))

    made = generator(tmp_path)
    pages = made.pages()
    changed = {str(path.relative_to(tmp_path)): text for path, text in pages.items() if text != read(path)}

    files = [f"roles/junos_lag/{name}.yml" for name in ("defaults/main", "meta/argument_specs")]
    tasks = [f"roles/junos_lag/tasks/{name}.yml" for name in ("configure", "plan", "verify")]
    assert [path for path in changed if path.startswith("roles")] == files + tasks
    assert '    "colour": {"type": "str"},\n' in pages[made.place("junos_lag")]
    assert changed[files[0]].endswith('# The colour of vlans\njunos_lag_colour: ""\n')
    specs = yaml.safe_load(changed[files[1]])["argument_specs"]
    wanted = {"type": "str", "default": "", "description": "The colour of vlans."}
    assert [entry["options"]["junos_lag_colour"] for entry in specs.values()] == [wanted] * 6
    for task in tasks:
        calls = [each.get("netstack.datacenter.junos_lag", {}) for each in yaml.safe_load(changed[task])]
        assert [call["colour"] for call in calls if call] == ["{{ junos_lag_colour or omit }}"]


def read(path):
    return path.read_text() if path.exists() else ""


SECRETS = {"haproxy.secrets", "haproxy.issued.leaf", "tls_certificate_target.private_keys"}
SECRETS |= {"tls_certificate.secrets", "vip.secrets"}


def secret(spec, path):
    for name, option in spec.items():
        yield from [f"{path}.{name}"] if option.get("no_log") else []
        yield from secret(option.get("options") or {}, f"{path}.{name}")


def test_what_passes_a_secret_is_hidden_whatever_becomes_of_a_comment():
    made = [path for path in PAGES if path.match("plugins/*_utils/options/*.py")]
    specs = {path.stem: f"{PLUGINS}.{path.parts[-3]}.options.{path.stem}" for path in made}
    found = {each for stem, name in specs.items() for each in secret(importlib.import_module(name).SPEC, stem)}
    assert found == SECRETS
