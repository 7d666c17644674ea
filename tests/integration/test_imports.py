"""Importing contacts from CSV, through the front door and the deployed jobs: what is previewed, what becomes of
it, and what a kill, a repeated message or somebody's change in between may not do.
"""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest

from chalicelib.kernel import ids
from infra.local import LocalStack
from tests.integration import eraser
from tests.integration.apart import own_stack
from tests.integration.client import Answer, User, eventually, fresh_address, request, sign_up
from tests.integration.letters import sample
from tests.integration.people import join

stack = own_stack()

pytestmark = pytest.mark.clause("stored")

BASIS = {"basis": "legitimate_interest", "source": "visitors of our stand"}
FILES = "okki-leads-run-files"


@pytest.fixture
def user(stack: LocalStack) -> User:
    return sign_up(stack)


def begin(user: User, csv: str | None = None, **more: Any) -> dict[str, Any]:
    body = {"lawful_basis": BASIS, **({} if csv is None else {"csv": csv}), **more}
    answer = user.call("POST", "/v1/contacts/imports", body)
    assert answer.status == 202, answer.body
    found: dict[str, Any] = answer.json
    return found


def sent(user: User, content: bytes, **more: Any) -> dict[str, Any]:
    """An import whose file a browser sends to S3 itself."""
    begun = begin(user, **more)
    assert begun["state"] == "waiting_for_file"
    answer = post_form(begun["upload"], content)
    assert answer.status in {200, 201, 204}, answer.body
    answer = user.call("POST", f"/v1/contacts/imports/{begun['id']}/start", {})
    assert answer.status == 202, answer.body
    return settled(user, begun["id"])


def post_form(upload: dict[str, Any], content: bytes) -> Answer:
    boundary = uuid.uuid4().hex
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in upload["fields"].items()
    ]
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="x.csv"\r\n\r\n'
    body = b"".join([*parts, head.encode(), content, f"\r\n--{boundary}--\r\n".encode()])
    headers = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
    return request(upload["url"], "POST", body, headers)


def settled(user: User, import_id: str, seconds: float = 150) -> dict[str, Any]:
    def look() -> Any:
        found = user.call("GET", f"/v1/contacts/imports/{import_id}").json
        busy = found["state"] in {"reading", "committing", "reverting"}
        return None if busy else found

    found: dict[str, Any] = eventually(look, seconds)
    return found


def previewed(user: User, csv: str, **more: Any) -> dict[str, Any]:
    found = settled(user, begin(user, csv, **more)["id"])
    assert found["state"] == "ready", found
    return found


def act(user: User, import_id: str, what: str, **body: Any) -> dict[str, Any]:
    answer = user.call("POST", f"/v1/contacts/imports/{import_id}/{what}", body)
    assert answer.status == 202, answer.body
    return settled(user, import_id)


def lines(user: User, import_id: str, state: str | None = None, limit: int = 50) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    cursor = None
    while True:
        path = f"/v1/contacts/imports/{import_id}/rows?limit={limit}"
        path += (f"&state={state}" if state else "") + (f"&cursor={cursor}" if cursor else "")
        answer = user.call("GET", path)
        assert answer.status == 200, answer.body
        found += answer.json["items"]
        cursor = answer.json["next_cursor"]
        if cursor is None:
            return found


def contacts(user: User) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    cursor = None
    while True:
        page = user.call("GET", "/v1/contacts?limit=200" + (f"&cursor={cursor}" if cursor else "")).json
        found += page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            return found


def code(answer: Answer) -> tuple[int, str]:
    return answer.status, answer.json["code"]


def test_a_list_becomes_contacts_and_goes_again(user: User) -> None:
    first, second = fresh_address("jonas"), fresh_address("lena")
    text = (
        "Name;E-Mail;Firma;Land;Telefon\n"
        f"Jonas Kern;{first};Kernwerk GmbH;Deutschland;+49 40 5550\n"
        f'"Vogel, Lena";{second};"Nordlicht ""Handel""";DE;\n'
    )
    job = previewed(user, text)
    assert job["guessed"] == {
        "encoding": "utf-8",
        "separator": ";",
        "header": True,
        "columns": {"name": 1, "email": 2, "company": 3, "country": 4, "phone": 5},
    }
    assert job["counts"] == {"new": 2, "duplicate": 0, "suppressed": 0, "invalid": 0}
    assert contacts(user) == []
    done = act(user, job["id"], "commit")
    assert (done["state"], done["outcome"], done["progress"]["written"]) == ("done", {"created": 2}, 2)
    made = contacts(user)
    assert [one["name"] for one in made] == ["Vogel, Lena", "Jonas Kern"], "in the order of the file"
    assert made[1] | {"id": "", "created_at": "", "updated_at": ""} == {
        "id": "",
        "version": 1,
        "name": "Jonas Kern",
        "email": first,
        "company": "Kernwerk GmbH",
        "position": None,
        "country": "DE",
        "phone": "+49 40 5550",
        "social": [],
        "lawful_basis": BASIS,
        "created_at": "",
        "updated_at": "",
    }
    assert all(ids.is_id(one["id"], "ct") for one in made)
    changed = user.call("PATCH", f"/v1/contacts/{made[0]['id']}", {"version": 1, "position": "CEO"})
    assert changed.status == 200
    gone = act(user, job["id"], "revert")
    assert gone["state"] == "reverted"
    assert (gone["outcome"]["reverted"], gone["outcome"]["kept"]) == (1, 1)
    assert contacts(user) == [changed.json], "what somebody worked on stays"
    assert code(user.call("POST", f"/v1/contacts/imports/{job['id']}/revert", {})) == (409, "wrong_state")


def test_the_user_sees_who_is_there_already_and_chooses(user: User) -> None:
    known = user.contact("Bob.Buyer@Büyer.example", "Bob", company="Old Ltd", phone="+1 555 0100")
    new = fresh_address("new")
    text = (
        "name,email,company,phone\n"
        "Robert,bob.buyer+fair@xn--byer-0ra.example,New Ltd,\n"
        f"First,{new},,\n"
        f"Second,{new.upper()},,\n"
        "No Address,,,\n"
        "No Address,,,\n"
    )
    job = previewed(user, text)
    assert job["counts"] == {"new": 3, "duplicate": 2, "suppressed": 0, "invalid": 0}
    assert lines(user, job["id"], "duplicate") == [
        {
            "row": 2,
            "state": "duplicate",
            "column": None,
            "field": None,
            "code": "is_contact",
            "contact_id": known["id"],
            "name": "Robert",
            "email": "bob.buyer+fair@xn--byer-0ra.example",
            "company": "New Ltd",
        },
        {
            "row": 4,
            "state": "duplicate",
            "column": None,
            "field": None,
            "code": "earlier_row",
            "contact_id": None,
            "name": "Second",
            "email": new.upper(),
            "company": None,
        },
    ]
    done = act(user, job["id"], "commit", if_exists="update")
    assert done["outcome"] == {"created": 3, "skipped": 1, "updated": 1}
    read = user.call("GET", f"/v1/contacts/{known['id']}").json
    assert (read["name"], read["company"], read["phone"]) == ("Robert", "New Ltd", "+1 555 0100")
    assert read["lawful_basis"] == known["lawful_basis"], "on which ground they are kept a list does not say"
    assert len(contacts(user)) == 4
    gone = act(user, job["id"], "revert")
    assert gone["outcome"]["reverted"] == 3
    assert contacts(user) == [read], "what was updated is reported, not undone"

    job = previewed(user, text, if_exists="create")
    done = act(user, job["id"], "commit")
    assert done["outcome"] == {"created": 5}
    job = previewed(user, text)
    done = act(user, job["id"], "commit")
    assert done["outcome"] == {"created": 2, "skipped": 3}, "people without an address are not compared"


def test_what_cannot_be_taken_is_named_by_row_and_column_and_not_repeated(user: User) -> None:
    text = (
        "name,email,country,phone,website\n"
        f"A,{fresh_address()},DE,,x\n"
        "B,not-an-address,DE,,x\n"
        "\n"
        f"C,{fresh_address()},Atlantis,,x\n"
        f"D,{fresh_address()},DE,call me,x\n"
        f'"E\x01",{fresh_address()},DE,,x\n'.replace("\x01", "\u202e")
        + ",,DE,,x\n"
        + f"{'x' * 201},{fresh_address()},DE,,x\n"
        + f'"F,{fresh_address()},DE,,x\n'
    )
    job = previewed(user, text)
    assert job["counts"] == {"new": 1, "duplicate": 0, "suppressed": 0, "invalid": 7}
    found = [
        (one["row"], one["column"], one["field"], one["code"]) for one in lines(user, job["id"], "invalid")
    ]
    assert found == [
        (3, 2, "email", "not_an_address"),
        (5, 3, "country", "not_a_country"),
        (6, 4, "phone", "not_a_phone"),
        (7, 1, "name", "bidi_character"),
        (8, 1, "name", "required"),
        (9, 1, "name", "too_long"),
        (10, None, None, "unclosed_quote"),
    ]
    assert lines(user, job["id"], limit=2) == lines(user, job["id"]), "pages have no gaps"
    act(user, job["id"], "commit")
    assert [one["name"] for one in contacts(user)] == ["A"]


@pytest.mark.parametrize(
    ("encoding", "text", "names"),
    [
        (
            "gbk",
            "姓名,邮箱,公司\r\n李雷,{0},北京进出口有限公司\r\n韩梅梅,{1},上海贸易\r\n",
            ["韩梅梅", "李雷"],
        ),
        ("utf-16", "Name\tE-Mail\r\nJürgen Müller\t{0}\r\n李雷\t{1}\r\n", ["李雷", "Jürgen Müller"]),
        (
            "cp1252",
            "Vorname;Nachname;E-Mail\r\nJürgen;Müller;{0}\r\nFrançois;Noël;{1}\r\n",
            ["François Noël", "Jürgen Müller"],
        ),
        ("utf-8-sig", "sep=|\nName|Mail\nZoë|{0}\nÅse|{1}\n", ["Åse", "Zoë"]),
        ("big5", "姓名,電郵\r\n陳大文,{0}\r\n王小明,{1}\r\n", ["王小明", "陳大文"]),
    ],
)
def test_a_file_from_excel_is_read_as_it_was_written(
    stack: LocalStack, user: User, encoding: str, text: str, names: list[str]
) -> None:
    content = text.format(fresh_address("one"), fresh_address("two")).encode(encoding)
    job = sent(user, content)
    assert job["state"] == "ready", job
    assert job["counts"]["new"] == 2
    act(user, job["id"], "commit")
    assert [one["name"] for one in contacts(user)] == names
    left = stack.client("s3").list_objects_v2(
        Bucket="okki-leads-files-000000000000", Prefix=f"imports/{user.company['id']}"
    )
    assert left.get("KeyCount", 0) == 0, "the file goes as soon as it is read"


def test_what_is_no_list_is_said_to_be_none(user: User) -> None:
    for content, why in ((b"PK\x03\x04\0\0\0binary", "not_text"), (b"x" * 600_000, "too_long")):
        job = sent(user, content)
        assert (job["state"], job["failure"]) == ("failed", why)
    begun = begin(user)
    assert code(user.call("POST", f"/v1/contacts/imports/{begun['id']}/start", {})) == (409, "no_file")
    assert act(user, begun["id"], "cancel")["state"] == "cancelled"


@pytest.mark.clause("requests")
def test_of_somebody_who_was_forgotten_only_the_row_is_told_and_nothing_is_kept(
    stack: LocalStack, user: User
) -> None:
    gone, later, other = fresh_address("gone"), fresh_address("later"), fresh_address("other")
    user.contact(gone)
    eraser.erase(stack, user.company["id"], gone)
    text = f"name,email\nWas Erased,{gone.upper()}\nErased Later,{later}\nStays Here,{other}\n"
    job = previewed(user, text)
    assert job["counts"] == {"new": 2, "duplicate": 0, "suppressed": 1, "invalid": 0}
    nothing = dict.fromkeys(("column", "field", "code", "contact_id", "name", "email", "company"))
    assert lines(user, job["id"], "suppressed") == [{"row": 2, "state": "suppressed", **nothing}]
    assert "Was Erased" not in eraser.opened(stack, user.company["id"])

    eraser.erase(stack, user.company["id"], later)
    opened = eraser.opened(stack, user.company["id"])
    assert "Erased Later" not in opened, "neither in the rows of an import that waits"
    assert "Stays Here" in opened
    assert [one["row"] for one in lines(user, job["id"], "suppressed")] == [2, 3]
    done = act(user, job["id"], "commit")
    assert done["outcome"] == {"created": 1, "suppressed": 2}
    assert [one["name"] for one in contacts(user)] == ["Stays Here"]


def test_nobody_finds_another_companys_import(stack: LocalStack, user: User) -> None:
    job = previewed(user, f"name,email\nX,{fresh_address()}\n")
    stranger = sign_up(stack)
    for import_id in (job["id"], ids.new("imp"), ids.new("ct")):
        for method, rest in (
            ("GET", ""),
            ("GET", "/rows"),
            ("POST", "/start"),
            ("POST", "/revert"),
            ("POST", "/cancel"),
        ):
            answer = stranger.call(
                method, f"/v1/contacts/imports/{import_id}{rest}", None if method == "GET" else {}
            )
            assert answer.status == 404
        assert stranger.call("POST", f"/v1/contacts/imports/{import_id}/commit", {}).status == 404
    assert stranger.call("GET", "/v1/contacts/imports").json["items"] == []
    assert user.call("GET", "/v1/contacts/imports").json["items"] == [job]


@pytest.mark.clause("restrictions")
def test_who_may_not_delete_or_change_does_not_do_it_by_a_list(stack: LocalStack, user: User) -> None:
    ben = join(user)
    mine = fresh_address("mine")
    kept = user.contact(mine, "Kept Name")
    job = previewed(ben, f"name,email\nOther Name,{mine}\nNew,{fresh_address()}\n", if_exists="update")
    version = user.call("GET", "/v1/company/restrictions").json["version"]
    items = [
        {"action": action, "category": "stored", "roles": ["member"], "scope": scope}
        for action, scope in (("change", "any"), ("delete", "any"))
    ]
    answer = user.call("PUT", "/v1/company/restrictions", {"version": version, "items": items})
    assert answer.status == 200, answer.body
    done = act(ben, job["id"], "commit")
    assert done["outcome"] == {"created": 1, "restricted": 1}
    assert user.call("GET", f"/v1/contacts/{kept['id']}").json["name"] == "Kept Name"
    answer = ben.call("POST", f"/v1/contacts/imports/{job['id']}/revert", {})
    assert code(answer) == (403, "restricted_by_company")
    assert len(contacts(user)) == 2


def many(number: int) -> tuple[str, list[str]]:
    addresses = [fresh_address(f"row{at}x") for at in range(number)]
    return "name,email,company\n" + "".join(
        f"Row {at},{one},Bee Ltd\n" for at, one in enumerate(addresses)
    ), addresses


def hint(stack: LocalStack, user: User, import_id: str) -> Any:
    task = {"task": "import", "company": user.company["id"], "import": import_id}
    event = sample("sqs-tasks")
    event["Records"][0]["body"] = json.dumps(task)
    return stack.invoke("RunFiles", event)


def test_five_thousand_rows_are_read_and_written_once(stack: LocalStack, user: User) -> None:
    text, addresses = many(5000)
    job = sent(user, text.encode())
    assert (job["counts"]["new"], job["progress"]["rows"]) == (5000, 5001)
    assert [one["row"] for one in lines(user, job["id"], limit=200)] == list(range(2, 5002))
    assert lines(user, job["id"], "invalid") == []
    done = act(user, job["id"], "commit")
    assert done["outcome"] == {"created": 5000}
    assert [one["email"] for one in contacts(user)] == addresses[::-1]
    hint(stack, user, job["id"])
    assert len(contacts(user)) == 5000, "a message that comes again makes nothing twice"


def test_a_revert_that_dies_goes_on_and_leaves_what_was_changed(stack: LocalStack, user: User) -> None:
    text, _ = many(420)
    job = previewed(user, text)
    act(user, job["id"], "commit")
    made = contacts(user)
    mine = user.contact(fresh_address("mine"))
    changed = user.call("PATCH", f"/v1/contacts/{made[300]['id']}", {"version": 1, "name": "Kept"}).json
    fault = stack.wire.inject(
        kind="fail", operation="PutItem", contains='"finished": {"N": "1"}', function=FILES, times=50
    )
    answer = user.call("POST", f"/v1/contacts/imports/{job['id']}/revert", {})
    assert answer.status == 202
    eventually(lambda: fault.hits >= 1, 60)
    stack.wire.reset()
    stack.advance(301)
    stack.invoke("Sweep", sample("schedule-sweep"))
    gone = settled(user, job["id"], 120)
    assert (gone["outcome"]["reverted"], gone["outcome"]["kept"]) == (419, 1)
    assert contacts(user) == [mine, changed]


@pytest.mark.parametrize("times", [1, 3])
def test_a_job_that_dies_while_it_reads_goes_on_where_it_was(
    stack: LocalStack, user: User, times: int
) -> None:
    text, addresses = many(900)
    again = f"Again,{addresses[0]},\n"
    begun = begin(user)
    assert post_form(begun["upload"], (text + again).encode()).status in {200, 201, 204}
    # The write that moves the place in the file is lost for good: the job dies with its pieces stored.
    fault = stack.wire.inject(
        kind="fail", operation="PutItem", contains='"chunks": {"N": "5"}', function=FILES, times=8 * times
    )
    answer = user.call("POST", f"/v1/contacts/imports/{begun['id']}/start", {})
    assert answer.status == 202
    eventually(lambda: fault.hits >= 1)
    stack.wire.reset()
    stack.advance(301)
    stack.invoke("Sweep", sample("schedule-sweep"))
    job = settled(user, begun["id"])
    assert job["counts"] == {"new": 900, "duplicate": 1, "suppressed": 0, "invalid": 0}
    assert [one["row"] for one in lines(user, job["id"])] == list(range(2, 903))


def test_a_job_that_dies_while_it_writes_makes_nothing_twice_and_undoes_no_change(
    stack: LocalStack, user: User
) -> None:
    text, _ = many(450)
    job = previewed(user, text)
    # Its first piece is written, and it dies before it can say so.
    fault = stack.wire.inject(
        kind="fail", operation="PutItem", contains='"finished": {"N": "1"}', function=FILES, times=50
    )
    answer = user.call("POST", f"/v1/contacts/imports/{job['id']}/commit", {})
    assert answer.status == 202
    eventually(lambda: len(contacts(user)) >= 200)
    eventually(lambda: fault.hits >= 1)
    made = contacts(user)
    changed = user.call("PATCH", f"/v1/contacts/{made[0]['id']}", {"version": 1, "name": "Changed"}).json
    hint(stack, user, job["id"])
    assert len(contacts(user)) == 200, "nobody else touches the piece while its job may be alive"
    stack.wire.reset()
    stack.advance(301)
    stack.invoke("Sweep", sample("schedule-sweep"))
    done = settled(user, job["id"])
    assert (done["state"], done["outcome"]) == ("done", {"created": 450})
    now = {one["id"]: one for one in contacts(user)}
    assert len(now) == 450
    assert now[changed["id"]] == changed


def test_an_import_that_is_cancelled_leaves_nothing(stack: LocalStack, user: User) -> None:
    text, _ = many(300)
    job = previewed(user, text)
    assert act(user, job["id"], "cancel")["state"] == "cancelled"
    eventually(lambda: "Bee Ltd" not in eraser.opened(stack, user.company["id"]))
    answer = user.call("POST", f"/v1/contacts/imports/{job['id']}/commit", {})
    assert code(answer) == (409, "wrong_state")


def test_a_cell_that_our_export_made_harmless_is_what_it_was(user: User) -> None:
    job = previewed(
        user,
        f"name,email,company\n'=SUM(A1),{fresh_address()},'+49 Trading\nO'Neil,{fresh_address()},'quoted'\n",
    )
    act(user, job["id"], "commit")
    assert [(one["name"], one["company"]) for one in contacts(user)] == [
        ("O'Neil", "'quoted'"),
        ("=SUM(A1)", "+49 Trading"),
    ]


def test_bad_wishes_are_refused_by_name(user: User) -> None:
    bad: list[tuple[dict[str, Any], str]] = [
        ({"columns": {"email": 0}}, "columns.email"),
        ({"columns": {"nickname": 1}}, "columns.nickname"),
        ({"separator": ":"}, "separator"),
        ({"encoding": "ebcdic"}, "encoding"),
        ({"if_exists": "ask"}, "if_exists"),
        ({"csv": ""}, "csv"),
        ({"csv": "x\0"}, "csv"),
        ({"filename": "bob.csv"}, "filename"),
    ]
    for more, field in bad:
        answer = user.call("POST", "/v1/contacts/imports", {"lawful_basis": BASIS, **more})
        assert answer.status == 422, more
        assert [one["field"] for one in answer.json["errors"]] == [field]
    job = previewed(user, "name\nX\n", columns={"name": 1}, header=True)
    for query in ("state=good", "cursor=x", "cursor=1234567", "limit=0"):
        assert user.call("GET", f"/v1/contacts/imports/{job['id']}/rows?{query}").status == 422
    assert user.call("GET", "/v1/contacts/imports?cursor=x").status == 422
