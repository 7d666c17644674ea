"""`make drill`: a security incident from the first minute to the closing report, on a stack of its own.

Time is moved, so that three weeks pass in about two minutes; everything else is real: the routes, the state
machine, the mails, the deadlines. Prints the timeline, and ends with 1 at the first thing that is not as the
runbook has it (docs/runbooks/incidents.md).
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from http.client import HTTPException
from typing import Any, Final, TypeVar
from urllib.parse import quote

from infra.local import drill_people, drill_words, officers
from infra.local.deploy import DeploymentError
from infra.local.journey import NotAsPromisedError, promised, send
from infra.local.officers import Officer
from infra.local.package import ROOT, PackagingError
from infra.local.stack import LocalStack, StackError

T = TypeVar("T")

HOUR: Final = 3600
DAY: Final = 86_400
WAIT_SECONDS: Final = 60.0
SCHEDULE: Final = ROOT / "events/schedule-sweep.json"
INCIDENTS: Final = "/v1/staff/incidents"


class Drill:
    """The stack, the two of the staff who handle it, and what time it is said to be."""

    def __init__(self, stack: LocalStack) -> None:
        self.stack = stack
        self.began = stack.now()
        self.noor = officers.take_on(stack.api, stack.aws, "privacy", "Noor Rahman")
        self.ravi = officers.take_on(stack.api, stack.aws, "legal", "Ravi Menon")
        self.incident = ""

    @property
    def path(self) -> str:
        return f"{INCIDENTS}/{self.incident}"

    def say(self, text: str) -> None:
        """One line of the timeline."""
        gone = int(self.stack.now() - self.began)
        print(f"  day {gone // DAY:>2}  {gone % DAY // HOUR:02}:{gone % HOUR // 60:02}   {text}", flush=True)

    def later(self, hours: float, sweeps: bool = True) -> None:
        """Let time pass; the schedule runs, and the staff log in again."""
        self.stack.advance(int(hours * HOUR))
        if sweeps:
            self.stack.invoke("Sweep", json.loads(SCHEDULE.read_text()))
        for one in (self.noor, self.ravi):
            one.log_in(self.stack.now())

    def ask(
        self, who: Officer, method: str, path: str, body: Any = None, *, expect: tuple[int, ...] = (200,)
    ) -> Any:
        """One request of the staff's; another status than these is not as promised."""
        answer = who.call(method, path, body)
        if answer.status not in expect:
            raise NotAsPromisedError(f"{method} {path}: {answer.status} {answer.body.decode()[:400]}")
        return answer.json

    def whole(self) -> dict[str, Any]:
        """The incident as it stands."""
        found: dict[str, Any] = self.ask(self.noor, "GET", self.path)
        return found

    def moment(self, ago: int = 0) -> str:
        """A time as the routes take it."""
        return datetime.fromtimestamp(int(self.stack.now()) - ago, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    def until(self, look: Callable[[], T | None], promise: str) -> T:
        """The first true thing seen."""
        end = time.monotonic() + WAIT_SECONDS
        while time.monotonic() < end:
            if found := look():
                return found
            time.sleep(0.2)
        raise NotAsPromisedError(promise)

    def hours_until(self, look: Callable[[], T | None], hours: float, most: int, promise: str) -> T:
        """The first true thing seen, letting so many hours pass between two looks."""
        for _ in range(most):
            for _ in range(15):
                if found := look():
                    return found
                time.sleep(0.2)
            self.later(hours)
        raise NotAsPromisedError(promise)

    def mails(self, to: str) -> list[dict[str, Any]]:
        """What a mailbox got, newest first."""
        found: list[dict[str, Any]] = send(
            "GET", f"{self.stack.mailbox}/messages?to={quote(to)}", None, {}
        ).json
        return found


def run(stack: LocalStack) -> None:
    """The whole drill."""
    print("\nTHE DRILL: a session of the support staff was in the wrong hands\n")
    people, companies = drill_people.companies(stack)
    on = Drill(stack)
    _open(on, companies)
    _clients(on)
    _find_out(on)
    _authorities(on)
    _people(on, people)
    _follow(on)
    _close(on)
    _look_back(on)


# ------------------------------------------------------------------ hour by hour


def _open(on: Drill, companies: Sequence[str]) -> None:
    wish = {
        "summary": drill_words.SUMMARY,
        "aware_at": on.moment(),
        "from_at": on.moment(2 * HOUR),
        "until_at": on.moment(HOUR),
        "company_ids": list(companies),
        "categories": ["logon", "stored"],
    }
    opened = on.ask(on.noor, "POST", INCIDENTS, wish, expect=(201,))
    on.incident = opened["id"]
    on.say(f"Noor opens {on.incident}; from now on the clocks run")
    seen = on.until(lambda: one if (one := on.whole())["look"]["complete"] else None, "a look that ends")
    on.say(f"the look is over: {seen['companies']} companies, {sum(seen['people'].values())} people")
    for owed in seen["obligations"]:
        if owed["ends_at"]:
            on.say(f"    owed by {owed['ends_at']}  {owed['name']} ({owed['toward']})")


def _clients(on: Drill) -> None:
    on.later(1)
    told = on.ask(on.noor, "POST", f"{on.path}/tell", {"whom": ["clients"]}, expect=(403, 422))
    on.say(f"nobody can be told yet: {told['code']}")
    short = {
        "en": drill_words.CONTENTS["en"],
        "zh": {name: words for name, words in drill_words.CONTENTS["zh"].items() if name != "remedies"},
    }
    refused = on.ask(on.noor, "PUT", f"{on.path}/contents", short, expect=(422,))
    on.say(f"words without one of the four contents are refused: {refused['errors'][0]['field']}")
    on.ask(on.ravi, "PUT", f"{on.path}/contents", drill_words.CONTENTS)
    on.say("Ravi finds the words; he does not send them himself")
    on.ask(on.noor, "POST", f"{on.path}/tell", {"whom": ["clients"]}, expect=(202,))
    on.hours_until(lambda: _done(on, "clients"), 0.1, 20, "clients that were told")
    on.say("the clients' main administrators have been told, each of its own share")


def _find_out(on: Drill) -> None:
    on.later(2)
    on.ask(on.ravi, "POST", f"{on.path}/facts", drill_words.FACTS)
    waits = [one for one in on.whole()["obligations"] if one["ends_at"] and not one["done_at"]]
    on.say(f"Ravi notes what has been found out; still owed: {', '.join(one['name'] for one in waits)}")
    early = on.ask(on.noor, "POST", f"{on.path}/tell", {"whom": ["people"]}, expect=(409,))
    on.say(f"people cannot be told before the authority: {early['code']}")
    on.later(20)
    judged = on.ask(on.noor, "POST", f"{on.path}/assessment", {"reasons": drill_words.REASONS})
    on.say(f"Noor assesses it: {judged['state']}")
    promised(judged["state"] == "notifiable", "an incident of which somebody has to be told")


def _authorities(on: Drill) -> None:
    on.later(2)
    for owed in on.whole()["obligations"]:
        if owed["toward"] == "authority" and owed["done_at"] is None and owed["ends_at"]:
            _report(on, owed["name"], "first")
            on.say(f"{owed['name']} told, {_left(on, owed['ends_at'])} before its time is over")


def _report(on: Drill, name: str, kind: str) -> None:
    form = on.ask(on.ravi, "GET", f"{on.path}/form?obligation={quote(name)}")
    report = {
        "obligation": name,
        "kind": kind,
        "told_at": on.moment(),
        "reference": f"DRILL-{name.replace(':', '-').replace('_', '-')}"[:60],
        "form_sha256": form["sha256"],
    }
    on.ask(on.ravi, "POST", f"{on.path}/reports", report, expect=(201,))


def _left(on: Drill, ends_at: str) -> str:
    hours = int(datetime.fromisoformat(ends_at).timestamp() - on.stack.now()) // HOUR
    promised(hours >= 0, "a deadline that was kept")
    return f"{hours} hours"


def _people(on: Drill, people: Sequence[str]) -> None:
    on.later(1)
    on.ask(on.noor, "POST", f"{on.path}/tell", {"whom": ["people"]}, expect=(202,))
    on.say("Noor has everybody concerned told, whatever they switched off")
    on.hours_until(lambda: _done(on, "people"), 0.1, 20, "people that were told")
    for address in people[:2]:
        promised(bool(on.mails(address)), "a mail to everybody")
    on.say("everybody was written to, once")
    said = on.hours_until(
        lambda: on.whole()["telling"]["announcement_id"],
        1,
        30,
        "a public announcement for who is not reached",
    )
    telling = on.whole()["telling"]
    promised(telling["unreachable"] >= 1, "somebody nobody could reach")
    public = send("GET", f"{on.stack.api}/v1/announcements", None, {}).json["items"]
    promised(any(one["id"] == said for one in public), "an announcement to be read")
    on.say(f"{telling['accepted']} reached, {telling['unreachable']} not: announced in public")


def _done(on: Drill, toward: str) -> bool:
    owed = [one for one in on.whole()["obligations"] if one["toward"] == toward]
    return bool(owed) and all(one["done_at"] is not None for one in owed)


def _follow(on: Drill) -> None:
    contained = {"contained_at": on.moment(HOUR), "words": drill_words.CONTAINED}
    on.ask(on.ravi, "POST", f"{on.path}/containment", contained)
    on.say("contained")
    on.later(8 * 24)
    on.until(lambda: "reminded" in _acts(on), "a reminder of the news that are owed")
    on.say("a week without news: the workflow has reminded")
    on.ask(on.ravi, "POST", f"{on.path}/follow-ups", {"words": drill_words.NEWS})
    on.say("Ravi notes what has been learnt since")


def _acts(on: Drill) -> list[str]:
    return [one["act"] for one in on.ask(on.noor, "GET", f"{on.path}/steps")["items"]]


def _close(on: Drill) -> None:
    on.later(7 * 24)
    on.hours_until(lambda: not on.whole()["telling"]["coming_back"], 1, 30, "nobody left to be counted")
    for owed in on.whole()["obligations"]:
        if owed["toward"] == "authority":
            _report(on, owed["name"], "final" if owed["done_at"] else "first")
            on.say(f"{owed['name']}: the last report")
    closed = on.ask(on.noor, "POST", f"{on.path}/closing", {"words": drill_words.CLOSING})
    on.say(f"the closing report: {closed['state']}")
    promised(closed["state"] == "closed", "an end")
    workflow = f"/v1/staff/workflows/{on.whole()['workflow_id']}"
    on.until(lambda: on.ask(on.noor, "GET", workflow)["stage"] == "over", "a workflow that is over")


def _look_back(on: Drill) -> None:
    entry = on.ask(on.noor, "GET", f"/v1/staff/incident-register/{on.incident}")
    print("\nWHAT WAS OWED, AND WHEN IT WAS DONE\n")
    for owed in entry["obligations"]:
        kept = "late" if owed["late"] else "kept"
        print(f"  {owed['name']:<22} {owed['starts_at']}  by {owed['ends_at']}  {owed['done_at']}  {kept}")
        promised(not owed["late"], "every deadline kept")
    print("\nWHAT THE OPERATOR'S CHAIN OF EVIDENCE SAYS OF IT\n")
    for step in on.ask(on.noor, "GET", f"{on.path}/steps")["items"]:
        said = " ".join(f"{name}={value}" for name, value in step["said"].items())[:60]
        number = "" if step["number"] is None else f" {step['number']}"
        print(f"  {step['at']}  {step['act']:<16}{number} {said}")
    workflow = on.ask(on.noor, "GET", f"/v1/staff/workflows/{entry['workflow_id']}")
    print(f"\nThe workflow is over, after {workflow['run']} runs. Everything was as the runbook has it.")


def main() -> int:
    """Run the drill; 0 when all was as it should be."""
    try:
        with LocalStack() as stack:
            stack.retry_after(3)
            run(stack)
    except NotAsPromisedError as error:
        print(f"\n    NOT AS PROMISED: {error}", flush=True)
        return 1
    except (StackError, DeploymentError, PackagingError, OSError, HTTPException) as error:
        print(f"\n{error or type(error).__name__}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
