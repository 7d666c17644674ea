"""A stand-in for SQS and Secrets Manager that does as little as possible, in a process of its own.

So that what is measured elsewhere is the client's work alone: the sink's CPU time is another process's.
"""

from __future__ import annotations

import json
import socketserver
import sys

SECRET = {"1": "s" * 64}
_ANSWERS = {
    b"AmazonSQS.SendMessage": {"MessageId": "1", "MD5OfMessageBody": "0"},
    b"secretsmanager.GetSecretValue": {"Name": "tracking", "SecretString": json.dumps(SECRET)},
}


class _Handler(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        while self.rfile.readline():
            target, length = b"", 0
            while (line := self.rfile.readline()) not in (b"\r\n", b""):
                name, _, value = line.partition(b":")
                if name.lower() == b"x-amz-target":
                    target = value.strip()
                elif name.lower() == b"content-length":
                    length = int(value)
            self.rfile.read(length)
            body = json.dumps(_ANSWERS[target]).encode()
            self.wfile.write(
                b"HTTP/1.1 200 OK\r\nContent-Type: application/x-amz-json-1.0\r\n"
                b"x-amzn-RequestId: 1\r\nContent-Length: %d\r\n\r\n" % len(body) + body
            )


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True


if __name__ == "__main__":
    with _Server(("127.0.0.1", 0), _Handler) as server:
        print(server.server_address[1], flush=True)
        server.serve_forever()
        sys.exit(0)
