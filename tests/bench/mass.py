"""What a notice to many costs a person, and that memory does not grow with the people.

The people are told by the deployed function; the memory is that of the same walk in a process of its own, past
fewer and past all of them. `python -m tests.bench.mass 10000` measures other numbers.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections import Counter
from collections.abc import Sequence

from chalicelib.records.mass import Audience
from infra.local import LocalStack
from tests.bench import report
from tests.bench.report import Line, Section
from tests.integration import masses
from tests.integration.client import sign_up
from tests.integration.crowd import people

PEOPLE = 1_000
A_COMPANY = 10
FEW = 10
"""The memory of so many times fewer people is shown as well."""
HELD_MB = 4.0
"""For any number of people: a page of a list, one of people, and the keys of 200 companies at most."""
FASTEST = 200
LONGEST_SECONDS = 3_600
OURS = ("okki-leads-tell-people", "okki-leads-mail-feedback")


def measure(stack: LocalStack, number: int = PEOPLE) -> Section:
    """Tell so many people something, look at everybody once more, and weigh the walk."""
    sign_up(stack)  # and with it the operator's key
    listed = people(stack, number // A_COMPANY, A_COMPANY, f"bench{number}")
    lines = []
    for name, audience in (("everybody", Audience.EVERYBODY), ("people of a list", Audience.LISTED)):
        stack.wire.clear()
        notice = masses.begin(stack, audience=audience, pace=FASTEST, start=False)
        if audience is Audience.LISTED:
            notice.add(*listed)
        notice.start()
        _until_settling(notice)
        lines.append(_line(stack, notice, f"tell {{:,}} {name}"))
    for some in (number // FEW, number):
        held = {"MB": masses.weigh(stack, listed[:some]) / 2**20}
        lines.append(Line(f"memory, {some:,} people", held, {"MB": HELD_MB}))
    notes = [
        "A person is a row, written before the mail leaves and after it; a third time if SES reports that it came back.",
        "MB is held after a piece; besides there is what waits to be collected, up to a quarter of the heap (CPython).",
        "The rest is the notice's own row, twice for each piece of 40 seconds, and 1 unit for 20 people on a list.",
    ]
    return Section("Notices to many", lines, notes)


def _line(stack: LocalStack, notice: masses.Notice, name: str) -> Line:
    number = sum(notice.counted().values())
    calls = [
        call
        for call in stack.wire.calls
        if call.function in OURS or not call.function.startswith("okki-leads")
    ]
    by = Counter(call.operation for call in calls if call.status == 200)
    told = notice.told()
    figures = {
        "mails": by["SendEmail"] / number,
        "twice": sum(1 for times in told.values() if times != 1),
        "write units": sum(call.write_units for call in calls) / number,
        "read units": sum(call.read_units for call in calls) / number,
        "calls": len(calls) / number,
    }
    return Line(name.format(number), figures, {"mails": 1.0, "twice": 0.0, "write units": 3.0})


def _until_settling(notice: masses.Notice) -> None:
    """Until everybody was passed, and SES's reports are through."""
    end = time.monotonic() + LONGEST_SECONDS
    while time.monotonic() < end:
        if notice.state != "running" and not notice.stack.messages("feedback"):
            return
        time.sleep(0.5)
    raise TimeoutError("the notice did not end")


def main(arguments: Sequence[str]) -> int:
    """Measure so many people on a stack of its own."""
    os.environ.setdefault("AWS_EC2_METADATA_DISABLED", "true")
    with LocalStack(proxy=True, quiet=True) as stack:
        section = measure(stack, *[int(one) for one in arguments])
    print(report.table(section))
    print(json.dumps([line.figures for line in section.lines]))
    return 1 if any(line.broken for line in section.lines) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
