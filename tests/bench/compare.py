#!/usr/bin/env python3
"""Measures the whole path of a signature, beside a laboratory of peers, and prints the ratios that are the goals.

  compare.py [--lab DIR] [--rounds 5] [--seconds 2] [--wallets 2048] [--out DIR]

Brings up a stack of its own (scripts/stack: real PostgreSQL, two Redis servers, guarded and sandboxed vault, broker), and
drives it with build/waas-load. With --lab, a folder that has run.sh, stores.sh and lab.py of the peers' laboratory
(Node services, ssh-agent, gpg-agent, SoftHSM, a prototype without security), one round of its cases runs between two of
ours, so that both see the same machine at the same time. Ratios are taken inside a round; the median is printed.

Nothing here is a test: it asserts nothing and only reports."""
import argparse
import json
import os
import pathlib
import random
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("WAAS_BUILD", ROOT / "build"))

OURS = {
    "c1": ["--conns", "1"],
    "c8": ["--conns", "8"],
    "c64": ["--conns", "64"],
    "c1d64": ["--conns", "1", "--depth", "64"],
    "many32x2": ["--conns", "1", "--depth", "2", "--many", "32"],
    "c1-pin": ["--conns", "1"],
}

LAB_CASES = (r"^(node-http/(ref|native)/(c1|c8|c64)$|node-http/(refx2|tunedx2|nativex2)/c64$|ssh-agent/c(1|64)$"
             r"|gpg-agent/c(1|64)$|softhsm/ed-c(1|8)$|ideal/full-capnp-derive/(c1|c8|c64|many32x2|c1-pin)$"
             r"|crypto/keyholder-derive$|store/(pg-seq|pg-any64|redis-mget64)$)")


def stat(pid):
    return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()


def tree(roots):
    """The given processes and everything below them."""
    below = {}
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                below.setdefault(int(stat(entry.name)[1]), []).append(int(entry.name))
            except (OSError, IndexError):
                pass
    found, todo = [], list(roots)
    while todo:
        pid = todo.pop()
        found.append(pid)
        todo += below.get(pid, [])
    return found


def bind(pids, cores):
    for pid in pids:
        try:
            for thread in pathlib.Path(f"/proc/{pid}/task").iterdir():
                os.sched_setaffinity(int(thread.name), cores)
        except OSError:
            pass


class Stack:
    """Our own stack in a temporary folder."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="waas-bench-", dir="/tmp")
        os.chmod(self.folder, 0o755)
        subprocess.run([ROOT / "scripts/stack", "up", "--dir", self.folder], check=True, stdout=sys.stderr)
        self.env = dict(os.environ)
        for line in pathlib.Path(self.folder, "stack.env").read_text().splitlines():
            name, _, value = line.partition("=")
            self.env[name.removeprefix("export ")] = value.strip("'\"")
        names = ("WAAS_BROKER_PID", "WAAS_VAULT_PID", "WAAS_GUARD_PID", "POSTGRES_PID", "REDIS_1_PID", "REDIS_2_PID")
        self.pids = [int(self.env[name]) for name in names]

    def down(self):
        subprocess.run([ROOT / "scripts/stack", "down", "--dir", self.folder], check=False, stdout=sys.stderr)
        shutil.rmtree(self.folder, ignore_errors=True)

    def load(self, arguments, pinned=False):
        cores = os.sched_getaffinity(0)
        before_exec = (lambda: os.sched_setaffinity(0, {0})) if pinned else None
        result = subprocess.run([BUILD / "waas-load", *arguments], env=self.env, check=True, capture_output=True, text=True,
                                preexec_fn=before_exec)
        os.sched_setaffinity(0, cores)
        return json.loads(result.stdout.strip().splitlines()[-1])

    def measure(self, name, arguments):
        pinned, everyone, cores = name.endswith("-pin"), tree(self.pids), os.sched_getaffinity(0)
        if pinned:
            bind(everyone, {0})
        row = self.load(arguments, pinned)
        row["cpu"] = row["cpuMicrosecondsPerSignature"]
        row["rss_mb"] = sum(row["rssKiB"].get(part, 0) for part in ("broker", "vault", "guard")) / 1024
        row["err"] = row["wrong"] + sum(row["errors"].values())
        if pinned:
            bind(everyone, cores)
        return row


class WithoutStores(Stack):
    """The same, with the broker replaced by the one that keeps its stores in its own memory."""

    def __init__(self):
        super().__init__()
        folder = pathlib.Path(self.folder).resolve()
        state = (folder / "state").resolve()
        command = pathlib.Path(f"/proc/{self.env['WAAS_BROKER_PID']}/cmdline").read_bytes().split(b"\0")
        option = lambda name: command[command.index(name) + 1].decode()
        arguments = ["--config", option(b"--config"), "--credentials", option(b"--credentials")]
        status = pathlib.Path(f"/proc/{self.env['WAAS_BROKER_PID']}/status").read_text()
        user, group = (re.search(rf"{name}:\s+(\d+)", status).group(1) for name in ("Uid", "Gid"))
        os.kill(int(self.env["WAAS_BROKER_PID"]), signal.SIGTERM)
        while pathlib.Path(f"/proc/{self.env['WAAS_BROKER_PID']}").exists():
            time.sleep(0.05)
        pathlib.Path(self.env["WAAS_SOCKET"]).unlink(missing_ok=True)
        log = open(state / "broker-without-stores.log", "w")
        self.broker = subprocess.Popen(["setpriv", "--reuid", user, "--regid", group, "--clear-groups",
                                        BUILD / "bench/broker-without-stores", *arguments], stderr=log)
        self.env["WAAS_BROKER_PID"] = str(self.broker.pid)
        for _ in range(100):
            if pathlib.Path(self.env["WAAS_SOCKET"]).exists():
                break
            time.sleep(0.05)
        self.pids = [self.broker.pid if pid == self.pids[0] else pid for pid in self.pids]

    def down(self):
        self.broker.terminate()
        self.broker.wait()
        super().down()


def lab_round(lab, out, number):
    env = dict(os.environ, LAB_ROUNDS="1", LAB_SECS="1", LAB_ONLY=LAB_CASES, LAB_LIMIT="420")
    folder = out / f"lab-{number}"
    subprocess.run([lab / "run.sh", folder], env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    rows = {}
    for line in (folder / "results.jsonl").read_text().splitlines():
        row = json.loads(line)
        if "fail" not in row:
            rows[row["name"]] = row
    return rows


def services(row):
    """CPU per signature of everything but the client."""
    return sum(v for k, v in row["cpu"].items() if k != "client")


def goals(ours, lab):
    """name -> (ratio, must, better when higher?); a goal whose parts were not measured is left out."""
    table = {}

    def goal(name, must, higher, compute):
        try:
            table[name] = (compute(), must, higher)
        except (KeyError, ZeroDivisionError):
            pass

    rate = lambda rows, name: rows[name]["rate"]
    node, proto = "node-http/", "ideal/full-capnp-derive/"
    crypto = lambda: 1e6 / rate(lab, "crypto/keyholder-derive")
    fetch = lambda: sum(sum(lab[c]["cpu"].values()) for c in ("store/pg-any64", "store/redis-mget64", "store/redis-mget64"))
    daemon = lambda row: row["cpu"]["broker"] + row["cpu"]["vault"]
    for peer, must in (("ref", 75), ("refx2", 40)):
        goal(f"G1 rate c64 : Node {peer}", must, True, lambda: rate(ours, "c64") / rate(lab, f"{node}{peer}/c64"))
    for peer, must in (("tunedx2", 4), ("nativex2", 2)):
        goal(f"G2 rate c64 : Node {peer}", must, True, lambda: rate(ours, "c64") / rate(lab, f"{node}{peer}/c64"))
    for peer, must in (("ref", 12), ("native", 1.5)):
        goal(f"G3 rate c1 : Node {peer}", must, True, lambda: rate(ours, "c1") / rate(lab, f"{node}{peer}/c1"))
        goal(f"G3 rate c1 on one core : Node {peer}", must, True, lambda: rate(ours, "c1-pin") / rate(lab, f"{node}{peer}/c1"))
    for peer, must in (("ref", 38), ("native", 2)):
        goal(f"G4 rate c8 : Node {peer}", must, True, lambda: rate(ours, "c8") / rate(lab, f"{node}{peer}/c8"))
    for peer, must in (("ref", 100), ("nativex2", 4)):
        goal(f"G5 p99 c64, Node {peer} : ours", must, True, lambda: lab[f"{node}{peer}/c64"]["p99"] / ours["c64"]["p99"])
    for case in ("c1", "c64"):
        goal(f"G6 p99 : p50 {case}", 3, False, lambda: ours[case]["p99"] / ours[case]["p50"])
    goal("G7 CPU/sig c64 : raw crypto + batched fetch", 2.1, False, lambda: services(ours["c64"]) / (crypto() + fetch()))
    goal("G8 daemon CPU/sig c64 : raw crypto", 2.0, False, lambda: daemon(ours["c64"]) / crypto())
    for peer, must in (("ref", 70), ("nativex2", 2.5)):
        goal(f"G9 CPU/sig c64, Node {peer} : ours", must, True,
             lambda: services(lab[f"{node}{peer}/c64"]) / services(ours["c64"]))
    goal("G10 rate c64 : raw crypto on one core", 0.62, True, lambda: rate(ours, "c64") * crypto() / 1e6)
    goal("G11 p50 c1 : one sequential SELECT", 4.2, False, lambda: ours["c1"]["p50"] / lab["store/pg-seq"]["p50"])
    goal("G11 p50 c1 on one core : one sequential SELECT", 4.2, False,
         lambda: ours["c1-pin"]["p50"] / lab["store/pg-seq"]["p50"])
    for peer, c1, c64 in (("ssh-agent", 2.8, 11), ("gpg-agent", 1.8, 9)):
        label = "G12" if peer == "ssh-agent" else "G13"
        goal(f"{label} no stores, rate c1 : {peer}", c1, True, lambda: rate(ours, "no-stores-c1") / rate(lab, f"{peer}/c1"))
        goal(f"{label} no stores, rate c64 : {peer}", c64, True, lambda: rate(ours, "no-stores-c64") / rate(lab, f"{peer}/c64"))
    goal("G14 no stores, rate c1 : SoftHSM", 0.85, True, lambda: rate(ours, "no-stores-c1") / rate(lab, "softhsm/ed-c1"))
    goal("G14 no stores, rate c64 : SoftHSM, 8 processes", 2.2, True,
         lambda: rate(ours, "no-stores-c64") / rate(lab, "softhsm/ed-c8"))
    goal("G15 rate c64 : prototype", 0.8, True, lambda: rate(ours, "c64") / rate(lab, f"{proto}c64"))
    goal("G15 CPU/sig c64 : prototype", 1.25, False, lambda: services(ours["c64"]) / services(lab[f"{proto}c64"]))
    goal("G16 RSS broker + vault : one Node process", 0.3, False, lambda: ours["c64"]["rss_mb"] / lab[f"{node}ref/c64"]["rss_mb"])
    return table


def print_cases(title, rounds):
    print(f"\n| {title} | sig/s | p50 us | p99 us | CPU us/sig | RSS MB | errors |\n|---|---|---|---|---|---|---|")
    median = lambda values: statistics.median(values)
    for name in rounds[0]:
        rows = [r[name] for r in rounds if name in r]
        parts = " ".join(f"{k} {median([row['cpu'].get(k, 0) for row in rows]):.1f}" for k in rows[0]["cpu"])
        errors = sum(row.get("err", 0) for row in rows)
        print(f"| {name} | {median([r['rate'] for r in rows]):,.0f} | {median([r['p50'] for r in rows]):,.0f} | "
              f"{median([r['p99'] for r in rows]):,.0f} | {parts} | {median([r.get('rss_mb', 0) for r in rows]):.1f} | {errors} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--lab", type=pathlib.Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2)
    parser.add_argument("--wallets", type=int, default=2048)
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path(tempfile.mkdtemp(prefix="waas-compare-")))
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)

    stack, bare, ours, labs = Stack(), WithoutStores(), [], []
    try:
        common = ["--wallets", str(options.wallets), "--seconds", str(options.seconds)]
        for each in (stack, bare):
            each.load([*common, "--conns", "8"])  # makes the wallets
        for number in range(options.rounds):
            cases = list(OURS.items())
            random.shuffle(cases)
            ours.append({name: stack.measure(name, [*common, *arguments]) for name, arguments in cases})
            for case in ("c1", "c64"):
                ours[-1][f"no-stores-{case}"] = bare.measure(case, [*common, *OURS[case]])
            ours[-1] = {name: ours[-1][name] for name in [*OURS, "no-stores-c1", "no-stores-c64"]}
            if options.lab:
                labs.append(lab_round(options.lab, options.out, number))
            print(f"round {number + 1} done at {time.strftime('%H:%M:%S')}", file=sys.stderr)
    finally:
        bare.down()
        stack.down()

    (options.out / "ours.json").write_text(json.dumps(ours, indent=1))
    print_cases("ours", ours)
    if labs:
        print_cases("laboratory", labs)
        tables = [goals(o, l) for o, l in zip(ours, labs)]
        print("\n| goal | median | range | must | reached |\n|---|---|---|---|---|")
        for name, (_, must, higher) in tables[0].items():
            values = [table[name][0] for table in tables if name in table]
            middle = statistics.median(values)
            reached = middle >= must if higher else middle <= must
            sign = ">=" if higher else "<="
            print(f"| {name} | {middle:.2f} | {min(values):.2f}-{max(values):.2f} | {sign} {must} | {'yes' if reached else 'NO'} |")


if __name__ == "__main__":
    main()
