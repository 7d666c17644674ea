"""Every way a request can fail, as one small tree; ``api/endpoint.py`` turns them into RFC 9457 documents.

    ServiceError
    ├── BadRequestError 400        the bytes are not what the protocol says
    ├── UnauthorizedError 401      nobody, or nobody any more
    ├── PaymentRequiredError 402   there is no credit left for it
    ├── RefusedError 403           a rule of the policy says no; carries its clause
    ├── NotFoundError 404          unknown, or somebody else's: the same answer
    ├── ConflictError 409          the state has moved on
    ├── TooLargeError 413 · UnsupportedMediaTypeError 415
    ├── InvalidError 422           fields that cannot be taken, each named
    ├── PreconditionRequiredError 428
    ├── TooManyRequestsError 429   with seconds to wait
    └── UnavailableError 503       try again; nothing happened, or it is safe to repeat

Messages hold no personal data: Chalice logs the text of an exception before anybody can look at it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FieldError:
    """One field that cannot be taken: its path (``to.0.email``) and a stable code (``required``)."""

    field: str
    code: str


class ServiceError(Exception):
    """Base of all refusals a client may see. ``code`` is stable; ``title`` is for people; ``more`` are
    further members of the problem document (whom to ask), never part of the exception's text.
    """

    status = 500
    code = "internal_error"
    title = "Something went wrong on our side."

    def __init__(
        self,
        code: str | None = None,
        title: str | None = None,
        *,
        clause: str | None = None,
        errors: Sequence[FieldError] = (),
        retry_after: int | None = None,
        more: Mapping[str, object] | None = None,
    ) -> None:
        self.code = code or type(self).code
        self.title = title or type(self).title
        self.clause = clause
        self.errors = tuple(errors)
        self.retry_after = retry_after
        self.more = dict(more or {})
        super().__init__(self.code)


class BadRequestError(ServiceError):
    """The bytes are not what the protocol asks for."""

    status, code, title = 400, "bad_request", "The request could not be read."


class UnauthorizedError(ServiceError):
    """No live session."""

    status, code, title = 401, "unauthorized", "Please log in."


class PaymentRequiredError(ServiceError):
    """The company has no credit left; nothing was charged and nothing given."""

    status, code, title = 402, "no_credits", "Your company has no credits left."


class RefusedError(ServiceError):
    """A rule of the privacy policy says no."""

    status, code, title = 403, "refused", "The privacy policy does not allow this."


class NotFoundError(ServiceError):
    """Unknown here; a foreign id gets the very same answer."""

    status, code, title = 404, "not_found", "There is no such thing here."


class ConflictError(ServiceError):
    """Somebody else was faster, or the state does not allow it."""

    status, code, title = 409, "conflict", "This has changed in the meantime."


class TooLargeError(ServiceError):
    """Bigger than we take."""

    status, code, title = 413, "too_large", "The request is too large."


class UnsupportedMediaTypeError(ServiceError):
    """Not JSON."""

    status, code, title = 415, "unsupported_media_type", "Please send application/json."


class InvalidError(ServiceError):
    """Readable, but some fields cannot be taken."""

    status, code, title = 422, "invalid", "Some fields cannot be taken."


class PreconditionRequiredError(ServiceError):
    """A change must say which version it changes."""

    status, code, title = 428, "version_required", "Please send the version you are changing."


class TooManyRequestsError(ServiceError):
    """A limit is reached; ``retry_after`` says for how many seconds."""

    status, code, title = 429, "too_many_requests", "Too many attempts. Please wait."


class UnavailableError(ServiceError):
    """Nothing was changed, or repeating is safe."""

    status, code, title = 503, "unavailable", "Please try again in a moment."


class RetryLaterError(Exception):
    """A worker's way to put a record back into its queue. Carries no text on purpose."""
