"""Logging in (clauses `passwords`, `automatic`): who gets in, and who has to prove themselves twice.

A failed login never says which part was wrong, and costs the same for a mailbox nobody has. Every attempt is
counted first; when it cannot be counted it is refused. A device that proves to be the owner's is counted by
itself, so nobody can use up its tries from outside.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from chalicelib import store
from chalicelib.kernel import addresses, clock, networks
from chalicelib.kernel.addresses import Address
from chalicelib.kernel.errors import ConflictError, RefusedError, UnauthorizedError
from chalicelib.privacy.consent import CompanyState
from chalicelib.privacy.notifications import Kind
from chalicelib.privacy.register import Purpose
from chalicelib.records.accounts import Login, MemberState, User
from chalicelib.records.companies import Company
from chalicelib.records.proofs import Challenge, Channel, Device, Intent
from chalicelib.services.accounts import clients, devices, passwords, proofs, sessions
from chalicelib.services.accounts.devices import Visit
from chalicelib.services.accounts.freemail import is_free
from chalicelib.services.companies.membership import Place
from chalicelib.services.notifications import notify

if TYPE_CHECKING:
    from chalicelib.store.table import Stored

PER_MAILBOX_AND_NETWORK: Final = 10
PER_NETWORK: Final = 200
PER_MAILBOX: Final = 100
PER_DOMAIN: Final = 3000
PER_DEVICE: Final = 10
"""Attempts: a quarter of an hour for the first two and the last, an hour for a mailbox and a mail domain (the
company, as far as it can be known before anybody is; not for domains anybody can get). The wide ones are so
wide that it takes several networks to close them to devices we do not know, which a password alone opens
nothing to anyway.
"""

TRIES: Final = 3


class Entry(NamedTuple):
    """Somebody is in: the bearer token (shown once, kept nowhere), whose it is, and a new device's token."""

    token: str
    expires_at: int
    user: User
    company: Company
    place: Place
    device_token: str | None = None


def log_in(email: str, password: str, visit: Visit) -> Entry | Challenge:
    """Open a session, or ask for a second proof.

    Raises:
        UnauthorizedError: ``login_refused``, whatever was wrong.
        RefusedError: the company's accounts are closed (`cancellation`).
        TooManyRequestsError: per mailbox, network and domain; never for a device known to be the owner's.
    """
    address = addresses.parse(email)
    device = devices.by_token(visit.device_token)
    if device is None:
        _count(address, visit.ip)
    mailbox = store.accounts.mailbox_hash(address.login)
    login = store.accounts.LOGINS.get(mailbox=mailbox, use=Purpose.CREATE_AND_LOGIN)
    if device is not None:
        device = _counted(device, login, address, visit.ip)
    if not passwords.matches(password, login.value.password_verifier if login else None):
        raise _refused()
    assert login is not None  # noqa: S101 - nobody's password never matches
    return admit(login.value.company_id, login.value.user_id, visit, device=device, by=login)


def _counted(
    device: Stored[Device], login: Stored[Login] | None, address: Address, ip: str
) -> Stored[Device] | None:
    """The device if it is the owner's, which then counts by itself; with another's one is a stranger."""
    if login is None or device.value.user_id != login.value.user_id:
        _count(address, ip)
        return None
    store.limits.take("login-device", device.value.device_id, PER_DEVICE, clock.QUARTER_HOUR)
    return device


def _count(address: Address, ip: str) -> None:
    network = networks.prefix(ip)
    near = f"{address.login}|{network}"
    store.limits.take("login-network", network, PER_NETWORK, clock.QUARTER_HOUR)
    store.limits.take("login", near, PER_MAILBOX_AND_NETWORK, clock.QUARTER_HOUR)
    store.limits.take("login-mailbox", address.login, PER_MAILBOX, clock.HOUR)
    if not is_free(address.domain):
        store.limits.take("login-domain", address.domain, PER_DOMAIN, clock.HOUR)


def admit(
    company_id: str,
    user_id: str,
    visit: Visit,
    *,
    device: Stored[Device] | None = None,
    trusted: bool = False,
    proven: bool = False,
    by: Stored[Login] | None = None,
) -> Entry | Challenge:
    """Let somebody in who has given a first proof; every way in ends here.

    ``device`` is the one the visit's token proved; ``trusted`` says that the way itself is more than a
    password (WeChat on the person's telephone, a code from the mailbox), so an unknown device is not asked
    for another code; ``proven`` that it counts as a fresh second proof. WeChat does not: whoever was shown
    somebody else's QR code must not have given the account away with it. ``by`` is the login row whose
    password was right.

    Raises:
        UnauthorizedError: the user is suspended or gone, or the password was changed just now; told like a
            wrong password.
        RefusedError: the company's accounts are closed (`cancellation`).
        ConflictError: not in a few tries.
    """
    place = _place(company_id, user_id)
    if by is not None and _changed(by):
        raise _refused()
    if place.access.state in {CompanyState.CANCELLED, CompanyState.PENDING}:
        raise RefusedError("company_closed", clause="cancellation")
    user, company = sessions.profile(company_id, user_id)
    for _ in range(TRIES):
        by_token = device if device is not None and devices.is_known(device, place.member) else None
        found = by_token or devices.alike(place.member, visit)
        known = found is not None and not devices.unusual(found.value, visit, clock.now())
        generation = place.member.generation
        if place.member.second_factor and not (known and by_token is not None):
            return proofs.ask(user, Intent.LOGIN, Channel.TOTP, visit, generation=generation)
        if not (known or trusted):
            return proofs.ask(user, Intent.LOGIN, Channel.MAIL, visit, generation=generation)
        entry = _open(user, company, place, visit, found, proven=proven)
        if entry is not None:
            break
        # Another login has just noted the device, or it is being forgotten: look again.
        device = devices.by_token(visit.device_token) if by_token is not None else None
    else:
        raise ConflictError
    if entry.device_token is not None:
        notify.tell(user, Kind.NEW_DEVICE, "new_device", clients.as_values(visit.client, visit.ip))
    return entry


def verify(challenge_id: str, code: str, visit: Visit) -> Entry:
    """The second proof: opens the session that ``log_in`` did not, and remembers the device.

    Raises:
        UnauthorizedError: ``code_refused``, also when the password was changed since; ``login_refused`` when
            the user was suspended meanwhile.
        TooManyRequestsError: five tries per challenge, ten an hour at one-time codes.
    """
    known = proofs.answer(challenge_id, code, Intent.LOGIN)
    company_id, user_id = known.value.company_id, known.value.user_id
    place = _place(company_id, user_id)
    if place.member.generation != known.value.generation:
        raise proofs.refused()  # whoever changed the password or mailbox ended this attempt as well
    user, company = sessions.profile(company_id, user_id)
    for _ in range(TRIES):
        device = devices.by_token(visit.device_token)
        if device is None or not devices.is_known(device, place.member):
            device = devices.alike(place.member, visit)
        entry = _open(user, company, place, visit, device, proven=True, spend=known)
        if entry is not None:
            break
        if store.accounts.CHALLENGES.get(challenge_id=challenge_id, use=Purpose.SECURITY_AND_FAULTS) is None:
            raise proofs.refused()  # somebody was faster with the same code
    else:
        raise ConflictError
    if entry.device_token is not None and known.value.channel is not Channel.MAIL:
        # A mailed code was warning enough.
        notify.tell(user, Kind.NEW_DEVICE, "new_device", clients.as_values(visit.client, visit.ip))
    return entry


def open_new(user: User, company: Company, place: Place, visit: Visit) -> Entry:
    """A session on a device that is not known any more, for somebody who has just proved themselves.

    Raises:
        ConflictError: not in a few tries.
    """
    for _ in range(TRIES):
        entry = _open(user, company, place, visit, None, proven=False)
        if entry is not None:
            return entry
    raise ConflictError


def _place(company_id: str, user_id: str) -> Place:
    member, access = store.accounts.place(company_id, user_id)
    if member is None or access is None or member.value.state is not MemberState.ACTIVE:
        raise _refused()
    return Place(member.value, access.value)


def _changed(login: Stored[Login]) -> bool:
    """Whether the password is another one by now. Asked after the member was read: a change raises the
    member's generation in the same transaction, so no session of the old password can outlive it.
    """
    again = store.accounts.LOGINS.get(mailbox=login.value.mailbox, use=Purpose.CREATE_AND_LOGIN)
    return again is None or again.version != login.version


def _open(
    user: User,
    company: Company,
    place: Place,
    visit: Visit,
    device: Stored[Device] | None,
    *,
    proven: bool,
    spend: Stored[Challenge] | None = None,
) -> Entry | None:
    """Session, device and what was spent for them, in one transaction; None when one of them has moved: a
    device that is being forgotten opens nothing any more.
    """
    now, token = clock.now(), None
    transaction = store.transaction.Transaction(store.table.new_op())
    if device is None:
        devices.make_room(user.company_id, user.user_id)
        seen, token = devices.made(place.member, visit)
        transaction.put_new(store.accounts.DEVICES, seen)
    else:
        seen = devices.seen(device.value, visit)
        transaction.replace(store.accounts.DEVICES, device, seen, used_again=True)
    text, session = sessions.new_session(place, seen.device_id, now, proven_at=now if proven else None)
    transaction.put_new(store.accounts.SESSIONS, session)
    if spend is not None:
        transaction.delete(store.accounts.CHALLENGES, spend)
    try:
        transaction.commit()
    except ConflictError:
        return None
    return Entry(text, sessions.session_end(session), user, company, place, token)


def _refused() -> UnauthorizedError:
    return UnauthorizedError("login_refused", "Mailbox or password is wrong.")
