"""`python -m tools.ai_samples COMPANY USER`: what a user lets us improve AI with, under the yes they gave.

There is no other way to read samples, and none to read those of everybody: each opening shows the purpose
gate the user's own live yes, and without one nothing is opened, whatever still lies in the table. Needs AWS
credentials that may read `okki-leads-samples`, `okki-leads-accounts` and `okki-leads-company-keys` and
decrypt with the key that wraps the companies' keys. See docs/runbooks/ai.md.
"""

from __future__ import annotations

import json
import sys

from chalicelib import store
from chalicelib.kernel import clock, ids
from chalicelib.privacy.consent import ConsentPurpose
from chalicelib.privacy.register import Purpose
from chalicelib.services.consent import consents


def main(arguments: list[str]) -> int:
    """Print one JSON object a line; their number goes to standard error."""
    fits = len(arguments) == 2 and ids.is_id(arguments[0], "co") and ids.is_id(arguments[1], "usr")
    if not fits:
        print("usage: python -m tools.ai_samples COMPANY USER", file=sys.stderr)
        return 2
    company_id, user_id = arguments
    yes = consents.live(company_id, user_id, ConsentPurpose.AI_IMPROVEMENT)
    if yes is None:
        print("this user has not agreed, or not to today's text: nothing is opened", file=sys.stderr)
        return 1
    found = 0
    for one in store.samples.of_user(company_id, user_id, Purpose.IMPROVE_PRODUCTS, consent=yes):
        found += 1
        sample = one.value
        shown = {
            "at": clock.rfc3339(sample.at),
            "task": sample.task,
            "model": sample.model,
            "prompt_version": sample.prompt_version,
            "input": sample.input,
            "output": sample.output,
        }
        print(json.dumps(shown, ensure_ascii=False))
    print(f"{found} samples, kept under {yes.receipt_id}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
