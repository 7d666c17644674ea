"""The canaries of imports: a list of people, its rows while they wait, with faults on the way.

Part of the walk in test_canaries.py.
"""

from __future__ import annotations

from collections.abc import Callable

from tests.integration.client import Answer, User, eventually
from tests.integration.letters import rows

Own = Callable[..., Answer]

NOT_TEXT = {"import_chunk.country": "two letters"}


def planted(run: str) -> dict[str, str]:
    """What stands in the list, by record and field."""
    return {
        "import.basis": "vital_interests",
        "import.source": f"Kanari fair list {run} 展会",
        "import_chunk.name": f"Kanari Listed {run} 名单",
        "import_chunk.email": f"listkanari{run}@buyer-kanari.example",
        "import_chunk.company": f"Kanari List Ltd {run}",
        "import_chunk.position": f"Kanari Lister {run}",
        "import_chunk.phone": f"+49 40 {run[:4].translate(str.maketrans('abcdef', '123456'))} 7788",
        "import_chunk.social": f"https://social-kanari.example/listed{run}",
    }


def walk(user: User, own: Own, values: dict[str, str]) -> None:
    """Previewed while the database fails, and left waiting, so that its rows are there to be looked at."""
    stack = user.stack
    fields = ("name", "email", "company", "position", "phone", "social")
    line = ";".join(values[f"import_chunk.{field}"] for field in fields)
    body = {
        "lawful_basis": {"basis": values["import.basis"], "source": values["import.source"]},
        "csv": f"name;email;company;position;phone;linkedin\n{line}\n{line.replace('@', ' at ')}\n",
    }
    assert (
        own("POST", "/v1/contacts/imports", {**body, "filename": values["import_chunk.name"]}).status == 422
    )
    for service in ("dynamodb", "s3"):
        stack.wire.inject(kind="fail", service=service, function="okki-leads-api", times=20)
        assert own("POST", "/v1/contacts/imports", body).status == 503
        _no_faults(user)
    stack.wire.inject(kind="fail", service="s3", function="okki-leads-run-files", times=4)
    begun = own("POST", "/v1/contacts/imports", body)
    assert begun.status == 202, begun.body
    path = f"/v1/contacts/imports/{begun.json['id']}"
    eventually(lambda: own("GET", path).json["state"] == "ready", 60)
    _no_faults(user)
    assert own("GET", path).json["counts"] == {"new": 1, "duplicate": 0, "suppressed": 0, "invalid": 1}
    assert {"import", "import_chunk"} <= {row["kind"]["S"] for row in rows(stack, "workspace")}


def _no_faults(user: User) -> None:
    with user.stack.wire._lock:
        user.stack.wire._faults.clear()
