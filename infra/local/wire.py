"""The wire between the functions and AWS: counts every call and breaks chosen ones.

A threaded HTTP/1.1 proxy; bytes pass through unchanged, so signatures hold. Adds about half a millisecond a
call, which is why only tests and the bench put it in.
"""

from __future__ import annotations

import json
import re
import select
import socket
import socketserver
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

Kind = Literal["lose_reply", "lose_request", "throttle", "fail", "conflict", "reject", "delay", "leave_over"]

REACHED: Final[set[tuple[str, str]]] = set()
"""(service, region) of every signed call that went over any wire of this process; nothing clears it."""

_READS: Final = frozenset({"GetItem", "BatchGetItem", "Query", "Scan", "TransactGetItems"})
_CREDENTIAL = re.compile(rb"Credential=([^/]+)/\d{8}/([a-z0-9-]+)/([a-z0-9-]+)/aws4_request")
_EXPECT = re.compile(rb"\r\nExpect:[^\r\n]*\r\n", re.IGNORECASE)
_CONSUMED = b"x-local-consumed-capacity"
_NO_BODY_STATUS = (204, 304)


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a function to AWS. ``capacity`` holds (table, units) pairs of a DynamoDB call."""

    function: str
    service: str
    region: str
    operation: str
    status: int
    request: bytes
    response_size: int
    seconds: float
    fault: str = ""
    capacity: tuple[tuple[str, float], ...] = ()

    @property
    def read_units(self) -> float:
        """Read request units consumed."""
        return sum(units for _, units in self.capacity) if self.operation in _READS else 0.0

    @property
    def write_units(self) -> float:
        """Write request units consumed."""
        return sum(units for _, units in self.capacity) if self.operation not in _READS else 0.0


@dataclass(slots=True)
class Fault:
    """What shall go wrong, and how often it has so far (``hits``)."""

    kind: Kind
    service: str = ""
    operation: str = ""
    contains: str = ""
    function: str = ""
    times: int = 1
    skip: int = 0
    seconds: float = 0.0
    hits: int = 0
    seen: int = field(default=0, repr=False)

    def takes(self, function: str, service: str, operation: str, body: bytes) -> bool:
        """Whether this call is the one to break; counts it if it fits."""
        fits = (
            self.service in ("", service)
            and self.operation in ("", operation)
            and self.function in ("", function)
            and self.contains.encode() in body
            and self.hits < self.times
        )
        if not fits:
            return False
        self.seen += 1
        if self.seen <= self.skip:
            return False
        self.hits += 1
        return True


class Wire:
    """The proxy. ``calls`` grows with every call; ``clear`` it before what you measure."""

    def __init__(self, target: tuple[str, int]) -> None:
        self._target = target
        self._lock = threading.Lock()
        self._faults: list[Fault] = []
        self._callers: Mapping[str, str] = {}
        self.calls: list[Call] = []
        wire = self

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = True
            allow_reuse_address = True
            request_queue_size = 128

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                wire._serve(self.request)

        self._server = Server(("127.0.0.1", 0), Handler)
        self.port = int(self._server.server_address[1])
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.2}, daemon=True
        )

    @property
    def url(self) -> str:
        """What functions get as AWS_ENDPOINT_URL."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Begin to serve."""
        self._thread.start()

    def stop(self) -> None:
        """Stop serving and free the port."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(timeout=5)

    def name_callers(self, callers: Mapping[str, str]) -> None:
        """Access key id -> function name, for ``Call.function``."""
        self._callers = callers

    def inject(
        self,
        *,
        kind: Kind,
        service: str = "",
        operation: str = "",
        contains: str = "",
        function: str = "",
        times: int = 1,
        skip: int = 0,
        seconds: float = 0.0,
    ) -> Fault:
        """Break the next ``times`` calls that fit, after letting ``skip`` of them pass.

        lose_reply: the call takes effect, its answer does not arrive. lose_request: neither. throttle, fail
        (500), conflict (TransactionConflict), reject (SES looked at the mail): refused without effect. delay:
        answered ``seconds`` late. leave_over: a BatchGetItem answers without the last row of each table, a
        BatchWriteItem takes no row at all and says so.
        """
        fault = Fault(kind, service, operation, contains, function, times, skip, seconds)
        with self._lock:
            self._faults.append(fault)
        return fault

    def reset(self) -> None:
        """Forget all faults and calls."""
        with self._lock:
            self._faults.clear()
            self.calls.clear()

    def clear(self) -> None:
        """Forget the calls so far."""
        with self._lock:
            self.calls.clear()

    def _fault_for(self, function: str, service: str, operation: str, body: bytes) -> Fault | None:
        with self._lock:
            return next(
                (fault for fault in self._faults if fault.takes(function, service, operation, body)), None
            )

    def _serve(self, client: socket.socket) -> None:
        caller = _Peer(client)
        try:
            upstream = _Peer(socket.create_connection(self._target))
        except ConnectionRefusedError:  # the stack has gone, and the caller goes with it
            caller.close()
            return
        try:
            while True:
                start = caller.read_head()
                if upstream.has_ended():  # the emulator drops idle connections; the caller must not notice
                    upstream.close()
                    upstream = _Peer(socket.create_connection(self._target))
                if not self._exchange(start, caller, upstream):
                    break
        except (OSError, _ClosedError):
            pass
        finally:
            upstream.close()
            caller.close()

    def _exchange(self, start: bytes, caller: _Peer, upstream: _Peer) -> bool:
        """Pass one call on and its answer back. False when the connection shall close."""
        fields = _fields(start)
        if fields.get(b"expect", b"").lower() == b"100-continue":
            caller.socket.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
            start = _EXPECT.sub(
                b"\r\n", start
            )  # answered; asked again, the emulator would say so a second time
        body = caller.read_body(fields)
        began = time.perf_counter()
        found = _CREDENTIAL.search(fields.get(b"authorization", b""))
        key, region, service = (part.decode() for part in found.groups()) if found else ("", "", "")
        function = self._callers.get(key, key)
        operation = _operation(start, fields, body)
        fault = self._fault_for(function, service, operation, body)
        kind: str = fault.kind if fault else ""
        status, answer, capacity = 0, b"", b""
        if fault and kind == "delay":
            time.sleep(fault.seconds)
        if kind in ("throttle", "fail", "conflict", "reject"):
            status, answer = _refusal(kind, service, operation, body)
        elif kind == "leave_over" and operation == "BatchWriteItem":
            status, answer = 200, _none_taken(body)
        elif kind != "lose_request":
            upstream.socket.sendall(start + body)
            head = upstream.read_head()
            answer_fields = _fields(head)
            status = int(head.split(b" ", 2)[1])
            capacity = answer_fields.get(_CONSUMED, b"")
            empty = status in _NO_BODY_STATUS or start.startswith(b"HEAD ")
            answer = head + (b"" if empty else upstream.read_body(answer_fields))
            if kind == "leave_over":
                answer = _left_over(answer, body)
        call = Call(
            function=function,
            service=service,
            region=region,
            operation=operation,
            status=status,
            request=body,
            response_size=len(answer),
            seconds=time.perf_counter() - began,
            fault=kind,
            capacity=tuple((str(table), float(units)) for table, units in json.loads(capacity))
            if capacity
            else (),
        )
        with self._lock:
            self.calls.append(call)
            if service:
                REACHED.add((service, region))
        if kind in ("lose_reply", "lose_request"):
            return False
        caller.socket.sendall(answer)
        return True


class _ClosedError(Exception):
    """The other side ended the connection between two messages."""


class _Peer:
    """A socket with what was read too far."""

    def __init__(self, sock: socket.socket) -> None:
        self.socket = sock
        self._rest = b""
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def read_head(self) -> bytes:
        while (end := self._rest.find(b"\r\n\r\n")) < 0:
            self._more()
        head, self._rest = self._rest[: end + 4], self._rest[end + 4 :]
        return head

    def read_body(self, fields: Mapping[bytes, bytes]) -> bytes:
        """The body as sent, chunk framing included."""
        if b"chunked" in fields.get(b"transfer-encoding", b"").lower():
            body = b""
            while True:
                while b"\r\n" not in self._rest:
                    self._more()
                line = self._rest[: self._rest.find(b"\r\n") + 2]
                size = int(line.split(b";")[0], 16)
                piece = self._take(len(line) + size + 2)
                body += piece
                if not size:
                    return body
        return self._take(int(fields.get(b"content-length", b"0")))

    def has_ended(self) -> bool:
        """Whether the other side closed while nothing was asked of it."""
        return bool(select.select([self.socket], [], [], 0)[0])

    def close(self) -> None:
        self.socket.close()

    def _take(self, size: int) -> bytes:
        while len(self._rest) < size:
            self._more()
        taken, self._rest = self._rest[:size], self._rest[size:]
        return taken

    def _more(self) -> None:
        data = self.socket.recv(65536)
        if not data:
            raise _ClosedError
        self._rest += data


def _fields(head: bytes) -> dict[bytes, bytes]:
    lines = head.split(b"\r\n")[1:]
    pairs = (line.partition(b":") for line in lines if b":" in line)
    return {name.strip().lower(): value.strip() for name, _, value in pairs}


def _operation(start: bytes, fields: Mapping[bytes, bytes], body: bytes) -> str:
    target = fields.get(b"x-amz-target", b"")
    if target:
        return target.rpartition(b".")[2].decode()
    method, path = start.split(b" ", 2)[:2]
    if path.startswith(b"/v2/email/outbound-emails"):
        return "SendEmail"
    action = re.search(rb"(?:^|&)Action=([A-Za-z]+)", body)
    return action[1].decode() if action else f"{method.decode()} {path.decode('latin-1')}"


def _left_over(answer: bytes, request: bytes) -> bytes:
    """A BatchGetItem's answer without the last row of each table, which is left over for another call, as
    DynamoDB does when the rows are too large together or a partition is busy.
    """
    found, asked = json.loads(answer.partition(b"\r\n\r\n")[2]), json.loads(request)["RequestItems"]
    for table, rows in found["Responses"].items():
        if rows:
            row = rows.pop()
            key = {name: row[name] for name in asked[table]["Keys"][0]}
            found["UnprocessedKeys"][table] = {**asked[table], "Keys": [key]}
    return _answer(found)


def _none_taken(request: bytes) -> bytes:
    """The answer to a BatchWriteItem of which DynamoDB has had time for nothing."""
    return _answer({"UnprocessedItems": json.loads(request)["RequestItems"]})


def _answer(found: object) -> bytes:
    text = json.dumps(found).encode()
    head = (
        "HTTP/1.1 200 OK\r\ncontent-type: application/x-amz-json-1.0\r\n"
        f"x-amzn-requestid: injected\r\ncontent-length: {len(text)}\r\n\r\n"
    )
    return head.encode() + text


def _refusal(kind: str, service: str, operation: str, body: bytes) -> tuple[int, bytes]:
    """A refusal in the service's own shape, so that the SDK acts as it would in AWS."""
    status, code, message = 400, "ThrottlingException", "Rate exceeded"
    value: dict[str, object] = {}
    if kind == "fail":
        status, code, message = 500, "InternalServerError", "The server could not process the request"
    elif kind == "reject":
        code, message = "MessageRejected", "Email was rejected"
    elif kind == "conflict" and operation in ("TransactWriteItems", "TransactGetItems"):
        code, message = (
            "TransactionCanceledException",
            "Transaction cancelled, see the reasons: [TransactionConflict]",
        )
        parts = len(json.loads(body).get("TransactItems", []))
        conflict = {"Code": "TransactionConflict", "Message": "Transaction is ongoing for the item"}
        value["CancellationReasons"] = [conflict] + [{"Code": "None"}] * (parts - 1)
    elif kind == "conflict":
        code, message = "TransactionConflictException", "Transaction is ongoing for the item"
    elif service == "dynamodb":
        code, message = "ProvisionedThroughputExceededException", "Throughput exceeds the current capacity"
    elif service == "ses":
        status, code, message = 429, "TooManyRequestsException", "Maximum sending rate exceeded"
    namespace = "com.amazonaws.dynamodb.v20120810#" if service == "dynamodb" else ""
    value |= {"__type": namespace + code, "message": message, "Message": message}
    text = json.dumps(value).encode()
    head = (
        f"HTTP/1.1 {status} Refused\r\ncontent-type: application/x-amz-json-1.0\r\n"
        f"x-amzn-errortype: {code}\r\nx-amzn-requestid: injected\r\ncontent-length: {len(text)}\r\n\r\n"
    )
    return status, head.encode() + text
