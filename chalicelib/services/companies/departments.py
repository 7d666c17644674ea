"""The departments of a company: a tree, small enough to be looked at as a whole (clause `self-service`).

Every change writes the company's rules as well, unchanged: that row is what two changes at once meet at, so
that neither a circle nor an orphan can come of them. A move of a member meets there too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from chalicelib import store
from chalicelib.kernel import clock, ids
from chalicelib.kernel.errors import ConflictError, FieldError, InvalidError, NotFoundError
from chalicelib.privacy.register import Purpose
from chalicelib.records.accounts import MemberState
from chalicelib.records.companies import Department
from chalicelib.services import repeats
from chalicelib.services.accounts.sessions import Principal
from chalicelib.services.repeats import Repeat

if TYPE_CHECKING:
    from chalicelib.store.idempotency import Once
    from chalicelib.store.table import Stored
    from chalicelib.store.transaction import Transaction

MAX_DEPARTMENTS: Final = 200
MAX_DEPTH: Final = 8
TRIES: Final = 5
_USE: Final = Purpose.MAINTAIN_ACCOUNT

Tree = dict[str, "Stored[Department]"]


def every(company_id: str) -> list[Department]:
    """All of them, the oldest first; one query."""
    return [known.value for known in _tree(company_id).values()]


def create(who: Principal, name: str, parent_id: str | None, repeat: Repeat | None) -> Department:
    """Add one.

    Raises:
        InvalidError: ``parent_id`` is ``unknown``, or the tree would be ``too_deep``.
        ConflictError: ``too_many_departments``.
    """

    def make(once: Once | None) -> Department:
        department = Department(
            company_id=who.company_id,
            department_id=ids.new("dep"),
            parent_id=parent_id,
            created_at=clock.now(),
            name=name,
        )

        def edit(tree: Tree, transaction: Transaction) -> None:
            if len(tree) >= MAX_DEPARTMENTS:
                raise ConflictError("too_many_departments", "There are as many departments as there can be.")
            _require_place(tree, department)
            transaction.put_new(store.accounts.DEPARTMENTS, department)
            if once is not None:
                once.add_to(transaction, department.department_id)

        _change(who.company_id, edit, once)
        return department

    return repeats.once(who, repeat, lambda made: _again(who.company_id, made), make)


def change(who: Principal, department_id: str, fields: Mapping[str, Any]) -> Department:
    """Rename one, or put it elsewhere with everything below it; the latest word counts.

    Raises:
        NotFoundError.
        InvalidError: ``parent_id`` is ``unknown``, a ``circle``, or the tree would be ``too_deep``.
    """
    made: list[Department] = []

    def edit(tree: Tree, transaction: Transaction) -> None:
        known = tree.get(department_id)
        if known is None:
            raise NotFoundError
        changed = replace(known.value, **fields)
        _require_place(tree, changed)
        transaction.replace(store.accounts.DEPARTMENTS, known, changed)
        made[:] = [changed]

    _change(who.company_id, edit)
    return made[0]


def delete(who: Principal, department_id: str) -> None:
    """Remove one that nobody and nothing belongs to.

    Raises:
        NotFoundError.
        ConflictError: ``not_empty``.
    """

    def edit(tree: Tree, transaction: Transaction) -> None:
        known = tree.get(department_id)
        if known is None:
            raise NotFoundError
        above = any(one.value.parent_id == department_id for one in tree.values())
        if above or _has_members(who.company_id, department_id):
            raise ConflictError("not_empty", "Somebody or something still belongs to this department.")
        transaction.delete(store.accounts.DEPARTMENTS, known)

    _change(who.company_id, edit)


def require(company_id: str, department_id: str | None) -> None:
    """Refuse a department that the company does not have.

    Raises:
        InvalidError: ``department_id`` is ``unknown``.
    """
    if department_id is not None and not exists(company_id, department_id):
        raise InvalidError(errors=[FieldError("department_id", "unknown")])


def exists(company_id: str, department_id: str) -> bool:
    """Whether the company has it; one read."""
    known = store.accounts.DEPARTMENTS.get(company_id=company_id, department_id=department_id, use=_USE)
    return known is not None


def _change(company_id: str, edit: Callable[[Tree, Transaction], None], once: Once | None = None) -> None:
    """Let ``edit`` look at the tree and add its writes; asked again when somebody else was faster."""
    for _ in range(TRIES):
        access = store.accounts.ACCESS.get(company_id=company_id)  # first: what is read after it is not older
        if access is None:
            raise NotFoundError
        transaction = store.transaction.Transaction(store.table.new_op())
        edit(_tree(company_id), transaction)
        transaction.replace(store.accounts.ACCESS, access, access.value)
        try:
            transaction.commit()
        except ConflictError:
            if once is not None and once.made() is not None:
                raise
        else:
            return
    raise ConflictError


def _require_place(tree: Tree, department: Department) -> None:
    """Refuse a place that does not exist, lies below the department itself, or is too deep."""
    above = _above(tree, department.parent_id, department.department_id)
    if len(above) + _height(tree, department.department_id) > MAX_DEPTH:
        raise InvalidError(errors=[FieldError("parent_id", "too_deep")])


def _above(tree: Tree, parent_id: str | None, department_id: str) -> list[str]:
    found: list[str] = []
    while parent_id is not None:
        if parent_id == department_id:
            raise InvalidError(errors=[FieldError("parent_id", "circle")])
        if parent_id not in tree:
            raise InvalidError(errors=[FieldError("parent_id", "unknown")])
        found.append(parent_id)
        parent_id = tree[parent_id].value.parent_id
    return found


def _height(tree: Tree, department_id: str) -> int:
    """Levels from a department down, itself included."""
    levels, level = 0, [department_id]
    while level:
        levels += 1
        level = [key for key, one in tree.items() if one.value.parent_id in level]
    return levels


def _has_members(company_id: str, department_id: str) -> bool:
    members = store.accounts.MEMBERS.query(company_id, "member#")
    return any(
        one.value.department_id == department_id and one.value.state is not MemberState.REMOVED
        for one in members
    )


def _again(company_id: str, department_id: str) -> Department:
    known = store.accounts.DEPARTMENTS.get(company_id=company_id, department_id=department_id, use=_USE)
    if known is None:
        raise ConflictError("gone", "What this key made has been deleted since.")
    return known.value


def _tree(company_id: str) -> Tree:
    rows = store.accounts.DEPARTMENTS.query(company_id, "department#", use=_USE)
    return {known.value.department_id: known for known in rows}
