# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The JSON Schema of stack.yml and of the files of a site's folder, for editors. Generated from the model.

Each key's description is the text below its field in the model. It is read from the source, for nobody else needs it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.model import SECTIONS
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.verdict import PLUGIN_NAME

_REFERENCE = "#/$defs/{model}"
_SOURCES = ("model.py", "link.py", "service.py")


def schema() -> dict[str, Any]:
    """Return the schema of a whole file; what a profile or a range leaves to another place is not required here."""
    definitions: dict[str, Any] = {}
    properties: dict[str, Any] = {
        "plugin": {"const": PLUGIN_NAME, "description": "Marks the file as one of this plugin."},
        "site": {"type": "string", "description": "Folder with the rest of the site, relative to this file."},
    }
    for section, model in SECTIONS.items():
        generated = model.model_json_schema(ref_template=_REFERENCE)
        definitions.update(generated.pop("$defs", {}))
        definitions[model.__name__] = generated
        properties[section] = {
            "type": "object",
            "additionalProperties": {"$ref": _REFERENCE.format(model=model.__name__)},
            "description": f"{str(model.__doc__).splitlines()[0]} By name.",
        }
    for name, key, text in _texts():
        definitions[name]["properties"][key]["description"] = text
    _relax(definitions)
    for section, name, what in (("profiles", "Profile", "services"), ("link_profiles", "LinkProfile", "links")):
        properties[section] = {
            "type": "object",
            "additionalProperties": {"$ref": _REFERENCE.format(model=name)},
            "description": f"Defaults of {what}, by name. One may name another as its `profile`.",
        }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A site of netstack.datacenter",
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
        "$defs": dict(sorted(definitions.items())),
    }


def _texts() -> Iterator[tuple[str, str, str]]:
    """Yield model, key and the text that stands below the key's field."""
    for source in _SOURCES:
        for model in ast.parse(Path(__file__).with_name(source).read_text(encoding="utf-8")).body:
            body = model.body if isinstance(model, ast.ClassDef) else []
            for field, below in pairwise(body):
                text = below.value if isinstance(below, ast.Expr) else None
                if isinstance(model, ast.ClassDef) and isinstance(field, ast.AnnAssign) and text is not None:
                    yield model.name, ast.unparse(field.target), ast.literal_eval(text)


def _relax(definitions: dict[str, Any]) -> None:
    """Allow the short forms, the ranges, and the keys that a profile may supply."""
    definitions["Backend"] = {"anyOf": [{"type": "string"}, definitions["Backend"]]}
    certificate = definitions["Tls"]["properties"]["certificate"]
    definitions["Tls"]["properties"]["certificate"] = {
        "anyOf": [{"type": "string"}, certificate],
        "description": certificate.pop("description"),
    }
    for model in ("HealthCheck", "Verify"):
        status = definitions[model]["properties"]["expect_status"]
        status["anyOf"].append({"type": "integer", "minimum": 100, "maximum": 599})
    networks = definitions["Network"]["properties"]
    for key in ("address", "address6"):
        networks[key] = {"type": "string", "description": f"{networks[key]['description']} Or a range of them."}
    networks["other_addresses"] = {**networks["other_addresses"], "type": "array", "items": {"type": "string"}}
    service = definitions["Service"]
    service["required"] = ["lb"]
    for model in ("Tls", "HealthCheck"):
        definitions[model].pop("required", None)
    definitions["Profile"] = {**service, "title": "Profile", "required": []}
    link = definitions["Link"]
    link["required"] = ["ends"]
    definitions["LinkProfile"] = {**link, "title": "LinkProfile", "required": []}
