"""`python -m tests.integration.address_book COMPANY USER COUNT`: many contacts at once, past the front door.

Run in a process of its own (see ``crowd``). Prints their ids, the oldest first; number n is called `Buyer n`.
"""

from __future__ import annotations

import json
import sys
from dataclasses import replace

from chalicelib.kernel import clock, ids
from chalicelib.records.contacts import Contact
from chalicelib.store import contacts, standing
from chalicelib.store.items import WorkspaceRow
from chalicelib.store.table import new_op, policy_now
from tests.integration.client import User
from tests.integration.desks import at_desk, unseen


def fill(user: User, count: int, mark: str = "buyer", *, long: bool = False) -> list[str]:
    """So many contacts of this user; their ids, the oldest first. ``mark`` is in all of their addresses;
    ``long`` ones have as much text as a contact can have.
    """
    wanted = (user.company["id"], user.me["id"], str(count), mark, "long" if long else "short")
    found: list[str] = at_desk("tests.integration.address_book", *wanted, env=unseen(user.stack))
    return found


def main(company: str, user: str, count: int, mark: str, size: str) -> None:
    now = clock.now()
    like = Contact(
        company_id=company,
        contact_id="",
        created_by=user,
        created_at=now,
        updated_at=now,
        name="",
        company="Nordlicht Handel GmbH",
        position="采购经理",
        country="DE",
        phone="+49 40 5550123",
        basis="consent",
        source="trade fair",
    )
    if size == "long":
        text, links = "长" * 200, (f"https://social.example/{'x' * 470}",) * 10
        like = replace(like, company=text, position=text, source=text, social=links)
    # Ids sort by the millisecond; within one they are in no order.
    made = sorted(ids.new("ct") for _ in range(count))
    with WorkspaceRow.batch_write() as batch:
        for number, contact_id in enumerate(made, 1):
            email = f"{mark}{number}@buyer.example"
            contact = replace(
                like,
                contact_id=contact_id,
                name=f"Buyer {number}",
                email=email,
                person=standing.person(company, email),
            )
            row = contacts.CONTACTS.encode(
                contact, op=new_op(), version=1, expires_at=None, due=None, policy=policy_now()
            )
            batch.save(row)
    json.dump(made, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), *sys.argv[4:6])
