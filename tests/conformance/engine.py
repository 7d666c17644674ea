"""Where the store's tests run: three engines behind one face, each with faults, a clock and an end.

`emulator` is the local AWS as deployed, `dynamodb-local` is AWS's own engine, `moto` is a third opinion that needs no
process. With the last two, KMS is moto's, whose cryptography is real (AES-256-GCM with the context as its
associated data). The store is not told: it finds its endpoints in the environment, as it does in Lambda.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from moto import mock_aws
from pynamodb.models import Model

from chalicelib.kernel import aws, settings
from chalicelib.store import limits, table, transaction, vault
from infra.local import LocalStack
from infra.local.wire import Wire
from tools import dynamodb_local

CHOICE = "OKKI_STORE_ENGINE"
"""Environment variable that `make conformance` sets to run everything against AWS's own engine."""

assert limits
assert table


@dataclass
class Engine:
    """A running engine."""

    name: str
    dynamodb: Any
    """A plain client, past the store and past the wire."""
    kms: Any
    clock: Path
    wire: Wire | None = None
    """Counts and breaks DynamoDB calls; None for moto, which has no wire."""

    def advance(self, seconds: int) -> None:
        """Move the store's clock."""
        self.clock.write_text(str(int(self.clock.read_text()) + seconds))

    def reset(self) -> None:
        """Real time, no faults, no unwrapped keys."""
        self.clock.write_text("0")
        vault._keyrings.clear()
        if self.wire:
            self.wire.reset()

    def item(self, model: type[Any], pk: str, sk: str) -> dict[str, Any] | None:
        """A row as it lies in the table."""
        key = {"pk": {"S": pk}, "sk": {"S": sk}}
        found: dict[str, Any] = self.dynamodb.get_item(
            TableName=model.Meta.table_name, Key=key, ConsistentRead=True
        )
        return found.get("Item")

    def items(self, model: type[Any], pk: str) -> list[dict[str, Any]]:
        """All rows of a partition."""
        found: dict[str, Any] = self.dynamodb.query(
            TableName=model.Meta.table_name,
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": {"S": pk}},
            ConsistentRead=True,
        )
        return list(found["Items"])


def chosen(default: str) -> str:
    """The engine of this run."""
    return os.environ.get(CHOICE, default)


@contextmanager
def running(name: str) -> Iterator[Engine]:
    """An engine with the four tables and the vault's key."""
    with ENGINES[name]() as engine:
        yield engine


@contextmanager
def _emulator() -> Iterator[Engine]:
    with LocalStack(proxy=True, quiet=True) as stack, _clock() as clock:
        keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
        with _reachable({**keys, "AWS_ENDPOINT_URL": stack.wire.url, "OKKI_CLOCK_FILE": str(clock)}):
            yield Engine("emulator", stack.client("dynamodb"), stack.client("kms"), clock, stack.wire)


@contextmanager
def _dynamodb_local() -> Iterator[Engine]:
    with dynamodb_local.running() as (host, port), mock_aws(), _clock() as clock:
        wire = Wire((host, port))
        wire.start()
        environment = {"AWS_ENDPOINT_URL_DYNAMODB": wire.url, "OKKI_CLOCK_FILE": str(clock)}
        try:
            with _reachable(environment):
                direct = boto3.client("dynamodb", settings.REGION, endpoint_url=f"http://{host}:{port}")
                yield Engine("dynamodb-local", _with_tables(direct), _with_key(), clock, wire)
        finally:
            wire.stop()


@contextmanager
def _moto() -> Iterator[Engine]:
    with mock_aws(), _clock() as clock, _reachable({"OKKI_CLOCK_FILE": str(clock)}):
        yield Engine("moto", _with_tables(boto3.client("dynamodb", settings.REGION)), _with_key(), clock)


ENGINES: Mapping[str, Callable[[], Any]] = {
    "emulator": _emulator,
    "dynamodb-local": _dynamodb_local,
    "moto": _moto,
}


@contextmanager
def _clock() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="okki-clock-") as folder:
        file = Path(folder) / "clock"
        file.write_text("0")
        yield file


@contextmanager
def _reachable(environment: Mapping[str, str]) -> Iterator[None]:
    """The store as in a process that has just started with this environment."""
    with ExitStack() as stack:
        for name in [n for n in os.environ if n.startswith("AWS_ENDPOINT_URL")] + list(environment):
            stack.callback(_restore, name, os.environ.get(name))
            os.environ.pop(name, None)
        os.environ.update(environment)
        _forget()
        stack.callback(_forget)
        yield


def _restore(name: str, value: str | None) -> None:
    if value is None:
        os.environ.pop(name, None)
    else:
        os.environ[name] = value


def _forget() -> None:
    """What a process keeps of its surroundings: clients, connections, keys."""
    boto3.setup_default_session()
    aws.client.cache_clear()
    aws.light_client.cache_clear()
    transaction._connection.cache_clear()
    vault._keyrings.clear()
    for model in _models(Model):
        model._connection = None


def _models(model: type[Model]) -> Iterator[type[Model]]:
    for below in model.__subclasses__():
        yield below
        yield from _models(below)


def _with_tables(client: Any) -> Any:
    for definition in dynamodb_local.definitions():
        client.create_table(**definition)
    return client


def _with_key() -> Any:
    kms = boto3.client("kms", settings.REGION)
    kms.create_alias(AliasName=settings.VAULT_KEY, TargetKeyId=kms.create_key()["KeyMetadata"]["KeyId"])
    return kms
