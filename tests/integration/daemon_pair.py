"""A second vault and broker on the stores of a stack: another host, as far as the stores can tell."""
import os
import pathlib
import re
import signal
import subprocess

from stack_fixture import BUILD, Result, eventually


class DaemonPair:
    """`postgres`, `redis1`, `redis2`: other addresses of the stores, a proxy's for example: a folder, paths of sockets or URLs."""

    def __init__(self, stack, name, postgres=None, redis1=None, redis2=None, toml=""):
        self.stack, self.name = stack, name
        self.folder = stack.root / name
        self.state = (stack.directory / "state").resolve()
        self.sockets = pathlib.Path((self.state / "sockets-path").read_text().strip()) if (
            self.state / "sockets-path").exists() else self.state / "s"
        self.root = os.getuid() == 0
        self.vault_uid, self.broker_uid = ([int(uid) for uid in (self.state / "users").read_text().split()[:2]]
                                           if self.root else [os.getuid()] * 2)
        self.processes = {}
        self.folder.mkdir(mode=0o711)
        self.make("v", self.vault_uid, 0o2750)
        self.make("b", self.broker_uid, 0o755)
        conf = (self.state / "vault.conf").read_text()
        (self.folder / "vault.conf").write_text(re.sub(r"(?m)^socket .*$", f"socket {self.socket}", conf))
        stores = {"postgres": postgres or self.sockets / "postgres", "redis1": redis1 or self.sockets / "redis1/redis.sock",
                  "redis2": redis2 or self.sockets / "redis2/redis.sock"}
        (self.folder / "signerd.toml").write_text(f"""[signerd]
socket = "{self.socket}"
vault = "{self.folder}/v/vault.sock"
[postgres]
url = "postgresql://waas_signer@/waas?host={stores['postgres']}"
named_statements = false
[redis_1]
url = "{self.url(stores['redis1'])}"
[redis_2]
url = "{self.url(stores['redis2'])}"
{toml}
""")

    @staticmethod
    def url(store):
        return store if "://" in str(store) else f"unix://waas-broker@{store}"

    def make(self, name, uid, mode):
        path = self.folder / name
        path.mkdir()
        if self.root:
            os.chown(path, uid, self.broker_uid)
        path.chmod(mode)

    @property
    def socket(self):
        return f"{self.folder}/b/signer.sock"

    # Its two processes.

    def start(self, part):
        uid, mask = (self.vault_uid, 0o007) if part == "vault" else (self.broker_uid, 0o077)
        become = ["setpriv", "--reuid", str(uid), "--regid", str(uid), "--clear-groups", "--inh-caps=-all",
                  "--no-new-privs"] if self.root else []
        path = self.folder / ("v/vault.sock" if part == "vault" else "b/signer.sock")
        path.unlink(missing_ok=True)
        if part == "vault":
            words = [BUILD / "waas-vault-guard", "--", BUILD / "waas-vault", "--config", self.folder / "vault.conf",
                     "--credentials", self.state / "vault/credentials", "--listen", path]
        else:
            words = [BUILD / "waas-broker", "--config", self.folder / "signerd.toml", "--credentials",
                     self.state / "broker/credentials", "--listen", path]
        log = open(self.folder / f"{part}.log", "ab")
        self.processes[part] = subprocess.Popen([*become, *words], cwd="/", env={"PATH": "/usr/bin:/bin"}, stdout=log,
                                                stderr=log, stdin=subprocess.DEVNULL, start_new_session=True,
                                                preexec_fn=lambda: os.umask(mask))
        log.close()
        eventually(path.exists, 20, f"the socket of {self.name}'s {part}")
        if part == "broker":
            path.chmod(0o666)

    def up(self):
        self.start("vault")
        self.start("broker")
        self.until_ready()
        return self

    def alive(self, part):
        return self.processes[part].poll() is None

    def kill(self, part):
        self.processes[part].send_signal(signal.SIGKILL)
        self.processes[part].wait()

    def mend(self):
        """Starts what has ended."""
        for part in ("vault", "broker"):
            if not self.alive(part):
                self.start(part)
        self.until_ready()

    def until_ready(self):
        def ready():
            result = self.waas("health")
            if not result.stdout:
                return False
            report = result.json
            return report["vault"]["reachable"] and all(store["reachable"] for store in report["stores"])
        try:
            eventually(ready, 30, f"readiness of {self.name}")
        except AssertionError as error:
            logs = "".join((self.folder / f"{part}.log").read_text(errors="replace")[-1500:] for part in ("vault", "broker"))
            raise AssertionError(f"{error}: {self.waas('health')}\n{logs}") from error

    def down(self):
        for part in ("broker", "vault"):
            if part in self.processes and self.alive(part):
                self.processes[part].terminate()
                try:
                    self.processes[part].wait(15)
                except subprocess.TimeoutExpired:
                    self.kill(part)

    def waas(self, *words, person="nobody", stdin=b"", timeout=60):
        env = self.stack.env
        environment = dict(self.stack.environment, WAAS_SOCKET=self.socket, WAAS_VAULT_PUB=env["WAAS_VAULT_PUB"],
                           XDG_STATE_HOME=str(self.stack.root / "people" / f"{self.name}-{person}"))
        process = subprocess.run([BUILD / "waas", "--json", *words], env=environment, input=stdin, capture_output=True,
                                 timeout=timeout)
        return Result(process, 0)
