"""The JSON Schema of a tenant's file, for editors; `make docs` writes stacks/schema.json."""

import json
from typing import Any

from tenant.catalogue import LOCKS, SETTINGS, load
from tenant.catalogue_schema import document_schema
from tenant.declaration import json_schema
from tenant.stack_keys import ADDRESSES, CREDENTIALS, KEY, PROJECT


def file_schema() -> dict[str, Any]:
    """The schema of `stacks/Pulumi.<tenant>.yaml`; other namespaces' keys are left to Pulumi."""
    tenant = json_schema()
    definitions = tenant.pop("$defs")
    zoom = definitions["Zoom"]["properties"]
    for key, document in (("settings", SETTINGS), ("locks", LOCKS)):
        described = f"{zoom[key]['description']} Needs: {load().plans[document]}"
        zoom[key] = {**zoom[key], **document_schema(document), "description": described}
    calendar = definitions["Calendar"]["properties"]
    calendar["attestations"] = {
        "anyOf": [calendar["attestations"], {"const": "required"}],
        "default": {},
    }
    credential = {
        "description": "A credential, where the environment has none: `pulumi config set --secret`."
    }
    address = {
        "type": "string",
        "description": "An address or a path of this tenant's own, where the environment has none.",
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$comment": "Made by `make docs` from tenant/model.py and tenant/catalogue.json.",
        "title": "One tenant of Zoom's Microsoft 365 calendar integration",
        "type": "object",
        "required": ["config"],
        "properties": {
            "config": {
                "type": "object",
                "required": [KEY],
                "properties": {
                    KEY: tenant,
                    "azuread:tenantId": {
                        "description": "The Entra tenant's id, a GUID. Default: ARM_TENANT_ID."
                    },
                    **{f"{PROJECT}:{name}": credential for name in CREDENTIALS},
                    **{f"{PROJECT}:{name}": address for name in ADDRESSES},
                },
                "patternProperties": {f"^(?!{PROJECT}:)": {}},
                "additionalProperties": False,
            }
        },
        "$defs": definitions,
    }


if __name__ == "__main__":
    print(json.dumps(file_schema(), indent=2, ensure_ascii=False))
