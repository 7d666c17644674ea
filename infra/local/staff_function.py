"""Gives the operator's staff a function of their own: the same package a second time, with other rights.

Chalice knows one API function. So packaging completes `Staff` of the template from `APIHandler` and points
every path under /v1/staff/ at it. Closed, for the sake of the companies' people: nothing else leads to that
function, and the companies' own has no right on what only staff may see, whatever path reaches it.
"""

from __future__ import annotations

import copy
from typing import Any, Final

COMPANIES: Final = "APIHandler"
STAFF: Final = "Staff"
ROLE: Final = "StaffRole"
ENTRY: Final = "staff"
"""Of `.chalice/config.json`, where the policy file of the function stands beside all others."""

PREFIX: Final = "/v1/staff/"
_INTEGRATION: Final = "x-amazon-apigateway-integration"


class SplitError(Exception):
    """The template is not as expected: better no package than staff's paths at the companies' function."""


def add_staff_function(template: dict[str, Any], policy: dict[str, Any]) -> None:
    """Complete ``Staff`` and its role in the packaged template and send staff's paths there.

    ``policy`` is the role's document. Changes ``template``. Raises SplitError.
    """
    resources = template["Resources"]
    companies, staff = resources[COMPANIES], resources[STAFF]
    role = copy.deepcopy(resources[companies["Properties"]["Role"]["Fn::GetAtt"][0]])
    (given,) = role["Properties"]["Policies"]
    role["Properties"]["Policies"] = [{**given, "PolicyName": f"{ROLE}Policy", "PolicyDocument": policy}]
    resources[ROLE] = role
    staff["Properties"] = {
        **copy.deepcopy(companies["Properties"]),
        "Role": {"Fn::GetAtt": [ROLE, "Arn"]},
        **staff["Properties"],
    }
    send_to_staff(resources["RestAPI"]["Properties"]["DefinitionBody"])


def is_staffs(path: str) -> bool:
    """Whether a path of the API is for staff; `/v1/staffing` is not."""
    return path.startswith(PREFIX)


def send_to_staff(document: dict[str, Any]) -> None:
    """Point the integrations of staff's paths in an OpenAPI document at ``Staff``. Raises SplitError."""
    for path, methods in document["paths"].items():
        if not is_staffs(path):
            continue
        for method in methods.values():
            uri = method.get(_INTEGRATION, {}).get("uri", {}) if isinstance(method, dict) else {}
            text = uri.get("Fn::Sub", "") if isinstance(uri, dict) else ""
            if text.count(f"${{{COMPANIES}.Arn}}") != 1:
                raise SplitError(f"{path} does not lead to {COMPANIES}")
            uri["Fn::Sub"] = text.replace(f"${{{COMPANIES}.Arn}}", f"${{{STAFF}.Arn}}")
