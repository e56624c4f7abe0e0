# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The JSON Schema of stack.yml and of the files of a site's folder, for editors. Generated from the model."""

from __future__ import annotations

from typing import Any

from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.model import SECTIONS
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.verdict import PLUGIN_NAME

_REFERENCE = "#/$defs/{model}"


def schema() -> dict[str, Any]:
    """Return the schema of a whole file; what a profile or a range leaves to another place is not required here."""
    definitions: dict[str, Any] = {}
    properties: dict[str, Any] = {
        "plugin": {"const": PLUGIN_NAME},
        "site": {"type": "string", "description": "folder with the rest of the site, relative to this file"},
    }
    for section, model in SECTIONS.items():
        generated = model.model_json_schema(ref_template=_REFERENCE)
        definitions.update(generated.pop("$defs", {}))
        definitions[model.__name__] = generated
        properties[section] = {
            "type": "object",
            "additionalProperties": {"$ref": _REFERENCE.format(model=model.__name__)},
        }
    _relax(definitions)
    for section, name in (("profiles", "Profile"), ("link_profiles", "LinkProfile")):
        properties[section] = {"type": "object", "additionalProperties": {"$ref": _REFERENCE.format(model=name)}}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A site of netstack.datacenter",
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
        "$defs": dict(sorted(definitions.items())),
    }


def _relax(definitions: dict[str, Any]) -> None:
    """Allow the short forms, the ranges, and the keys that a profile may supply."""
    definitions["Backend"] = {"anyOf": [{"type": "string"}, definitions["Backend"]]}
    certificate = definitions["Tls"]["properties"]["certificate"]
    definitions["Tls"]["properties"]["certificate"] = {"anyOf": [{"type": "string"}, certificate]}
    for model in ("HealthCheck", "Verify"):
        status = definitions[model]["properties"]["expect_status"]
        status["anyOf"].append({"type": "integer", "minimum": 100, "maximum": 599})
    for key in ("address", "address6"):
        definitions["Network"]["properties"][key] = {"type": "string", "description": "an address, or a range of them"}
    definitions["Network"]["properties"]["other_addresses"] = {
        "type": "array",
        "items": {"type": "string", "description": "an address, or a range of them"},
    }
    service = definitions["Service"]
    service["required"] = ["lb"]
    for model in ("Tls", "HealthCheck"):
        definitions[model].pop("required", None)
    definitions["Profile"] = {**service, "title": "Profile", "required": []}
    link = definitions["Link"]
    link["required"] = ["ends"]
    definitions["LinkProfile"] = {**link, "title": "LinkProfile", "required": []}
