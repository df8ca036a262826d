"""A stack of one's own for a test file: brought up once, used from outside, taken down."""
import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
import unittest
from urllib.parse import urlsplit

from redis_client import Redis

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("WAAS_BUILD", REPOSITORY / "build"))
sys.path.insert(0, str(REPOSITORY / "scripts" / "quickstart.d"))

DONE, FAILED, USAGE, UNREACHABLE, NOT_ALLOWED = range(5)  # exit codes of waas


class Result:
    """What a call of `waas --json` gave."""

    def __init__(self, process, seconds):
        self.exit = process.returncode
        self.stdout = process.stdout
        self.stderr = process.stderr
        self.seconds = seconds

    @property
    def json(self):
        return json.loads(self.stdout)

    @property
    def code(self):
        """The stable code of a refusal; "" when there is none."""
        for line in reversed(self.stderr.decode().strip().splitlines()):
            try:
                return json.loads(line).get("code", "")
            except ValueError:
                continue
        try:
            return json.loads(self.stderr).get("code", "")
        except ValueError:
            return ""

    def __repr__(self):
        return f"exit {self.exit}, out {self.stdout[:300]!r}, err {self.stderr[:500]!r}"


class Stack:
    def __init__(self, **environment):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="waas-", dir="/tmp"))
        self.root.chmod(0o711)  # the stack's users must get through to their parts
        self.directory = self.root / "stack"
        self.environment = {key: value for key, value in os.environ.items()
                            if not re.match(r"WAAS_|DATABASE_URL|REDIS_URL|PG", key)}
        self.environment.update(environment, WAAS_BUILD=str(BUILD))

    # The stack itself.

    def script(self, *words, check=True):
        process = subprocess.run([REPOSITORY / "scripts/stack", *words, "--dir", self.directory], env=self.environment,
                                 capture_output=True, text=True, timeout=180, stdin=subprocess.DEVNULL)
        if check and process.returncode != 0:
            raise AssertionError(f"scripts/stack {' '.join(words)}: exit {process.returncode}\n{process.stdout}{process.stderr}")
        return process

    def up(self):
        self.script("up")
        return self

    def down(self):
        self.script("down", check=False)
        if not os.environ.get("WAAS_KEEP"):
            state = self.directory / "state"
            if state.is_symlink():
                shutil.rmtree(state.resolve(), ignore_errors=True)
            shutil.rmtree(self.root, ignore_errors=True)

    def restart(self, part):
        self.script("restart", part)

    @property
    def env(self):
        """stack.env, read anew: process ids change."""
        pairs = {}
        for line in (self.directory / "stack.env").read_text().splitlines():
            name, _, value = line.partition("=")
            pairs[name] = "".join(shlex.split(value))
        return pairs

    def pid(self, name):
        return int(self.env[name])

    def log(self, part):
        return (self.directory / "log" / f"{part}.log").read_text(errors="replace")

    # The command line.

    def waas(self, *words, person="nobody", stdin=b"", timeout=60):
        """Runs waas --json as `person`, whose session is kept apart from others'."""
        env = self.env
        environment = dict(self.environment, WAAS_SOCKET=env["WAAS_SOCKET"], WAAS_VAULT_PUB=env["WAAS_VAULT_PUB"],
                           XDG_STATE_HOME=str(self.root / "people" / person))
        began = time.monotonic()
        process = subprocess.run([BUILD / "waas", "--json", *words], env=environment, input=stdin, capture_output=True,
                                 timeout=timeout)
        return Result(process, time.monotonic() - began)

    def person(self, name):
        return Person(self, name)

    # The stores, as their administrator.

    def sql(self, statement):
        """Rows of strings; bytea as \\x…"""
        url = urlsplit(self.env["WAAS_STACK_DATABASE_URL"])
        environment = dict(self.environment, PGPASSWORD=url.password, PGUSER=url.username,
                           PGDATABASE=url.path.lstrip("/"), PGHOST=url.query.removeprefix("host="))
        process = subprocess.run(["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-f", "-"], env=environment,
                                 input=statement, capture_output=True, text=True, timeout=60)
        if process.returncode != 0:
            raise AssertionError(f"{statement}\n{process.stderr}")
        return [line.split("|") for line in process.stdout.splitlines()]

    def redis(self, n):
        url = urlsplit(self.env[f"WAAS_STACK_REDIS_URL_{n}"])
        return Redis(url.path, url.username, url.password)


class Person:
    """Somebody with an account."""

    def __init__(self, stack, name):
        self.stack, self.name = stack, name
        self.email = f"{name}@example.org"
        self.password = stack.root / f"{name}.password"
        self.password.write_text(f"correct horse {name} staple\n")
        self.password.chmod(0o600)

    def waas(self, *words, **options):
        return self.stack.waas(*words, person=self.name, **options)

    def sign_up(self):
        result = self.waas("user", "signup", self.email, "--password-file", str(self.password))
        assert result.exit == DONE, result
        self.user_id = result.json["userId"]
        self.wallet = result.json["wallet"]
        return self

    def sign_in(self):
        return self.waas("user", "signin", self.email, "--password-file", str(self.password))

    def sign_message(self, text=b"hello", wallet=None, **options):
        selector = ["--wallet", wallet] if wallet else []
        return self.waas("sign", "message", *selector, "-", stdin=text, **options)


class StackTest(unittest.TestCase):
    """A test case whose class has one stack."""

    ENVIRONMENT = {}
    POLICY = None  # TOML; None: the one that scripts/stack takes by itself

    @classmethod
    def setUpClass(cls):
        environment = dict(cls.ENVIRONMENT)
        if cls.POLICY is not None:
            file = tempfile.NamedTemporaryFile("w", prefix="waas-policy-", suffix=".toml")
            cls.addClassCleanup(file.close)
            file.write(cls.POLICY)
            file.flush()
            environment["WAAS_POLICY"] = file.name
        cls.stack = Stack(**environment)
        try:
            cls.stack.up()
            cls.prepare()
        except BaseException:
            cls.stack.down()
            raise

    @classmethod
    def prepare(cls):
        pass

    @classmethod
    def tearDownClass(cls):
        cls.stack.down()

    def assert_refused(self, result, codes, exit_codes=(FAILED,)):
        self.assertIn(result.exit, exit_codes, result)
        self.assertIn(result.code, codes, result)
        self.assertEqual(result.stdout, b"", "something was printed besides the refusal")


class WalletTest(StackTest):
    """Each test has a local service's wallet of its own."""

    def setUp(self):
        self.name = self.id().rsplit(".", 1)[1].removeprefix("test_")[:64]
        made = self.waas("wallet", "create", self.name)
        self.assertEqual(made.exit, DONE, made)
        self.wallet_id, self.address = made.json["walletId"], made.json["publicKey"]

    def waas(self, *words, **options):
        return self.stack.waas("--as-service", *words, **options)

    def sign(self):
        return self.waas("sign", "message", "--wallet", self.name, "-", stdin=b"hello")

    def signs(self):
        """The signature, which there has to be."""
        result = self.sign()
        self.assertEqual(result.exit, DONE, result)
        return result.json["signature"]


def eventually(condition, seconds=15, what="it"):
    """Asks until the answer is true: the only waiting that tests do."""
    deadline = time.monotonic() + seconds
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not happen within {seconds} s")
        time.sleep(0.05)


def is_alive(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def verify_with_openssl(folder, public_key, message, signature):
    """Has openssl check an Ed25519 signature; the key is raw bytes."""
    from solana_transfer import ED25519_DER
    folder = pathlib.Path(tempfile.mkdtemp(dir=folder))
    for name, data in {"key": ED25519_DER + public_key, "message": message, "signature": signature}.items():
        (folder / name).write_bytes(data)
    process = subprocess.run(["openssl", "pkeyutl", "-verify", "-rawin", "-pubin", "-keyform", "DER", "-inkey", folder / "key",
                              "-in", folder / "message", "-sigfile", folder / "signature"], capture_output=True, text=True)
    return process.returncode == 0
