"""A vault of one's own for a test: keys, settings, guard, and the load that keeps it busy."""
import ctypes
import errno
import json
import os
import pathlib
import secrets
import shutil
import signal
import subprocess
import tempfile
import time

BUILD = pathlib.Path(os.environ.get("WAAS_BUILD", pathlib.Path(__file__).resolve().parents[2] / "build"))
TOOLS = BUILD / "tests"
SKIPPED = 77  # exit code that ctest takes for "skipped"
PATIENCE = 60

PTRACE_SEIZE, PTRACE_INTERRUPT, PTRACE_DETACH, WALL = 0x4206, 0x4207, 17, 0x40000000
libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
libc.ptrace.restype = ctypes.c_long


def eventually(condition, what, seconds=PATIENCE):
    deadline = time.monotonic() + seconds
    while not (answer := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"{what}: not within {seconds} s")
        time.sleep(0.01)
    return answer


def is_alive(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def descriptors(pid):
    """Number to what it leads to."""
    folder = pathlib.Path(f"/proc/{pid}/fd")
    return {int(entry.name): os.readlink(entry) for entry in folder.iterdir()}


def status(pid):
    return dict(line.split(":\t", 1) for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines() if ":\t" in line)


def seize(pid):
    """Tries to become the tracer; returns the errno, 0 when it worked (and lets go again)."""
    if libc.ptrace(PTRACE_SEIZE, pid, None, None) != 0:
        return ctypes.get_errno()
    # Only a stopped process can be let go.
    libc.ptrace(PTRACE_INTERRUPT, pid, None, None)
    os.waitpid(pid, WALL)
    libc.ptrace(PTRACE_DETACH, pid, None, None)
    return 0


class Vault:
    """Starts at once; `with` ends it."""

    def __init__(self, program=None, guarded=True, canary=None):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="waas-vault-", dir="/tmp"))
        self.folder.chmod(0o700)
        self.program = program or BUILD / "waas-vault"
        self.canary = canary or "MEMSCAN-CANARY-" + secrets.token_hex(16)
        self.load = None
        try:
            self.start(guarded)
        except BaseException:
            self.end()
            raise

    def start(self, guarded):
        credentials, config = self.folder / "credentials", self.folder / "vault.conf"
        subprocess.run([BUILD / "waas-vault", "--make-keys", credentials, "--public", self.folder / "vault.pub"], check=True)
        me = os.getuid()
        config.write_text(f"broker uid {me}\nsocket {self.folder}/signer.sock\nallow uid {me} operator login\n"
                          f"allow uid {me} service load\npolicy none\n")
        command = [self.program, "--config", config, "--credentials", credentials, "--listen", self.folder / "vault.sock"]
        if guarded:
            command = [BUILD / "waas-vault-guard", "--", *command]
        self.work = self.folder / "work"  # where a core file would be written
        self.work.mkdir()
        with open(self.folder / "stderr", "wb") as log:
            self.top = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.work, close_fds=False,
                                        env={"CANARY": self.canary}, preexec_fn=allow_cores)
        eventually(lambda: b"started" in self.log() or self.top.poll() is not None, "the vault's start")
        if self.top.poll() is not None:
            raise AssertionError(f"the vault ended: {self.log().decode()}")
        self.pid = self.child() if guarded else self.top.pid
        # The word "started" is said a moment before the filter is in.
        eventually(lambda: status(self.pid)["Seccomp"] == "2", "the vault's filter")

    def child(self):
        return int(pathlib.Path(f"/proc/{self.top.pid}/task/{self.top.pid}/children").read_text().split()[0])

    def log(self):
        return (self.folder / "stderr").read_bytes()

    def busy(self, wallets=64):
        """Starts the load; returns the file of secrets once everything in it is in use."""
        listing = self.folder / "secrets"
        self.load = subprocess.Popen([TOOLS / "waas-vault-load", self.folder / "vault.sock", self.folder / "signer.sock",
                                      self.folder / "credentials", listing, str(wallets)],
                                     stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        while (line := self.load.stdout.readline()) != "READY\n":
            if not line:
                raise AssertionError(f"no load: {self.load.communicate()[1]} {self.log().decode()}")
            self.report = line.strip()
        with open(listing, "a") as file:
            file.write(f"canary c text:{self.canary}\n")
        return listing

    def idle(self):
        """Ends the load; returns how many signatures and sign-ins it made."""
        self.load.send_signal(signal.SIGTERM)
        out, err = self.load.communicate(timeout=PATIENCE)
        if self.load.returncode != 0:
            raise AssertionError(f"the load failed: {err} {self.log().decode()}")
        words = out.split()
        return int(words[1]), int(words[3])

    def end(self):
        for process in (self.load, getattr(self, "top", None)):
            if process and process.poll() is None:
                process.terminate()
                try:
                    process.communicate(timeout=PATIENCE)
                except subprocess.TimeoutExpired:
                    process.kill()
                process.wait()
            for stream in (process and process.stdout, process and process.stderr):
                if stream:
                    stream.close()
        if not os.environ.get("WAAS_KEEP"):
            shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()


def allow_cores():
    """In the child before exec: whatever a core file could take, so that it is the process that forbids it."""
    import resource
    hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
    resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))


class Scan:
    """One run of memscan. exit: 0 clean, 1 found, 3 blind."""

    def __init__(self, listing, pids, *options):
        report = listing.parent / "report.json"
        words = [word for pid in pids for word in ("--pid", str(pid))]
        process = subprocess.run([TOOLS / "memscan", "--secrets", listing, *words, "--json", report, *options],
                                 capture_output=True, text=True)
        self.exit, self.text = process.returncode, process.stdout + process.stderr
        self.report = json.loads(report.read_text()) if report.exists() else {}

    def hits(self, **wanted):
        return [hit for hit in self.report["hits"] if all(hit[key] == value for key, value in wanted.items())]

    def coverage(self, method, name):
        """Of a method on the processes whose name begins so (the kernel keeps 15 letters)."""
        return [c for c in self.report["coverage"] if c["method"] == method and c["process"].split("/")[1] == name[:15]]


EPERM = errno.EPERM
