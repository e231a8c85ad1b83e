"""Where alerts arrive: an HTTP server that answers as it is told, and a mail server nobody here wrote."""

import http.server
import socket
import ssl
import subprocess
import threading

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from servers import until


class Receiver:
    """Takes posts, each path with a list of answers of its own; the last answer stays."""

    def __init__(self):
        self.posts, self.answers, self.gates = [], {}, {}
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                path = self.path.split("?")[0]
                receiver.posts.append((self.path, dict(self.headers.items()), body))
                if gate := receiver.gates.get(path):
                    gate.wait(60)
                answers = receiver.answers.get(path, [(200, b"ok")])
                status, text = answers.pop(0) if len(answers) > 1 else answers[0]
                try:
                    self.send_response(status)
                    self.send_header("Content-Length", str(len(text)))
                    if status // 100 == 3:
                        self.send_header("Location", f"http://127.0.0.1:{receiver.port}/elsewhere")
                    self.end_headers()
                    self.wfile.write(text)
                except OSError:
                    pass  # whoever asked is gone

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def url(self, path):
        return f"http://127.0.0.1:{self.port}{path}"

    def at(self, path):
        """What was posted to a path so far."""
        return [post for post in list(self.posts) if post[0].split("?")[0] == path]

    def wait(self, path, count, seconds=40):
        until(lambda: len(self.at(path)) >= count, f"{count} posts at {path}", seconds)
        return self.at(path)

    def stop(self):
        for gate in self.gates.values():
            gate.set()
        self.server.shutdown()


class MailServer:
    """aiosmtpd with one user; in the clear, with STARTTLS, or with TLS from the first byte."""

    def __init__(self, security="none", directory=None, user=b"gateway", password=b"mail-CANARY-password"):
        self.mails, self.logins = [], []
        context = self.context(directory) if security != "none" else None
        options = {"require_starttls": True, "tls_context": context} if security == "starttls" else {}
        if security == "tls":
            options["ssl_context"] = context
        self.controller = Controller(
            self,
            hostname="127.0.0.1",
            port=0,
            authenticator=self.authenticate,
            auth_required=True,
            auth_require_tls=security == "starttls",
            **options,
        )
        self.user, self.password = user, password
        # It asks itself whether it answers: at the port it was given, which is 0, and by a context that is no client's.
        self.controller._trigger_server = lambda: socket.create_connection(("127.0.0.1", self.port)).close()
        self.controller.start()

    @property
    def port(self):
        return self.controller.server.sockets[0].getsockname()[1]

    def context(self, directory):
        key, self.certificate = directory / "key.pem", directory / "certificate.pem"
        command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "10", "-subj", "/CN=localhost"]
        names = ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
        subprocess.run([*command, *names, "-keyout", key, "-out", self.certificate], check=True, capture_output=True)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, key)
        return context

    def authenticate(self, server, session, envelope, mechanism, data):
        self.logins.append((mechanism, data.login, data.password))
        return AuthResult(success=(data.login, data.password) == (self.user, self.password))

    async def handle_DATA(self, server, session, envelope):
        is_secure = server.transport.get_extra_info("sslcontext") is not None
        self.mails.append((envelope.mail_from, list(envelope.rcpt_tos), envelope.content, is_secure))
        return "250 taken"

    def wait(self, count, seconds=40):
        until(lambda: len(self.mails) >= count, f"{count} mails", seconds)
        return self.mails

    def stop(self):
        self.controller.stop()
