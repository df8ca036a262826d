"""HTTP to the stack's gateway: as its users speak, and byte by byte as its attackers do."""
import http.client
import json
import socket
import ssl
from urllib.parse import urlsplit


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def code(self):
        return self.json.get("code", "") if self.status >= 400 else ""

    def __repr__(self):
        return f"{self.status} {self.body[:300]!r}"


class Gateway:
    def __init__(self, stack):
        self.stack = stack
        env = stack.env
        self.url = urlsplit(env["WAAS_GATEWAY_URL"])
        self.address = (self.url.hostname, self.url.port)
        self.context = None
        if self.url.scheme == "https":
            self.context = ssl.create_default_context(cafile=env["WAAS_GATEWAY_CA"])

    def connection(self, timeout=60):
        if self.context is not None:
            return http.client.HTTPSConnection(*self.address, timeout=timeout, context=self.context)
        return http.client.HTTPConnection(*self.address, timeout=timeout)

    def call(self, method, path, body=None, token=None, headers=None, connection=None):
        """One request on a connection of its own, or on the one given."""
        all_headers = dict(headers or {})
        if body is not None and not isinstance(body, (bytes, str)):
            body = json.dumps(body)
        if body is not None:
            all_headers.setdefault("Content-Type", "application/json")
        if token is not None:
            all_headers["Authorization"] = f"Bearer {token}"
        own = connection is None
        connection = connection or self.connection()
        try:
            connection.request(method, path, body, all_headers)
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read())
        finally:
            if own:
                connection.close()

    def get(self, path, **options):
        return self.call("GET", path, **options)

    def post(self, path, body=None, **options):
        return self.call("POST", path, {} if body is None else body, **options)

    def sign_up(self, name, password=None):
        answer = self.post("/api/auth/signup", {"email": f"{name}@example.org", "password": password or password_of(name)})
        assert answer.status == 201, answer
        return answer.json

    def raw(self, data, timeout=15):
        """Sends bytes, gives all that comes back until the gateway closes."""
        with socket.create_connection(self.address, timeout=timeout) as stream:
            stream.sendall(data)
            return read_all(stream)


def read_all(stream):
    received = b""
    while True:
        try:
            part = stream.recv(65536)
        except ConnectionResetError:
            return received
        if not part:
            return received
        received += part


def password_of(name):
    return f"correct horse {name} staple"
