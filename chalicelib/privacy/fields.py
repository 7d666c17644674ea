"""One declaration per personal field, and everything that follows from it.

Promise: a record type says of each field whether it is personal (category, item, subject, sealing,
export, erasure) or opaque (an id, a state, a time, a counter). From that one place come what the
vault seals, what an access request returns, what erasure removes, what logs never show and the
record of processing. A field left undeclared, or an item its category may not hold, stops the
import. Cost: there is no quick extra field; that is the point.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final, Literal, TypeVar, dataclass_transform

from chalicelib.privacy import gate
from chalicelib.privacy.decisions import Refused
from chalicelib.privacy.register import HOLDINGS, Category, Role, Subject, Use, holds
from chalicelib.privacy.retention import Retention, keep_until

T = TypeVar("T")
Table = Literal["accounts", "workspace", "prospects", "samples", "ledger", "operator"]

_KEY: Final = "privacy"
_ITEMS: Final = frozenset().union(*(holding.items for holding in HOLDINGS.values()))


class DeclarationError(TypeError):
    """A record type contradicts the register; raised while its module is imported."""


class UndeclaredFieldError(DeclarationError):
    """A field, or a stored attribute, that nobody declared."""


class OutsideCategoryError(DeclarationError):
    """A field names an item that its category may not hold (2.2)."""


class UnsealedFieldError(DeclarationError):
    """A personal field that must be sealed was about to be stored in clear (4.3.1)."""


class OutsidePurposeError(DeclarationError):
    """A record holds what the purpose it is collected for does not name (2.3)."""


class Erase(StrEnum):
    """What erasing a person does to a field."""

    DELETE = "delete"
    KEEP_HASH = "keep_hash"
    ANONYMISE = "anonymise"


@dataclass(frozen=True, slots=True)
class Personal:
    """The declaration of a personal field. `subject` None: the record's."""

    category: Category
    item: str
    subject: Subject | None
    sealed: bool
    export: bool
    erase: Erase


@dataclass(frozen=True, slots=True)
class Opaque:
    """The declaration of a field that says nothing about a person by itself. `why` is for the
    reader.
    """

    why: str
    export: bool


@dataclass(frozen=True, slots=True)
class Declaration:
    """What a record type said of itself."""

    kind: str
    table: str
    subject: Subject
    role: Role
    retention: Retention
    collected_for: Use | None
    personal: Mapping[str, Personal]
    opaque: Mapping[str, Opaque]


RECORDS: Final[dict[str, type[Any]]] = {}
"""Every record type imported so far, by kind."""

_DECLARATIONS: Final[dict[type[Any], Declaration]] = {}


def personal(
    category: Category,
    item: str,
    *,
    subject: Subject | None = None,
    sealed: bool = True,
    export: bool = True,
    erase: Literal["delete", "keep_hash", "anonymise"] = "delete",
    default: Any = dataclasses.MISSING,
    default_factory: Any = dataclasses.MISSING,
) -> Any:
    """Declare a personal field: `item` of `category`. Sealed, exported and deleted on erasure
    unless said otherwise.
    """
    made = Personal(category, item, subject, sealed, export, Erase(erase))
    return _field(made, default, default_factory)


def opaque(
    *,
    why: str = "",
    export: bool = False,
    default: Any = dataclasses.MISSING,
    default_factory: Any = dataclasses.MISSING,
) -> Any:
    """Declare a field that is not personal. `why` is required when its name is also an item of a
    category.
    """
    return _field(Opaque(why, export), default, default_factory)


def _field(declared: Personal | Opaque, default: Any, default_factory: Any) -> Any:
    given: dict[str, Any] = {"default": default, "default_factory": default_factory}
    wanted = {name: value for name, value in given.items() if value is not dataclasses.MISSING}
    return dataclasses.field(metadata={_KEY: declared}, **wanted)


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(personal, opaque))
def record(
    *,
    kind: str,
    table: Table,
    subject: Subject,
    role: Role,
    retention: Retention,
    collected_for: Use | None = None,
) -> Callable[[type[T]], type[T]]:
    """Make a class a frozen, slotted, keyword-only record and check its declarations.

    `kind` is unique and stable (it is stored); `table` is where it lives; `role` is ours (2.3);
    `retention` names its rule; `collected_for` the purpose it is kept for, which a record with
    personal fields must state. Raises UndeclaredFieldError, OutsideCategoryError, OutsidePurposeError
    or DeclarationError at import. The record's repr shows ids only, so a traceback or a log line
    cannot leak a person.
    """

    def declare(plain: type[T]) -> type[T]:
        made = dataclass(frozen=True, slots=True, kw_only=True, repr=False)(plain)
        known = RECORDS.get(kind)
        if known is not None and (known.__module__, known.__qualname__) != (
            made.__module__,
            made.__qualname__,
        ):
            raise DeclarationError(f"two record types are of kind {kind!r}")
        of_dataclass: Any = made  # which it is since three lines; the type does not say so
        declared = {field.name: field.metadata.get(_KEY) for field in dataclasses.fields(of_dataclass)}
        for name, said in declared.items():
            _check(made.__name__, name, said)
        of_kind = Declaration(
            kind=kind,
            table=table,
            subject=subject,
            role=role,
            retention=retention,
            collected_for=collected_for,
            personal=MappingProxyType(
                {name: said for name, said in declared.items() if isinstance(said, Personal)}
            ),
            opaque=MappingProxyType(
                {name: said for name, said in declared.items() if isinstance(said, Opaque)}
            ),
        )
        _check_purpose(of_kind)
        setattr(made, "__repr__", _safe_repr)  # noqa: B010 - mypy forbids assigning to a method
        _DECLARATIONS[made] = of_kind
        RECORDS[kind] = made
        return made

    return declare


def _check(owner: str, name: str, said: Personal | Opaque | None) -> None:
    match said:
        case None:
            raise UndeclaredFieldError(f"{owner}.{name} is neither personal() nor opaque()")
        case Personal(category=category, item=item) if not holds(category, item):
            raise OutsideCategoryError(f"{owner}.{name}: {category} may not hold {item!r}")
        case Opaque(why="") if name in _ITEMS:
            raise UndeclaredFieldError(f"{owner}.{name} has a personal item's name: say why it is opaque")


def _check_purpose(made: Declaration) -> None:
    if not made.personal:
        return
    if made.collected_for is None:
        raise OutsidePurposeError(f"{made.kind}: say what its personal fields are collected for")
    decision = gate.may_collect(made.role, categories(made), made.collected_for)
    if isinstance(decision, Refused):
        raise OutsidePurposeError(f"{made.kind}: {decision.reason}")


def categories(made: Declaration) -> frozenset[Category]:
    """The categories of 2.2 that a record type holds."""
    return frozenset(said.category for said in made.personal.values())


def _safe_repr(self: Any) -> str:
    ids = (name for name in opaque_fields(type(self)) if name == "id" or name.endswith("_id"))
    return f"{type(self).__name__}({', '.join(f'{name}={getattr(self, name)!r}' for name in ids)})"


def declaration(cls: type[Any]) -> Declaration:
    """What `cls` declared. Raises UndeclaredFieldError for a class that is not a record."""
    try:
        return _DECLARATIONS[cls]
    except KeyError:
        raise UndeclaredFieldError(f"{cls.__name__} is not a record") from None


def personal_fields(cls: type[Any]) -> Mapping[str, Personal]:
    """The personal fields of a record type, in the order they are written."""
    return declaration(cls).personal


def opaque_fields(cls: type[Any]) -> Mapping[str, Opaque]:
    """The fields of a record type that are not personal."""
    return declaration(cls).opaque


def sealed_fields(cls: type[Any]) -> tuple[str, ...]:
    """The fields that go into the one sealed message of a record (4.3.1)."""
    return tuple(name for name, said in personal_fields(cls).items() if said.sealed)


def never_log() -> frozenset[str]:
    """The names of all personal fields of all records imported so far."""
    return frozenset(name for made in RECORDS.values() for name in personal_fields(made))


def exported(record: object) -> dict[str, Any]:
    """What an access request returns of one record (5.1, 8): its personal fields, and opaque
    ones marked export.
    """
    made = declaration(type(record))
    fields: dict[str, Personal | Opaque] = {**made.personal, **made.opaque}
    return {name: getattr(record, name) for name, said in fields.items() if said.export}


def expires_at(cls: type[Any], start: datetime) -> datetime | None:
    """When a record of this type that starts at `start` expires by its own rule; None: with the
    company.
    """
    return keep_until(start, declaration(cls).retention.rule).at


def check_attributes(cls: type[Any], attributes: Iterable[str], *, envelope: Collection[str] = ()) -> None:
    """Refuse to store an attribute in clear that the type did not declare, or declared as
    sealed.

    `envelope` names the table's own attributes (keys, expiry, version, the sealed message). Raises
    UndeclaredFieldError or UnsealedFieldError; called by the store before every write, so it fails
    closed.
    """
    made = declaration(cls)
    clear = set(attributes) - set(envelope)
    unknown = clear - made.personal.keys() - made.opaque.keys()
    if unknown:
        raise UndeclaredFieldError(f"{made.kind}: undeclared attributes {sorted(unknown)}")
    open_ = clear & set(sealed_fields(cls))
    if open_:
        raise UnsealedFieldError(f"{made.kind}: to be sealed, not stored in clear: {sorted(open_)}")
