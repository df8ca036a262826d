"""A proxy between a broker and a store that notices each write, and does something before or after the n-th one."""
import os
import re
import socket
import threading

# What changes a store, in what a broker sends: Redis commands, and SQL (which must not travel as a prepared name).
WRITES = {"redis": re.compile(rb"\r\n(?:HSET|HDEL|DEL)\r\n"), "postgres": re.compile(rb"(?:UPDATE|INSERT INTO) waas\.")}
NAMES = re.compile(rb"HSET|HDEL|DEL|(?:UPDATE|INSERT INTO) waas\.[a-z]+")


class Trigger:
    """Shared by the proxies of one broker: counts writes, and calls `action` once, at number `at`."""

    def __init__(self):
        self.lock = threading.Lock()
        self.acted = threading.Event()  # once it has fired, and all of it is done
        self.disarm()

    def disarm(self):
        with self.lock:
            self.at, self.after, self.action, self.seen, self.names, self.fired = 0, False, None, 0, [], False

    def arm(self, at, after, action):
        """`at` 0: only counts. `action(connection)` may return "cut" to have that connection cut."""
        with self.lock:
            self.at, self.after, self.action, self.seen, self.names, self.fired = at, after, action, 0, [], False
            self.acted.clear()

    def write(self, name, data):
        """Called before a write leaves. Gives None, "before" or "after": when the action is to be called."""
        with self.lock:
            self.seen += 1
            self.names.append(f"{name} {b' '.join(NAMES.findall(data)).decode()}")
            if self.seen != self.at or self.fired:
                return None
            self.fired = True
            return "after" if self.after else "before"


class Proxy:
    """Listens on a Unix socket and forwards to another."""

    def __init__(self, name, kind, path, target, trigger):
        self.name, self.pattern, self.target, self.trigger = name, WRITES[kind], str(target), trigger
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(path))
        os.chmod(path, 0o666)
        self.listener.listen(64)
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            server = socket.socket(socket.AF_UNIX)
            try:
                server.connect(self.target)
            except OSError:
                client.close()
                server.close()
                continue
            connection = Connection(self, client, server)
            threading.Thread(target=connection.up, daemon=True).start()
            threading.Thread(target=connection.down, daemon=True).start()

    def close(self):
        self.listener.close()


class Connection:
    def __init__(self, proxy, client, server):
        self.proxy, self.client, self.server = proxy, client, server
        self.pending = False  # the action is due when the answer comes
        self.lock, self.running = threading.Lock(), 2

    def cut(self):
        for end in (self.client, self.server):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def ended(self):
        self.cut()
        with self.lock:
            self.running -= 1
            if self.running == 0:
                self.client.close()
                self.server.close()

    def act(self):
        try:
            return self.proxy.trigger.action(self) == "cut"
        finally:
            self.proxy.trigger.acted.set()

    def up(self):
        try:
            while data := self.client.recv(1 << 20):
                when = self.proxy.trigger.write(self.proxy.name, data) if self.proxy.pattern.search(data) else None
                if when == "before" and self.act():
                    break
                if when == "after":
                    self.pending = True
                self.server.sendall(data)
        except OSError:
            pass
        self.ended()

    def down(self):
        try:
            while data := self.server.recv(1 << 20):
                if self.pending:
                    self.pending = False
                    if self.act():
                        break
                self.client.sendall(data)
        except OSError:
            pass
        if self.pending:  # the server went down with it
            self.pending = False
            self.act()
        self.ended()
