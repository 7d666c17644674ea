"""What we put around a call to a model: calls to AWS, units, and CPU for masking against reading the text once."""

from __future__ import annotations

import time
import unicodedata

from chalicelib.privacy.placeholders import Kind, Known, mask, restore
from infra.local import LocalStack
from tests.bench.meter import metered
from tests.bench.report import Line, Section
from tests.integration import models
from tests.integration.client import eventually

JOBS = 5
TEXT = (
    "Dear Ms Vogel, thank you for your message of 2026-11-20. We can ship 500 pcs to Hamburg in two weeks; the"
    " price is 12.50 USD each. Call me on +49 40 123 4567 or write to lena.vogel@nordlicht.example. 王小明先生 sends"
    " his regards. "
) * 12
KNOWN = (
    Known(Kind.PERSON, "Lena Vogel"),
    Known(Kind.EMAIL, "lena.vogel@nordlicht.example"),
    Known(Kind.PHONE, "+49 40 123 4567"),
    Known(Kind.COMPANY, "Nordlicht Handel GmbH"),
)


def measure(stack: LocalStack) -> Section:
    """A few drafts about a contact, through the deployed stack, with a model that answers at once."""
    user = models.user_of_ai(stack)
    contact = user.contact("lena.vogel@nordlicht.example", "Lena Vogel", company="Nordlicht Handel GmbH")
    models.over(user, models.ask(user, "draft_email", goal="warm up", contact_id=contact["id"]))
    made = []
    with metered(stack) as usage:
        for number in range(JOBS):
            made.append(models.ask(user, "draft_email", goal=f"Offer {number}", contact_id=contact["id"]))
            # Looked for past the front door: asking would be counted as well.
            eventually(lambda: "due_at" not in models.row(stack, user, made[-1]))
    states = {models.over(user, one)["status"] for one in made}
    assert states == {"done"}, states
    asked, done = usage.of("api").warm.figures(JOBS), usage.of("run-ai").warm.figures(JOBS)
    masking, plain = _cpu()
    return Section(
        "AI, around the call to the model",
        [
            Line("ask (api)", asked, {"KMS": 0.0}),
            Line("do (run-ai), the model's own call included", done, {"calls": 20.0, "KMS": 0.0}),
            Line(
                f"mask and restore {len(TEXT):,} characters",
                {"ms": masking * 1000, "x folding them": masking / plain},
                {},
            ),
        ],
        ["A model takes seconds; masking must not take a tenth of one."],
    )


def _cpu() -> tuple[float, float]:
    """Seconds of CPU for a round trip, and for folding the same text once; the best of five."""
    trips, folds = [], []
    for _ in range(5):
        began = time.process_time()
        masked, key = mask({"text": TEXT}, KNOWN)
        back = restore(masked["text"].text, key).text
        trips.append(time.process_time() - began)
        assert back == unicodedata.normalize("NFC", TEXT)
        began = time.process_time()
        "".join(unicodedata.normalize("NFKC", sign).casefold() for sign in TEXT)
        folds.append(time.process_time() - began)
    return min(trips), max(min(folds), 1e-6)
