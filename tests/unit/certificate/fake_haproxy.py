# SPDX-License-Identifier: GPL-3.0-or-later
"""A HAProxy that has only its sockets: it answers in the words of HAProxy 3.0, as recorded from a real one."""

from __future__ import annotations

import socketserver
import threading
from pathlib import Path

from ansible_collections.netstack.datacenter.plugins.module_utils.tls_certificate.files import blocks, served


class _Server(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True


class FakeHaproxy:
    """Holds certificates by name; ``bufsize`` bounds a command, ``refuse`` names commands that fail."""

    def __init__(self, folder: Path, certificates: dict[str, str], bufsize: int = 16384) -> None:
        self.admin, self.master = str(folder / "admin.sock"), str(folder / "master.sock")
        self.certificates = dict(certificates)
        self.bufsize = bufsize
        self.refuse: set[str] = set()
        self.commands: list[str] = []
        self.pending: dict[str, str] = {}
        self.deaf_commit = False  # says Success and goes on serving what it served
        self.cut_off = False  # a certificate with hundreds of names: its description ends before the fingerprint
        self._servers = [self._listen(self.admin, self._admin), self._listen(self.master, self._master)]

    def _listen(self, path, answer):
        outer = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self):
                self.request.settimeout(5)
                data = self.request.recv(65536)
                while b"<<\n" in data and not data.endswith(b"\n\n") and len(data) <= outer.bufsize:
                    data += self.request.recv(65536)
                self.request.sendall(answer(data.decode()).encode())

        server = _Server(path, Handler)
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        return server

    def close(self):
        for server in self._servers:
            server.shutdown()
            server.server_close()

    def _admin(self, text):
        command, _newline, payload = text.partition("\n")
        self.commands.append(command.removesuffix(" <<"))
        if len(text) > self.bufsize:
            return (
                "The command is too big for the buffer size. Please change tune.bufsize in the configuration to use a "
                "bigger command.\n"
            )
        words = command.split()
        name = words[3] if len(words) > 3 else ""
        answers = {"show": self._show, "set": self._set, "commit": self._commit, "abort": self._abort}
        return answers[words[0]](name, payload)

    def _show(self, name, _payload):
        if not name:
            if not self.certificates:
                return "\n"  # recorded from HAProxy 3.0 without any certificate
            return "# filename\n" + "".join(f"{item}\n" for item in self.certificates) + "\n"
        if name not in self.certificates:
            return "Can't display the certificate: Not found or the certificate is a bundle!\n\n"
        holds = served(self.certificates[name].encode())
        chain = "Chain Subject: /CN=x\nChain Issuer: /CN=y\n" * holds.intermediates
        head = f"Filename: {name}\nStatus: Used\nSerial: {holds.serial:04X}\nSubject Alternative Name: DNS:w.test"
        text = f"{head}\nSHA1 FingerPrint: {holds.sha1.upper()}\nSubject: /CN=w\n{chain}\n"
        return head if self.cut_off else text

    def _set(self, name, payload):
        if "set" in self.refuse or name not in self.certificates:
            return "Can't replace a certificate which is not referenced by the configuration!\nCan't update it!\n\n"
        self.pending[name] = payload
        return f"Transaction created for certificate {name}!\n\n"

    def _commit(self, name, _payload):
        if "commit" in self.refuse:
            return "Committing.\nFailed to load the certificate (inconsistencies between private key and certificate)\n"
        new = self.pending.pop(name)
        if not self.deaf_commit:
            self.certificates[name] = new
        return f"Committing {name}.\nSuccess!\n\n"

    def _abort(self, name, _payload):
        self.pending.pop(name, None)
        return f"Transaction aborted for certificate '{name}'!\n\n"

    def _master(self, text):
        self.commands.append(text.strip())
        if "reload" in self.refuse:
            return "Success=0\n--\n[ALERT] config : unable to load certificate\n"
        if text.strip() == "show proc":
            return "#<PID> <type> <reloads> <uptime> <version>\n1 master 1 0d00h00m01s 3.0.11\n# workers\n2 worker 0\n"
        self.certificates = {name: Path(name).read_text() for name in self.certificates}
        return "Success=1\n--\n[NOTICE] Loading success.\n"

    def leaf(self, name):
        """Return the first certificate that is served for ``name``, as PEM."""
        return blocks(self.certificates[name])[0].text
