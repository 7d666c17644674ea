"""What the vault keeps from whoever gets hold of a table, a backup or another company's rights."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from aws_encryption_sdk import CommitmentPolicy, EncryptionSDKClient
from aws_encryption_sdk.identifiers import Algorithm, EncryptionKeyType, WrappingAlgorithm
from aws_encryption_sdk.internal.crypto.wrapping_keys import WrappingKey
from aws_encryption_sdk.key_providers.raw import RawMasterKeyProvider
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.kernel import aws, ids
from chalicelib.kernel import settings as app_settings
from chalicelib.kernel.errors import UnavailableError
from chalicelib.store import vault
from chalicelib.store.vault import KEY_SECONDS, CompanyKeyRow, KeyMissingError, WrongPlaceError
from tests.conformance.engine import Engine

pytestmark = pytest.mark.clause("access")

PLACE = "okki-leads-workspace\0co_1\0contact#ct_1"
SECRET = "Zoë Müller-李 🦊 zoë@bücher.example".encode()
COMMITTING_SUITE = bytes.fromhex("0478")
"""AES_256_GCM_HKDF_SHA512_COMMIT_KEY (AWS Encryption SDK, algorithms reference)."""
BYTES_AROUND = 287


@pytest.fixture
def kms_calls(engine: Engine) -> list[str]:
    """Every call to KMS from here on, by operation."""
    seen: list[str] = []

    def note(model: Any, **_: Any) -> None:
        seen.append(model.name)

    aws.client("kms").meta.events.register("before-call.kms.*", note)
    return seen


def second_company() -> str:
    made = ids.new("co")
    vault.create_key(made)
    return made


def context_of(company: str, version: int = 1) -> dict[str, str]:
    return {"company": company, "version": str(version)}


# -- opening ------------------------------------------------------------------------------------------


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(text=st.text(max_size=400), place=st.text(min_size=1, max_size=80))
def test_any_text_of_any_row_comes_back(company: str, text: str, place: str) -> None:
    content = text.encode("utf-8", "surrogatepass")
    message, version = vault.seal(company, place, content)
    assert vault.unseal(company, place, message, version) == content


def test_a_sealed_value_moved_to_another_row_does_not_open(company: str) -> None:
    message, version = vault.seal(company, PLACE, SECRET)
    with pytest.raises(WrongPlaceError):
        vault.unseal(company, PLACE + "2", message, version)


def test_a_sealed_value_moved_to_another_company_does_not_open(company: str) -> None:
    message, version = vault.seal(company, PLACE, SECRET)
    with pytest.raises(WrongPlaceError):
        vault.unseal(second_company(), PLACE, message, version)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=120)
@given(data=st.data())
def test_no_bit_of_a_message_can_be_changed(company: str, data: st.DataObject) -> None:
    message, version = vault.seal(company, PLACE, SECRET)
    bit = data.draw(st.integers(0, 8 * len(message) - 1))
    changed = bytearray(message)
    changed[bit // 8] ^= 1 << bit % 8
    with pytest.raises(WrongPlaceError):
        vault.unseal(company, PLACE, bytes(changed), version)


@pytest.mark.parametrize("length", [0, 1, 2, 20, 100, -17, -16, -1])
def test_a_message_cut_short_does_not_open(company: str, length: int) -> None:
    message, version = vault.seal(company, PLACE, SECRET)
    with pytest.raises(WrongPlaceError) as failed:
        vault.unseal(company, PLACE, message[:length], version)
    assert str(failed.value) == ""


class _TwoKeys(RawMasterKeyProvider):  # type: ignore[misc]  # the library has no types
    """A company's own key and somebody else's, each of which opens the message."""

    provider_id = app_settings.APP

    keys: dict[str, bytes]

    @classmethod
    def of(cls, company: str) -> _TwoKeys:
        made = cls()
        made.keys = {"0001": vault._plain_key(vault._keyring(company), 1), "somebody": bytes(32)}
        made.add_master_keys_from_list(list(made.keys))
        return made

    def _get_raw_key(self, key_id: str) -> WrappingKey:
        return WrappingKey(
            wrapping_algorithm=WrappingAlgorithm.AES_256_GCM_IV12_TAG16_NO_PADDING,
            wrapping_key=self.keys[key_id if isinstance(key_id, str) else key_id.decode()],
            wrapping_key_type=EncryptionKeyType.SYMMETRIC,
        )


def test_a_message_that_a_second_key_opens_too_is_refused(company: str) -> None:
    master = vault._master(vault._keyring(company), 1)
    sdk = EncryptionSDKClient(commitment_policy=CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT)
    message, _ = sdk.encrypt(
        source=SECRET,
        key_provider=_TwoKeys.of(company),
        encryption_context=vault._context(company, PLACE),
        algorithm=Algorithm.AES_256_GCM_HKDF_SHA512_COMMIT_KEY,
    )
    plain, _ = sdk.decrypt(source=message, key_provider=master)
    assert plain == SECRET  # a client without the limit opens it
    with pytest.raises(WrongPlaceError):
        vault.unseal(company, PLACE, message, 1)


def test_a_message_under_a_suite_that_does_not_commit_to_its_key_is_refused(company: str) -> None:
    master = vault._master(vault._keyring(company), 1)
    sdk = EncryptionSDKClient(commitment_policy=CommitmentPolicy.FORBID_ENCRYPT_ALLOW_DECRYPT)
    message, _ = sdk.encrypt(
        source=SECRET,
        key_provider=master,
        encryption_context=vault._context(company, PLACE),
        algorithm=Algorithm.AES_256_GCM_IV12_TAG16_HKDF_SHA256,
    )
    with pytest.raises(WrongPlaceError):
        vault.unseal(company, PLACE, message, 1)


# -- what a message shows -----------------------------------------------------------------------------


def test_a_message_names_its_committing_suite_and_holds_ids_and_nothing_said(company: str) -> None:
    message, _ = vault.seal(company, PLACE, SECRET)
    assert message[:1] == b"\x02"
    assert message[1:3] == COMMITTING_SUITE
    assert company.encode() in message
    for part in (SECRET, b"contact", b"ct_1", b"zo", PLACE.encode()):
        assert part not in message
    assert set(vault._context(company, PLACE)) == {"company", "row"}


def test_the_same_value_never_looks_the_same_twice(company: str) -> None:
    first, _ = vault.seal(company, PLACE, SECRET)
    second, _ = vault.seal(company, PLACE, SECRET)
    assert first[-len(SECRET) :] != second[-len(SECRET) :]


@pytest.mark.parametrize("length", [0, 1, 300, 5000])
def test_sealing_adds_as_much_as_is_written_in_the_decisions(company: str, length: int) -> None:
    message, _ = vault.seal(company, PLACE, b"x" * length)
    assert len(message) - length == BYTES_AROUND


# -- KMS ----------------------------------------------------------------------------------------------


def test_a_companys_key_is_unwrapped_once_and_then_nothing_asks_kms(
    company: str, kms_calls: list[str]
) -> None:
    message, version = vault.seal(company, PLACE, SECRET)
    assert kms_calls == ["Decrypt"]
    for _ in range(50):
        vault.seal(company, PLACE, SECRET)
        vault.unseal(company, PLACE, message, version)
        vault.index(company, "person", "a@example.org")
    assert kms_calls == ["Decrypt"]


@pytest.mark.clause("retention")
def test_an_unwrapped_key_is_dropped_after_five_minutes(
    engine: Engine, company: str, kms_calls: list[str]
) -> None:
    vault.seal(company, PLACE, SECRET)
    engine.advance(KEY_SECONDS - 2)
    vault.seal(company, PLACE, SECRET)
    assert kms_calls == ["Decrypt"]
    engine.advance(2)
    vault.seal(company, PLACE, SECRET)
    assert kms_calls == ["Decrypt"] * 2


@pytest.mark.clause("retention")
def test_a_key_nobody_asks_for_any_more_leaves_with_the_next_use_of_another(
    engine: Engine, company: str
) -> None:
    other = second_company()
    vault.seal(company, PLACE, SECRET)
    engine.advance(KEY_SECONDS + 1)
    vault.seal(other, PLACE, SECRET)
    assert list(vault._keyrings) == [other]


def test_keys_of_ever_more_companies_do_not_pile_up_in_a_process(
    company: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vault, "COMPANIES", 3)
    message, version = vault.seal(company, PLACE, SECRET)
    for _ in range(4):
        vault.seal(second_company(), PLACE, SECRET)
        assert len(vault._keyrings) <= 3
    assert company not in vault._keyrings
    assert vault.unseal(company, PLACE, message, version) == SECRET


def test_kms_itself_refuses_a_companys_key_to_another_company(engine: Engine, company: str) -> None:
    row = engine.item(CompanyKeyRow, company, "key#0001")
    assert row is not None
    wrapped = row["wrapped"]["B"]
    request = {"KeyId": "alias/okki-leads-vault", "CiphertextBlob": wrapped}
    assert len(engine.kms.decrypt(**request, EncryptionContext=context_of(company))["Plaintext"]) == 32
    for context in ({}, context_of(ids.new("co")), context_of(company, 2)):
        with pytest.raises(ClientError):
            engine.kms.decrypt(**request, EncryptionContext=context)


def test_a_key_row_copied_to_another_company_opens_nothing(engine: Engine, company: str) -> None:
    row = engine.item(CompanyKeyRow, company, "key#0001")
    assert row is not None
    thief = ids.new("co")
    engine.dynamodb.put_item(TableName=CompanyKeyRow.Meta.table_name, Item={**row, "pk": {"S": thief}})
    message, version = vault.seal(company, PLACE, SECRET)
    with pytest.raises(UnavailableError) as failed:
        vault.unseal(thief, PLACE, message, version)
    assert failed.value.__suppress_context__


def test_the_wrapped_key_is_not_the_key(engine: Engine, company: str) -> None:
    row = engine.item(CompanyKeyRow, company, "key#0001")
    assert row is not None
    plain = vault._plain_key(vault._keyring(company), 1)
    assert plain not in row["wrapped"]["B"]
    assert set(row) == {"pk", "sk", "wrapped", "created_at"}


def test_a_company_that_has_a_key_keeps_it(engine: Engine, company: str) -> None:
    message, version = vault.seal(company, PLACE, SECRET)
    vault.create_key(company)
    vault.forget(company)
    assert vault.unseal(company, PLACE, message, version) == SECRET
    assert len(engine.items(CompanyKeyRow, company)) == 1


# -- rotation -----------------------------------------------------------------------------------------


def test_after_a_rotation_old_rows_open_and_new_ones_use_the_new_key(engine: Engine, company: str) -> None:
    old, first = vault.seal(company, PLACE, SECRET)
    assert vault.rotate(company) == 2
    new, second = vault.seal(company, PLACE, SECRET)
    assert (first, second) == (1, 2)
    assert vault.unseal(company, PLACE, old, first) == SECRET
    assert vault.unseal(company, PLACE, new, second) == SECRET
    with pytest.raises(WrongPlaceError):
        vault.unseal(company, PLACE, new, first)


def test_a_process_that_missed_the_rotation_reads_new_rows_at_once_and_follows_within_five_minutes(
    engine: Engine, company: str
) -> None:
    vault.seal(company, PLACE, SECRET)
    missed = vault._keyrings[company]
    vault.rotate(company)
    new, second = vault.seal(company, PLACE, SECRET)
    vault._keyrings[company] = missed
    assert vault.seal(company, PLACE, SECRET)[1] == 1
    engine.advance(KEY_SECONDS)
    assert vault.seal(company, PLACE, SECRET)[1] == 2
    vault._keyrings[company] = missed
    assert vault.unseal(company, PLACE, new, second) == SECRET


def test_two_rotations_at_once_make_one_version(engine: Engine, company: str) -> None:
    vault._add_version(company, 2)
    vault._add_version(company, 2)
    assert [row["sk"]["S"] for row in engine.items(CompanyKeyRow, company)] == ["key#0001", "key#0002"]


# -- lookups ------------------------------------------------------------------------------------------


def test_a_keyed_hash_is_the_same_before_and_after_a_rotation(company: str) -> None:
    before = vault.index(company, "person", "anna@example.org")
    vault.rotate(company)
    assert vault.index(company, "person", "anna@example.org") == before
    assert len(before) == 32
    assert int(before, 16) >= 0


def test_nobody_can_tell_from_keyed_hashes_that_two_companies_know_the_same_person(company: str) -> None:
    other = second_company()
    hashes = {
        vault.index(owner, label, value)
        for owner in (company, other)
        for label in ("person", "body", "")
        for value in ("anna@example.org", "anna@example.or", "")
    }
    assert len(hashes) == 2 * 3 * 3


# -- the end of a company -----------------------------------------------------------------------------


def _delete_keys(engine: Engine, company: str) -> None:
    for row in engine.items(CompanyKeyRow, company):
        key = {name: row[name] for name in ("pk", "sk")}
        engine.dynamodb.delete_item(TableName=CompanyKeyRow.Meta.table_name, Key=key)


@pytest.mark.clause("retention")
@pytest.mark.parametrize("use", ["seal", "unseal", "index"])
def test_without_its_keys_a_companys_data_is_gone_from_warm_processes_after_five_minutes(
    engine: Engine, company: str, use: str
) -> None:
    message, version = vault.seal(company, PLACE, SECRET)
    acts: dict[str, Callable[[], object]] = {
        "seal": lambda: vault.seal(company, PLACE, SECRET),
        "unseal": lambda: vault.unseal(company, PLACE, message, version),
        "index": lambda: vault.index(company, "person", "a@example.org"),
    }
    _delete_keys(engine, company)
    acts[use]()  # still warm: the certificate says so
    engine.advance(KEY_SECONDS)
    with pytest.raises(KeyMissingError):
        acts[use]()


def test_a_company_that_never_had_a_key_gets_none_by_asking(engine: Engine) -> None:
    stranger = ids.new("co")
    with pytest.raises(KeyMissingError):
        vault.seal(stranger, PLACE, SECRET)
    with pytest.raises(KeyMissingError):
        vault.rotate(stranger)
    assert engine.items(CompanyKeyRow, stranger) == []


def test_a_version_that_was_deleted_is_missing_and_not_guessed(engine: Engine, company: str) -> None:
    message, _ = vault.seal(company, PLACE, SECRET)
    with pytest.raises(KeyMissingError):
        vault.unseal(company, PLACE, message, 7)
