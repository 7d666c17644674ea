"""Data stays in Singapore: a client for anywhere else is refused before a byte leaves, whoever made it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import boto3
import botocore.session
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.kernel import aws, region, settings
from chalicelib.kernel.region import AbroadError

pytestmark = pytest.mark.clause("singapore")

ABROAD = ("us-east-1", "eu-central-1", "ap-southeast-2", "ap-southeast-3", "cn-north-1", "aws-global")
HOME = settings.REGION
SERVICES = ("dynamodb", "kms", "sqs", "sns", "s3", "events", "secretsmanager", "sesv2", "logs")


@pytest.fixture(autouse=True)
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"ACCESS_KEY_ID": "AKIDEXAMPLE", "SECRET_ACCESS_KEY": "secret"}.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    monkeypatch.delenv("AWS_SESSION_TOKEN", raising=False)
    for name in ("AWS_ENDPOINT_URL", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)


class Sent(Exception):
    """A request got past the guard."""


@pytest.fixture
def leaving(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Addresses of requests that were about to be put on the network; none ever is."""
    from botocore.httpsession import URLLib3Session

    addresses: list[str] = []

    def send(session: Any, request: Any) -> None:
        addresses.append(request.url)
        raise Sent

    monkeypatch.setattr(URLLib3Session, "send", send)
    yield addresses


def request(url: str, authorization: str | bytes | None) -> Any:
    """What botocore shows its handlers."""
    from botocore.awsrequest import AWSRequest

    headers = {} if authorization is None else {"Authorization": authorization}
    return AWSRequest(method="POST", url=url, headers=headers).prepare()


def scope(name: str, service: str = "sqs") -> str:
    return (
        f"AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261122/{name}/{service}/aws4_request, SignedHeaders=host"
    )


def call(client: Any, service: str) -> None:
    """Any operation without arguments that need thought."""
    operations = {
        "dynamodb": lambda: client.list_tables(),
        "kms": lambda: client.list_keys(),
        "sqs": lambda: client.list_queues(),
        "sns": lambda: client.list_topics(),
        "s3": lambda: client.get_object(Bucket="okki-leads-evidence-123456789012", Key="x"),
        "events": lambda: client.list_rules(),
        "secretsmanager": lambda: client.list_secrets(),
        "sesv2": lambda: client.get_account(),
        "logs": lambda: client.describe_log_groups(),
    }
    operations[service]()


@pytest.mark.parametrize("service", SERVICES)
def test_every_service_of_ours_is_reached_in_singapore(service: str, leaving: list[str]) -> None:
    for client in (aws.client.__wrapped__(service), aws.light_client.__wrapped__(service)):
        with pytest.raises(Sent):
            call(client, service)
    assert leaving and all(f".{HOME}.amazonaws.com" in address for address in leaving)


@pytest.mark.parametrize("name", ABROAD)
@pytest.mark.parametrize("service", SERVICES)
def test_a_client_for_another_region_is_refused_before_anything_leaves(
    service: str, name: str, leaving: list[str]
) -> None:
    make: Any = boto3.client  # its overloads want the service spelled out
    client = region.watch(make(service, region_name=name))
    with pytest.raises(AbroadError):
        call(client, service)
    assert leaving == []


def test_a_client_that_nobody_thought_of_is_refused_too(leaving: list[str]) -> None:
    """A session made by a library, as PynamoDB does, knows the guard without being told."""
    region.keep_home()
    abroad: Any = botocore.session.get_session().create_client("dynamodb", region_name="us-east-1")
    with pytest.raises(AbroadError):
        abroad.list_tables()
    with pytest.raises(AbroadError):
        boto3.session.Session().client("s3", region_name="us-west-2").list_buckets()
    assert leaving == []


def test_the_tables_are_out_of_reach_in_another_region(
    leaving: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from pynamodb.connection import Connection

    from chalicelib.store import items, vault

    models: tuple[type[Any], ...] = (*items.TABLES.values(), vault.CompanyKeyRow)
    for model in models:
        assert model.Meta.region == HOME
        monkeypatch.setattr(model.Meta, "region", "us-east-1")
        monkeypatch.setattr(model, "_connection", None)
        with pytest.raises(AbroadError):
            model.get("co_x", "y")
    with pytest.raises(AbroadError):
        Connection(region="eu-west-1").list_tables()
    assert leaving == []


def test_a_host_of_another_region_is_refused_whatever_the_signature_says() -> None:
    for host in (
        "sqs.us-east-1.amazonaws.com",
        "sqs.amazonaws.com",
        "iam.amazonaws.com",
        f"{HOME}.s3.us-east-1.amazonaws.com",
        f"sqs.{HOME}.amazonaws.com.example.com",
        f"sqs.{HOME}.amazonaws.com.cn",
        f"evil-{HOME}.amazonaws.com",
        "example.com",
        "10.0.0.1",
        "169.254.169.254",
        "",
    ):
        with pytest.raises(AbroadError):
            region.refuse_abroad(request(f"https://{host}/", scope(HOME)))


@pytest.mark.parametrize(
    "authorization",
    [
        None,
        "",
        "Bearer token",
        scope("us-east-1"),
        scope(f"us-east-1,{HOME}"),
        scope("*"),
        "AWS4-ECDSA-P256-SHA256 Credential=AKIDEXAMPLE/20261122/s3/aws4_request",
        f"AWS AKIDEXAMPLE:{HOME}",
        f"x {scope(HOME)}",
    ],
)
def test_a_request_that_is_not_signed_for_singapore_alone_is_refused(authorization: str | None) -> None:
    for host in (f"s3.{HOME}.amazonaws.com", "127.0.0.1:4000"):
        with pytest.raises(AbroadError):
            region.refuse_abroad(request(f"http://{host}/", authorization))


@pytest.mark.parametrize(
    "host",
    [
        f"dynamodb.{HOME}.amazonaws.com",
        f"123456789012.ddb.{HOME}.amazonaws.com",
        f"bucket.s3.{HOME}.amazonaws.com",
        f"kms-fips.{HOME}.amazonaws.com",
        f"lambda.{HOME}.api.aws",
        "127.0.0.1:4000",
        "[::1]:4000",
    ],
)
def test_hosts_of_singapore_and_this_machine_are_reached(host: str) -> None:
    for authorization in (scope(HOME), scope(HOME).encode()):
        region.refuse_abroad(request(f"https://{host}/path?query", authorization))


@given(st.text(alphabet="abcdefghijklmnopqrstuvwxyz-0123456789", min_size=1, max_size=20))
def test_no_other_name_of_a_region_passes(name: str) -> None:
    if name != HOME:
        with pytest.raises(AbroadError):
            region.refuse_abroad(request(f"https://sqs.{HOME}.amazonaws.com/", scope(name)))
        with pytest.raises(AbroadError):
            region.refuse_abroad(request(f"https://sqs.{name}.amazonaws.com/", scope(HOME)))


def test_a_profile_that_fetches_credentials_does_not_work_and_exported_ones_do(leaving: list[str]) -> None:
    """AWS signs no request for credentials (SSO, web identities), so none gets past the guard, not even in our
    region. At the desk they are exported first: docs/runbooks/staff.md.
    """
    region.keep_home()
    session = botocore.session.get_session()
    unsigned: dict[str, Callable[[Any], object]] = {
        "sso": lambda client: client.get_role_credentials(roleName="r", accountId="1", accessToken="t"),
        "sts": lambda client: client.assume_role_with_web_identity(
            RoleArn="arn:aws:iam::123456789012:role/desk", RoleSessionName="desk", WebIdentityToken="t" * 4
        ),
    }
    for service, fetch in unsigned.items():
        with pytest.raises(AbroadError):
            fetch(session.create_client(service, region_name=HOME))
    assert leaving == []
    home: Any = session.create_client("dynamodb", region_name=HOME)
    with pytest.raises(Sent):
        home.list_tables()


def test_the_guard_is_put_up_once() -> None:
    from botocore import handlers

    for _ in range(3):
        region.keep_home()
    assert [one[1] for one in handlers.BUILTIN_HANDLERS].count(region.refuse_abroad) == 1
