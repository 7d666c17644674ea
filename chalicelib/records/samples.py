"""What users let us improve AI with (2.3.1, category `ai`): kept only under their live yes."""

from __future__ import annotations

from chalicelib.privacy.fields import opaque, personal, record
from chalicelib.privacy.register import Category, Purpose, Role, Subject
from chalicelib.privacy.retention import Retention


@record(
    kind="ai_sample",
    table="samples",
    subject=Subject.USER,
    role=Role.CONTROLLER,
    retention=Retention.AI_SAMPLE,
    collected_for=Purpose.IMPROVE_PRODUCTS,
)
class AiSample:
    """One question to the model and its answer, as both crossed our border: with placeholders where somebody
    in particular was named. Its key is the user, so that a withdrawal finds all of them and nothing else.
    """

    company_id: str = opaque()
    user_id: str = opaque()
    sample_id: str = opaque()
    receipt_id: str = opaque(why="proof of the yes it was kept under", export=True)
    task: str = opaque(export=True)
    model: str = opaque(export=True)
    prompt_version: str = opaque(export=True)
    at: int = opaque(export=True)
    input: str = personal(Category.AI, "input")
    output: str = personal(Category.AI, "output")
