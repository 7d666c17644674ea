"""The vault: one sealed message per record, under a key of the record's company.

AWS Encryption SDK, raw master key per company and version; the 32 key bytes come from KMS with the company as
encryption context, lie wrapped in `company-keys`, and stay unwrapped in a warm process for five minutes at
most. Deleting a company's rows there makes its data unreadable: in running processes after those five
minutes, in backups of the table after their 35 days (docs/decisions say more).

A message names, as authenticated clear text, the company and a digest of the row it belongs to; both are
compared on opening, so a sealed value moved to another row or company does not open. Costs, warm: no AWS
call, 0.1 ms, 287 bytes; cold, per company: one query and one KMS call per key version used.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final

from aws_encryption_sdk import CommitmentPolicy, EncryptionSDKClient
from aws_encryption_sdk.identifiers import Algorithm, EncryptionKeyType, WrappingAlgorithm
from aws_encryption_sdk.internal.crypto.wrapping_keys import WrappingKey
from aws_encryption_sdk.key_providers.raw import RawMasterKey
from botocore.exceptions import BotoCoreError, ClientError
from pynamodb.attributes import BinaryAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.exceptions import PutError, PynamoDBException
from pynamodb.models import Model

from chalicelib.kernel import aws, clock, region, settings, telemetry
from chalicelib.kernel.errors import UnavailableError
from chalicelib.store import batches
from chalicelib.store.failures import refused

region.keep_home()  # before PynamoDB makes its first client

KEY_SECONDS: Final = 300
"""Longest time an unwrapped key stays in a process; part of every deletion certificate."""

COMPANIES: Final = 200
"""Of so many companies a process holds keys at once, whatever passes through it: 1 MB."""

_PROVIDER: Final = settings.APP


class KeyMissingError(Exception):
    """The company has no such key (any more): what it sealed cannot be read."""


class WrongPlaceError(Exception):
    """A sealed message turned up in a row it was not sealed for, or is not as it was sealed."""


class CompanyKeyRow(Model):
    """One wrapped data key of one company."""

    class Meta:
        table_name = settings.TABLE_COMPANY_KEYS
        region = settings.REGION
        connect_timeout_seconds = aws.CONNECT_SECONDS
        read_timeout_seconds = aws.READ_SECONDS
        max_retry_attempts = aws.TRIES - 1  # a model ignores `retry_configuration` (PynamoDB 6.1.0)

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    wrapped = BinaryAttribute(legacy_encoding=False)
    created_at = NumberAttribute()


@dataclass(slots=True)
class _Keyring:
    """What this process holds of one company's keys, and since when."""

    company_id: str
    wrapped: dict[int, bytes]
    loaded_at: float
    master: dict[int, RawMasterKey] = field(default_factory=dict)
    plain: dict[int, bytes] = field(default_factory=dict)

    @property
    def current(self) -> int:
        return max(self.wrapped)


_keyrings: dict[str, _Keyring] = {}


def seal(company_id: str, place: str, content: bytes) -> tuple[bytes, int]:
    """Seal content for one row; returns the message and the number of the key version used."""
    keyring = _keyring(company_id)
    version = keyring.current
    message, _ = _sdk().encrypt(
        source=content,
        key_provider=_master(keyring, version),
        encryption_context=_context(company_id, place),
        algorithm=Algorithm.AES_256_GCM_HKDF_SHA512_COMMIT_KEY,
        frame_length=0,
    )
    return message, version


def unseal(company_id: str, place: str, message: bytes, version: int) -> bytes:
    """Open what was sealed for this very row.

    Callers go through ``table.Rows``, which asks the register whether the use is allowed.

    Raises:
        KeyMissingError: the company's key is gone.
        WrongPlaceError: the message belongs to another row or company, or was altered.
    """
    keyring = _keyring(company_id)
    if version not in keyring.wrapped:  # another process has rotated since we looked
        forget(company_id)
        keyring = _keyring(company_id)
    master = _master(keyring, version)
    try:
        content, header = _sdk().decrypt(source=message, key_provider=master)
    except Exception:
        # Many kinds, from the SDK and from below it; all of them mean that this is not what we sealed here.
        raise WrongPlaceError from None
    if header.encryption_context != _context(company_id, place):
        raise WrongPlaceError
    return bytes(content)


def index(company_id: str, label: str, value: str) -> str:
    """A keyed hash for looking things up: 32 hex digits, different for every company and label.

    The key is derived (HKDF-Expand, RFC 5869) from the company's first data key, so hashes survive
    rotation and lose all meaning when the company's keys are deleted.
    """
    keyring = _keyring(company_id)
    first = _plain_key(keyring, min(keyring.wrapped))
    derived = hmac.digest(first, f"{settings.APP} index {label}".encode() + b"\x01", "sha256")
    return hmac.digest(derived, value.encode(), "sha256")[:16].hex()


def create_key(company_id: str) -> None:
    """Give a company its first key; a company that has one keeps it. One KMS call and one write."""
    _add_version(company_id, 1)


def rotate(company_id: str) -> int:
    """Add a key version and return its number. New rows use it within five minutes; old ones stay open."""
    version = max(_load(company_id)) + 1
    _add_version(company_id, version)
    forget(company_id)
    return version


def forget(company_id: str) -> None:
    """Drop this company's unwrapped keys from this process."""
    _keyrings.pop(company_id, None)


def destroy(company_id: str) -> int:
    """Delete all keys of a company: what they sealed opens no more, in running processes after at most
    ``KEY_SECONDS``. Returns how many versions there were; repeatable. Two queries and a batch, whatever the
    company holds, and however many rows are sealed.

    Raises:
        UnavailableError: nobody knows; doing it again is safe.
    """
    gone = 0
    while versions := [(row.pk, row.sk) for row in _rows(company_id)]:
        gone += batches.delete(CompanyKeyRow.Meta.table_name, versions)
    forget(company_id)
    return gone


def _add_version(company_id: str, version: int) -> None:
    context = _kms_context(company_id, version)
    answer = _kms("generate_data_key_without_plaintext", NumberOfBytes=32, EncryptionContext=context)
    row = CompanyKeyRow(company_id, f"key#{version:04d}")
    row.wrapped, row.created_at = answer["CiphertextBlob"], clock.now()
    try:
        row.save(condition=CompanyKeyRow.pk.does_not_exist())
    except PutError as error:
        # Somebody else made this version first, or our own reply was lost: either way there is one.
        if not refused(error):
            raise UnavailableError from None


def _kms(operation: str, **request: Any) -> Any:
    """One call of the key that wraps the companies' keys. Fails closed: without its answer nothing opens."""
    try:
        return getattr(aws.client("kms"), operation)(KeyId=settings.VAULT_KEY, **request)
    except (BotoCoreError, ClientError) as error:
        telemetry.event("vault_key_error", error=error)
        raise UnavailableError from None


def _keyring(company_id: str) -> _Keyring:
    now = clock.elapsed()
    # Oldest first: keys of companies nobody asks for any more leave with the next use of any key.
    while _keyrings:
        oldest, keyring = next(iter(_keyrings.items()))
        if 0 <= now - keyring.loaded_at < KEY_SECONDS:
            break
        forget(oldest)
    known = _keyrings.get(company_id)
    if known is None:
        while len(_keyrings) >= COMPANIES:
            forget(next(iter(_keyrings)))
        known = _keyrings[company_id] = _Keyring(company_id, _load(company_id), now)
    return known


def _rows(company_id: str) -> list[CompanyKeyRow]:
    try:
        return list(CompanyKeyRow.query(company_id, consistent_read=True))
    except PynamoDBException as error:
        telemetry.event("vault_table_error", error=error)
        raise UnavailableError from None


def _load(company_id: str) -> dict[int, bytes]:
    rows = _rows(company_id)
    if not rows:
        raise KeyMissingError
    return {int(row.sk.removeprefix("key#")): row.wrapped for row in rows}


def _plain_key(keyring: _Keyring, version: int) -> bytes:
    if version not in keyring.plain:
        if version not in keyring.wrapped:
            raise KeyMissingError
        answer = _kms(
            "decrypt",
            CiphertextBlob=keyring.wrapped[version],
            EncryptionContext=_kms_context(keyring.company_id, version),
        )
        keyring.plain[version] = answer["Plaintext"]
    return keyring.plain[version]


def _master(keyring: _Keyring, version: int) -> RawMasterKey:
    if version not in keyring.master:
        keyring.master[version] = RawMasterKey(
            provider_id=_PROVIDER,
            key_id=f"{version:04d}",  # short, it is in every message; the context says whose
            wrapping_key=WrappingKey(
                wrapping_algorithm=WrappingAlgorithm.AES_256_GCM_IV12_TAG16_NO_PADDING,
                wrapping_key=_plain_key(keyring, version),
                wrapping_key_type=EncryptionKeyType.SYMMETRIC,
            ),
        )
    return keyring.master[version]


def _context(company_id: str, place: str) -> dict[str, str]:
    digest = hashlib.sha256(place.encode()).digest()[:16]
    return {"company": company_id, "row": base64.urlsafe_b64encode(digest).decode().rstrip("=")}


def _kms_context(company_id: str, version: int) -> dict[str, str]:
    return {"company": company_id, "version": str(version)}


@cache
def _sdk() -> Any:
    return EncryptionSDKClient(
        commitment_policy=CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT, max_encrypted_data_keys=1
    )
