#!/usr/bin/env python3
"""A Redis with a replica under Sentinel: the primary is killed while wallets sign, and the broker follows the fail-over."""
import os
import shutil
import signal
import socket
import subprocess
import time
import unittest

from daemon_pair import DaemonPair
from stack_fixture import DONE, StackTest, eventually


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


@unittest.skipUnless(shutil.which("redis-server"), "no redis-server")
class RedisSentinel(StackTest):
    @classmethod
    def prepare(cls):
        cls.servers = {}
        cls.ports = free_ports(3)
        first, second, sentinel = cls.ports
        cls.launch("first", first, "")
        cls.launch("second", second, f"replicaof 127.0.0.1 {first}\n")
        cls.until_replicated(second)
        cls.launch("sentinel", sentinel, f"""sentinel monitor shares 127.0.0.1 {first} 1
sentinel down-after-milliseconds shares 700
sentinel failover-timeout shares 3000
""", "--sentinel")
        url = f"redis+sentinel://waas-broker@127.0.0.1:1,127.0.0.1:{sentinel}/shares?ports={first},{second}"
        cls.pair = DaemonPair(cls.stack, "follower", redis2=url)
        cls.pair.up()

    @classmethod
    def tearDownClass(cls):
        if hasattr(cls, "pair"):
            cls.pair.down()
        for process in getattr(cls, "servers", {}).values():
            process.kill()
            process.wait()
        super().tearDownClass()

    @classmethod
    def launch(cls, name, port, lines, *options):
        folder = cls.stack.root / name
        folder.mkdir(exist_ok=True)
        password = (cls.stack.directory / "state/secrets/redis_2_password").read_text().strip()
        conf = folder / "redis.conf"
        acl = f"user waas-broker on >{password} ~mpc:share:* &* +@all\nappendonly yes\nsave \"\"\n" if not options else ""
        conf.write_text(f"bind 127.0.0.1\nport {port}\ndir {folder}\n{acl}{lines}")
        log = open(folder / "log", "ab")
        cls.servers[name] = subprocess.Popen(["redis-server", conf, *options], stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        log.close()
        eventually(lambda: cls.info(port), 20, f"{name} answers")

    @staticmethod
    def said(port, command):
        try:
            with socket.create_connection(("127.0.0.1", port), 2) as s:
                s.sendall(command)
                return s.recv(65536).decode()
        except OSError:
            return ""

    @classmethod
    def info(cls, port):
        return cls.said(port, b"INFO replication\r\n")

    @classmethod
    def until_replicated(cls, port):
        eventually(lambda: "master_link_status:up" in cls.info(port), 30, "replication")

    def waas(self, *words, **options):
        return self.pair.waas("--as-service", *words, **options)

    def sign(self, name):
        return self.waas("sign", "message", "--wallet", name, "-", stdin=b"x")

    def all_reachable(self):
        return all(store["reachable"] for store in self.pair.waas("health").json["stores"])

    def test_a_fail_over_is_followed_and_no_wallet_is_lost(self):
        names = [f"w{n}" for n in range(8)]
        good = {}
        for name in names:
            made = self.waas("wallet", "create", name)
            self.assertEqual(made.exit, DONE, made)
            good[name] = self.sign(name).json["signature"]
        for round, (down, up) in enumerate((("first", self.ports[1]), ("second", self.ports[0]))):
            # What was acknowledged may not have reached the replica yet: that is what WAIT and recovery are for.
            self.servers[down].send_signal(signal.SIGKILL)
            self.servers[down].wait()
            began = time.monotonic()
            eventually(lambda: "role:master" in self.info(up), 40, "promotion")
            # Meanwhile signatures are degraded, where the policy allows that.
            eventually(self.all_reachable, 40, "the broker following the fail-over")
            print(f"whole again {time.monotonic() - began:.1f} s after the primary was killed ", end="", flush=True)
            for name in names:
                result = self.sign(name)
                self.assertEqual((result.exit, result.json["signature"]), (DONE, good[name]), result)
            self.assertEqual(self.waas("shares", "rotate", "--wallet", "w0", "--force").exit, DONE)
            if round == 0:
                port = self.ports[0]
                self.launch(down, port, f"replicaof 127.0.0.1 {up}\n")
                self.until_replicated(port)
                # Sentinel has to see it as a replica before it can be promoted.
                def is_known():
                    said = self.said(self.ports[2], b"SENTINEL REPLICAS shares\r\n")
                    return "flags\r\n$5\r\nslave\r\n" in said and "master-link-status\r\n$2\r\nok" in said
                eventually(is_known, 40, "Sentinel takes the replica for one")


if __name__ == "__main__":
    unittest.main()
