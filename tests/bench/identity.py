"""Logging in and being let in: calls, units and keys through the deployed stack; CPU in this process.

CPU is that of this process alone, without the password hash, as a ratio to a bare handler that makes just as
many of the same small reads with the light client. The hash is meant to be slow and is shown by itself.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable

from infra.local import LocalStack
from tests.bench.meter import Usage, metered
from tests.bench.report import Line, Section
from tests.bench.vault import act_as_owner, spent
from tests.integration import people, ways
from tests.integration.client import (
    AGENT,
    PASSWORD,
    Answer,
    User,
    code_in,
    fresh_address,
    fresh_network,
    mail_to,
    request,
    sign_up,
)

ROUNDS = 7
MEMBERS = 50
AUTHORISED = "/v1/company/roles"
"""A route that needs no row but those it is judged by."""


def measure(stack: LocalStack) -> list[Section]:
    """Everything about who somebody is and what they may."""
    usage: dict[str, Usage] = {}
    boss = sign_up(stack)
    member = people.join(boss)
    for user in (boss, member):  # keys of the company, clients of the process
        assert user.call("GET", "/v1/me").status == 200
    _requests(stack, boss, member, usage)
    _logins(stack, boss, usage)
    _settings(stack, boss, usage)
    return [
        Section("One authorised request, beside its own work", _request_lines(usage)),
        Section(
            "Ways in",
            _login_lines(usage),
            ["The front door alone, keys loaded. Three to five of the writes are attempts counted."],
        ),
        Section(
            "What people see of themselves and their company, warm",
            [Line(name, found.of("api").figures()) for name, found in usage.items() if "GET" in name],
            ["Authorising is in it: 1 call, 2 read units."],
        ),
        _cpu(stack, boss),
    ]


def _requests(stack: LocalStack, boss: User, member: User, usage: dict[str, Usage]) -> None:
    member.call("GET", AUTHORISED)
    with metered(stack) as usage["authorised"]:
        assert member.call("GET", AUTHORISED).status == 200
    assert boss.call("PATCH", people.at(people.join(boss)), {"role": "manager"}).status == 200
    with metered(stack) as usage["authorised, after a change"]:
        assert member.call("GET", AUTHORISED).status == 200
    with metered(stack) as usage["authorised, after that"]:
        assert member.call("GET", AUTHORISED).status == 200
    with metered(stack) as usage["refused"]:
        assert member.call("GET", "/v1/company/members").status == 403
    with metered(stack) as usage["unknown token"]:
        token = member.token[:-4] + ("AAAA" if member.token[-4:] != "AAAA" else "BBBB")
        answer = request(stack.api + AUTHORISED, headers={"Authorization": f"Bearer {token}"})
        assert answer.status == 401


def _log_in(boss: User, address: str, **headers: str) -> Answer:
    body = {"email": boss.email, "password": PASSWORD}
    return boss.call("POST", "/v1/login", body, {"X-Local-Client": address, **headers})


def _logins(stack: LocalStack, boss: User, usage: dict[str, Usage]) -> None:
    elsewhere = fresh_network()
    with metered(stack) as usage["log in, unknown device"]:
        asked = _log_in(boss, elsewhere)
        assert asked.status == 202, asked.body
    proof = {
        "challenge_id": asked.json["challenge"]["id"],
        "code": code_in(mail_to(stack, boss.email, 2)),
    }
    with metered(stack) as usage["second proof"]:
        entered = boss.call("POST", "/v1/login/verify", proof, {"X-Local-Client": elsewhere})
        assert entered.status == 200, entered.body
    token = {"X-Device-Token": entered.json["device_token"]}
    with metered(stack) as usage["log in, known by its token"]:
        assert _log_in(boss, fresh_network(), **token).status == 200
    with metered(stack) as usage["log in, known by kind and network"]:
        assert _log_in(boss, boss.address).status == 200
    with metered(stack) as usage["log in, refused"]:
        wrong = {"email": fresh_address(), "password": PASSWORD}
        assert boss.call("POST", "/v1/login", wrong).status == 401

    forgetful = sign_up(stack)
    with metered(stack) as usage["reset, asked for"]:
        assert forgetful.call("POST", "/v1/password/reset", {"email": forgetful.email}).status == 202
    new = {"email": forgetful.email, "password": "nine violet lanterns"}
    code = code_in(mail_to(stack, forgetful.email, 2))
    with metered(stack) as usage["reset"]:
        answer = forgetful.call("POST", "/v1/password/reset/verify", {**new, "code": code})
        assert answer.status == 200, answer.body

    person = ways.somebody()
    ways.prove(boss)
    assert ways.link(boss, person).status == 200
    way = ways.set_out(stack, address=boss.address)
    location = way.approve(person)
    with metered(stack) as usage["WeChat callback"]:
        assert way.load(location).status == 200
    with metered(stack) as usage["WeChat, setting out"]:
        assert ways.set_out(stack, address=boss.address).answer.status == 200


def _settings(stack: LocalStack, boss: User, usage: dict[str, Usage]) -> None:
    _crowd(stack, boss)
    pages = {
        "GET /v1/me": "/v1/me",
        "GET /v1/me/data": "/v1/me/data",
        f"GET /v1/company/members ({MEMBERS})": f"/v1/company/members?limit={MEMBERS}",
        "GET /v1/me/inbox": "/v1/me/inbox",
        "GET /v1/me/sessions": "/v1/me/sessions",
        "GET /v1/company": "/v1/company",
        "GET /v1/company/subscription": "/v1/company/subscription",
    }
    for name, path in pages.items():
        assert boss.call("GET", path).status == 200, path
        with metered(stack) as usage[name]:
            boss.call("GET", path)


def _crowd(stack: LocalStack, boss: User) -> None:
    """Colleagues, written as the store writes them: joining one by one is limited and would take a minute."""
    act_as_owner(stack)
    from dataclasses import replace

    from chalicelib import store
    from chalicelib.kernel import ids
    from chalicelib.privacy.register import Purpose

    key = {"company_id": boss.company["id"], "user_id": boss.me["id"]}
    member = store.accounts.MEMBERS.get(**key)
    user = store.accounts.USERS.get(**key, use=Purpose.CREATE_AND_LOGIN)
    assert member is not None
    assert user is not None
    for _ in range(MEMBERS):
        new = ids.new("usr")
        store.accounts.MEMBERS.put_new(replace(member.value, user_id=new), op=store.table.new_op())
        email = fresh_address("crowd")
        store.accounts.USERS.put_new(replace(user.value, user_id=new, email=email), op=store.table.new_op())


# ---------------------------------------------------------------- CPU


def _cpu(stack: LocalStack, boss: User) -> Section:
    act_as_owner(stack)
    from chalicelib.kernel import aws, settings
    from chalicelib.kernel.errors import UnauthorizedError
    from chalicelib.services.accounts import login, passwords
    from chalicelib.services.accounts.devices import Visit
    from chalicelib.services.accounts.login import Entry

    verifier = passwords.verifier(PASSWORD)
    light = aws.light_client("dynamodb")
    place = {"pk": {"S": boss.company["id"]}, "sk": {"S": "access"}}

    def known() -> None:
        assert isinstance(login.log_in(boss.email, PASSWORD, Visit(boss.address, AGENT, None)), Entry)

    def refused(email: str) -> None:
        try:
            login.log_in(email, "a wrong guess", Visit(fresh_network(), None, None))
        except UnauthorizedError:
            return
        raise AssertionError

    stack.wire.clear()
    known()
    calls = sum(not call.function.startswith("okki-leads-") for call in stack.wire.calls)

    def bare() -> None:
        for _ in range(calls):
            light.get_item(TableName=settings.TABLE_ACCOUNTS, Key=place, ConsistentRead=True)

    def cpu(act: Callable[[], object]) -> float:
        return statistics.median(spent(act, 1) for _ in range(ROUNDS))

    bare()
    hashing = cpu(lambda: passwords.matches(PASSWORD, verifier))
    own, plain = cpu(known) - hashing, cpu(bare)
    there, gone = cpu(lambda: refused(boss.email)), cpu(lambda: refused(fresh_address()))
    lines = [
        Line("the hash", {"ms": hashing * 1000}),
        Line(
            "logging in from a known device, without the hash",
            {"ms": own * 1000, "calls": calls, "bare, ms": plain * 1000, "x bare handler": own / plain},
        ),
        Line(
            "refusing: a mailbox with an account to one without, with the hash",
            {"ms": there * 1000, "x unknown": there / gone},
        ),
    ]
    return Section(
        "CPU of a login",
        lines,
        [
            "Bare: as many GetItem with the light client. The hash: Argon2id, 19 MiB, 2 passes, slow on purpose."
        ],
    )


# ---------------------------------------------------------------- what is shown


def _request_lines(usage: dict[str, Usage]) -> list[Line]:
    budget = {"calls": 1.0, "read units": 2.0, "write units": 0.0, "KMS": 0.0}
    after = {"calls": 3.0, "read units": 3.0, "write units": 1.0, "KMS": 0.0}
    return [
        Line("a session in use", usage["authorised"].of("api").figures(), budget),
        Line(
            "the first after somebody in the company was changed",
            usage["authorised, after a change"].of("api").figures(),
            after,
        ),
        Line("the next one", usage["authorised, after that"].of("api").figures(), budget),
        Line("not permitted", usage["refused"].of("api").figures(), budget),
        Line("nobody's token", usage["unknown token"].of("api").figures(), budget),
    ]


def _login_lines(usage: dict[str, Usage]) -> list[Line]:
    names = (
        "log in, known by its token",
        "log in, known by kind and network",
        "log in, unknown device",
        "second proof",
        "log in, refused",
        "reset, asked for",
        "reset",
        "WeChat, setting out",
        "WeChat callback",
    )
    return [Line(name, usage[name].of("api").figures(), {"KMS": 0.0}) for name in names]
