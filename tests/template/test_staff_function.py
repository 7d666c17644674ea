"""Who works for the operator is served by a function of its own: its paths lead there, and no other does."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from infra.local.package import ROOT, package
from infra.local.staff_function import SplitError, add_staff_function, is_staffs, send_to_staff

COMPANIES_URI = (
    "arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/"
    "${APIHandler.Arn}/invocations"
)
STAFF_URI = COMPANIES_URI.replace("APIHandler", "Staff")
OURS = ("/v1/staff/login", "/v1/staff/people/{staff_id}", "/v1/staff/requests/{request_id}/answer")
THEIRS = (
    "/v1/staff",
    "/v1/staffing/plans",
    "/v1/contacts",
    "/v1/contacts/staff/x",
    "/",
    "/docs",
    "/v2/staff/x",
)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return package(tmp_path_factory.mktemp("package"), dependencies=False)


def document(*paths: str) -> dict[str, Any]:
    """What Chalice writes of two methods at each path."""

    def method() -> dict[str, Any]:
        return {
            "responses": {},
            "x-amazon-apigateway-integration": {"type": "aws_proxy", "uri": {"Fn::Sub": COMPANIES_URI}},
        }

    return {"swagger": "2.0", "paths": {path: {"get": method(), "post": method()} for path in paths}}


def leads_to(described: dict[str, Any]) -> dict[str, set[str]]:
    """Path -> addresses of the functions that its methods lead to."""
    return {
        path: {method["x-amazon-apigateway-integration"]["uri"]["Fn::Sub"] for method in methods.values()}
        for path, methods in described["paths"].items()
    }


@pytest.mark.clause("personnel")
def test_staffs_paths_lead_to_staffs_function_and_all_others_do_not() -> None:
    described = document(*OURS, *THEIRS)
    send_to_staff(described)
    expected = {path: {STAFF_URI} for path in OURS} | {path: {COMPANIES_URI} for path in THEIRS}
    assert leads_to(described) == expected


@pytest.mark.parametrize(
    "uri",
    [
        None,
        "arn:aws:apigateway:somewhere",
        {"Fn::Sub": "arn:${AWS::Partition}:http"},
        {"Fn::Sub": STAFF_URI},
        {"Fn::Join": ["", [COMPANIES_URI]]},
    ],
)
def test_a_path_of_staff_that_leads_elsewhere_stops_the_package(uri: Any) -> None:
    described = document("/v1/staff/login")
    described["paths"]["/v1/staff/login"]["get"]["x-amazon-apigateway-integration"]["uri"] = uri
    with pytest.raises(SplitError):
        send_to_staff(described)


def test_a_path_of_staff_without_a_function_stops_the_package() -> None:
    described = document("/v1/staff/login")
    described["paths"]["/v1/staff/login"]["options"] = {"responses": {}}
    with pytest.raises(SplitError):
        send_to_staff(described)


@pytest.mark.clause("personnel")
def test_the_packaged_api_sends_every_path_where_it_belongs(template: dict[str, Any]) -> None:
    found = leads_to(template["Resources"]["RestAPI"]["Properties"]["DefinitionBody"])
    assert found
    for path, addresses in found.items():
        assert addresses == {STAFF_URI if is_staffs(path) else COMPANIES_URI}, path


@pytest.mark.clause("personnel")
def test_a_route_of_staff_added_tomorrow_is_not_served_with_the_companies_rights(
    template: dict[str, Any],
) -> None:
    """Packaging decides by the path alone, so nobody has to remember anything when a route is added."""
    resources = copy.deepcopy(template["Resources"])
    del resources["StaffRole"]
    resources["Staff"]["Properties"] = {"FunctionName": "okki-leads-staff"}
    resources["RestAPI"]["Properties"]["DefinitionBody"] = document("/v1/staff/new", "/v1/new")
    policy = {"Version": "2012-10-17", "Statement": []}
    add_staff_function({"Resources": resources}, policy)
    found = leads_to(resources["RestAPI"]["Properties"]["DefinitionBody"])
    assert found == {"/v1/staff/new": {STAFF_URI}, "/v1/new": {COMPANIES_URI}}
    (given,) = resources["StaffRole"]["Properties"]["Policies"]
    assert given["PolicyDocument"] == policy


def test_staffs_function_is_the_companies_in_all_but_its_rights(template: dict[str, Any]) -> None:
    companies, staff = (template["Resources"][name]["Properties"] for name in ("APIHandler", "Staff"))
    different = {name for name in companies.keys() | staff.keys() if companies.get(name) != staff.get(name)}
    assert different == {"FunctionName", "Role"}
    assert staff["Handler"] == "app.app"
    role = template["Resources"]["StaffRole"]["Properties"]
    assert (
        template["Resources"]["ApiHandlerRole"]["Properties"]["AssumeRolePolicyDocument"]
        == (role["AssumeRolePolicyDocument"])
    )
    (given,) = role["Policies"]
    assert given["PolicyDocument"] == json.loads((ROOT / "infra/policies/staff.json").read_text())


def test_the_gateway_may_call_staffs_function_for_staffs_paths_only(template: dict[str, Any]) -> None:
    resources = template["Resources"]
    permissions = {
        entry["Properties"]["FunctionName"]["Ref"]: entry["Properties"]["SourceArn"]["Fn::Sub"]
        for entry in resources.values()
        if entry["Type"] == "AWS::Lambda::Permission"
    }
    assert permissions["Staff"].endswith(":${RestAPI}/*/*/v1/staff/*")
    text, named = permissions["APIHandler"]
    assert text.endswith(":${RestAPIId}/*") and named == {"RestAPIId": {"Ref": "RestAPI"}}


def test_the_written_template_is_the_one_that_was_completed(tmp_path: Path) -> None:
    import yaml

    returned = package(tmp_path, dependencies=False)
    assert yaml.safe_load((tmp_path / "sam.yaml").read_text()) == returned
