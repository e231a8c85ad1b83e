"""The project's own nginx configuration in front of gateways: real nginx, ports and paths of the test's own."""

import os
import pathlib
import shutil
import subprocess

from servers import ROOT, Child, free_port

DEPLOY = ROOT / "Deploy" / "nginx"


def replaced(text, old, new):
    """What the test stands in for has to be there, once."""
    assert text.count(old) == 1, f"{old!r} is not in the configuration once"
    return text.replace(old, new)


class Nginx:
    def __init__(self, directory, gateways):
        self.directory = pathlib.Path(directory)
        self.gateways = gateways
        self.port, self.tls_port = free_port(), free_port()
        self.child = None
        for folder in ("conf.d", "tokenaudit", "bodies"):
            (self.directory / folder).mkdir(parents=True, exist_ok=True)
        self.log = self.directory / "nginx.log"
        self.certificate = self.directory / "tokenaudit" / "tls.crt"
        self.write_main()
        self.write_servers()
        shutil.copy(DEPLOY / "proxy.conf", self.directory / "tokenaudit" / "proxy.conf")

    def write_main(self):
        main = (DEPLOY / "nginx.conf").read_text()
        main = replaced(main, "user nginx;", "daemon off;\n" + ("user root;" if os.geteuid() == 0 else ""))
        main = replaced(main, "worker_processes auto;", "worker_processes 2;")
        main = replaced(main, "pid /run/nginx.pid;", f"pid {self.directory}/nginx.pid;")
        main = replaced(main, "worker_rlimit_nofile 65536;", "")
        main = replaced(main, "worker_connections 16384;", "worker_connections 2048;")
        paths = "".join(f"    {kind}_temp_path {self.directory}/bodies/{kind};\n" for kind in ("proxy", "fastcgi", "uwsgi", "scgi"))
        paths += f"    client_body_temp_path {self.directory}/bodies/client;\n"
        main = replaced(main, "    include conf.d/*.conf;\n", paths + "    include conf.d/*.conf;\n")
        (self.directory / "nginx.conf").write_text(main)

    def write_servers(self):
        plain = (DEPLOY / "tokenaudit.conf").read_text()
        # There are two in it; more stand after the second.
        for gateway in self.gateways[2:]:
            plain = replaced(plain, "server gateway-2:8080", f"server 127.0.0.1:{gateway.port};\n    server gateway-2:8080")
        for number, gateway in enumerate(self.gateways[:2], 1):
            plain = replaced(plain, f"server gateway-{number}:8080", f"server 127.0.0.1:{gateway.port}")
        plain = replaced(plain, "listen 8080;", f"listen 127.0.0.1:{self.port};")
        (self.directory / "conf.d" / "tokenaudit.conf").write_text(plain)
        key = self.directory / "tokenaudit" / "tls.key"
        command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "10", "-subj", "/CN=localhost"]
        command += ["-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", self.certificate]
        subprocess.run(command, check=True, capture_output=True)
        tls = (DEPLOY / "tokenaudit_tls.conf").read_text()
        tls = replaced(tls, "    listen 443 ssl http2;\n", f"    listen 127.0.0.1:{self.tls_port} ssl http2;\n")
        tls = replaced(tls, "    listen [::]:443 ssl http2;\n", "")
        tls = replaced(tls, "/etc/nginx/tokenaudit/tls.crt", str(self.certificate))
        tls = replaced(tls, "/etc/nginx/tokenaudit/tls.key", str(key))
        (self.directory / "conf.d" / "tokenaudit_tls.conf").write_text(tls)

    def start(self):
        nginx = shutil.which("nginx") or "/usr/sbin/nginx"
        command = [nginx, "-p", self.directory, "-c", self.directory / "nginx.conf"]
        self.child = Child("nginx", command, self.log)
        self.child.wait_for_http(f"http://127.0.0.1:{self.port}/healthz")
        return self

    def stop(self):
        if self.child:
            self.child.stop()

    def bodies_on_disk(self):
        return [path for path in (self.directory / "bodies").rglob("*") if path.is_file()]
