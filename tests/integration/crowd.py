"""`python -m tests.integration.crowd COMPANIES USERS [NAME]`: many companies at once, past the front door.

Run in a process of its own, because the store finds its endpoints in the environment and keeps its connections.
Prints each user's company, id and address. Every tenth user reads Chinese.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from chalicelib.kernel import clock, ids
from chalicelib.privacy.consent import CompanyState
from chalicelib.privacy.permissions import Position
from chalicelib.records.accounts import Member, MemberState, User
from chalicelib.records.companies import Access, Company
from chalicelib.store import accounts, vault
from chalicelib.store.table import new_op
from infra.local import LocalStack
from tests.integration.desks import at_desk, unseen

VERSION = "2025-01-16"


def people(stack: LocalStack, companies: int, users: int, name: str = "crowd") -> list[dict[str, Any]]:
    """So many companies with so many active users each; ``name`` begins their addresses."""
    found: list[dict[str, Any]] = at_desk(
        "tests.integration.crowd", str(companies), str(users), name, env=unseen(stack)
    )
    return found


def main(companies: int, users: int, name: str = "crowd") -> None:
    made = []
    for number in range(companies):
        company, people = ids.new("co"), [ids.new("usr") for _ in range(users)]
        vault.create_key(company)
        now = clock.now()
        accounts.COMPANIES.put_new(Company(company_id=company, created_at=now, name="Crowd Ltd"), op=new_op())
        accounts.ACCESS.put_new(
            Access(company_id=company, state=CompanyState.ACTIVE, main_user_id=people[0]), op=new_op()
        )
        for place, person in enumerate(people):
            email = f"{name}-{number}-{place}@crowd.example"
            accounts.MEMBERS.put_new(
                Member(
                    company_id=company,
                    user_id=person,
                    state=MemberState.ACTIVE,
                    position=Position.ADMIN if place == 0 else Position.MEMBER,
                    policy_version=VERSION,
                    since=now,
                ),
                op=new_op(),
            )
            accounts.USERS.put_new(
                User(
                    company_id=company,
                    user_id=person,
                    declared_adult=True,
                    free_mailbox=False,
                    registered_at=now,
                    locale="zh" if (number * users + place) % 10 == 0 else "en",
                    name="Somebody",
                    email=email,
                ),
                op=new_op(),
            )
            made.append({"company": company, "user": person, "email": email})
    json.dump(made, sys.stdout)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), *sys.argv[3:4])
