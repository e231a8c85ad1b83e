"""A real model behind the gateway: one streamed call, its bill line by line, the quota before and after.

Started by `make demo`, on SQLite; `make demo DATABASE=postgres` and `DATABASE=mysql` start a private server of that kind and two
gateways that share it. DEMO_EXIT=1 ends after the call; otherwise the servers run until Ctrl-C.
"""

import contextlib
import decimal
import json
import os
import secrets
import shlex
import signal
import subprocess
import sys
import time
import urllib.request

import databases
from children import ROOT, Child, free_port

SERVERS = {"postgres": databases.Postgres, "mysql": databases.MariaDB}
DATABASE = sys.argv[1] if len(sys.argv) > 1 else "sqlite"
DATA = ROOT / "data" / "demo"
if DATABASE in SERVERS:
    DATA /= DATABASE
MODEL_PORT = int(os.environ.get("DEMO_MODEL_PORT", "9100"))
LISTEN = os.environ.get("TOKENAUDIT_LISTEN", "127.0.0.1:8080")
GATEWAY = f"http://{LISTEN}"
TOKENAUDIT = ROOT / ".build" / "release" / "tokenaudit"
ADMINISTRATOR = "admin@example.com"
QUESTION = "Name three colours and say one sentence about each."
SETTINGS = {
    "TOKENAUDIT_LISTEN": LISTEN,
    "TOKENAUDIT_DATABASE": f"sqlite:{DATA / 'tokenaudit.sqlite'}",
    "TOKENAUDIT_MASTER_KEY_FILE": str(DATA / "master.key"),
    "TOKENAUDIT_UPSTREAM_ALLOW_PRIVATE": "true",
}
SETUP = f"""\
# What the demo applies. Names are the identity; applying this twice changes nothing.
providers:
  - {{name: local, dialect: openai, base_url: "http://127.0.0.1:{MODEL_PORT}/v1", api_key: null}}
models:
  - name: smollm2
    provider: local
    upstream_model: smollm2
    context_length: 4096
    max_output_tokens: 1024
    input_price_per_1k: "0.00015"
    output_price_per_1k: "0.0006"
    cached_input_price_per_1k: "0.000075"
model_groups:
  - {{name: default, models: [smollm2], price_multiplier: "1.0"}}
users:
  - email: dev@example.com
    name: Dev
    role: user
    api_key: API_KEY
    quotas: [{{model_group: default, total_quota: "1.00", expires_at: null}}]
"""
BOLD, DIM, PLAIN = ("\033[1m", "\033[2m", "\033[0m") if sys.stdout.isatty() else ("", "", "")


def say(text):
    print(f"{BOLD}== {text}{PLAIN}", flush=True)


def build():
    say("building the gateway (release; the first time takes some minutes)")
    subprocess.run(["make", "--no-print-directory", "build"], cwd=ROOT, check=True)


def environment():
    """The children's environment: inherited settings of another TokenAudit would mislead the demo."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("TOKENAUDIT_")}
    return {**inherited, **SETTINGS}


def use_server(running):
    """Starts the database server that was asked for, if one was, and points the settings to it."""
    if DATABASE not in SERVERS:
        return
    say(f"starting a private {DATABASE} server; it ends with the demo, and its books with it")
    server = running.enter_context(databases.private(SERVERS[DATABASE]))
    key = DATA / "master.key"
    if not key.exists():
        # Replicas have one master key, so none of them makes it.
        file = os.open(key, os.O_WRONLY | os.O_CREAT, 0o600)
        with os.fdopen(file, "w") as output:
            output.write(secrets.token_hex(32) + "\n")
    SETTINGS["TOKENAUDIT_DATABASE"] = server.url(DATABASE)
    SETTINGS["TOKENAUDIT_SPOOL_FOLDER"] = str(server.folder / "spool")


def start_gateway(name, listen, **settings):
    if is_answering(f"http://{listen}/healthz"):
        sys.exit(f"demo: something answers at {listen} already; end it, or choose another TOKENAUDIT_LISTEN")
    say(f"starting the {name} on {DATABASE}, {listen}")
    settings["TOKENAUDIT_LISTEN"] = listen
    return Child(name, [TOKENAUDIT, "serve"], DATA / f"{name.replace(' ', '-')}.log", environment() | settings)


def is_answering(url):
    try:
        with urllib.request.urlopen(url, timeout=2):
            return True
    except OSError:
        return False


def key_of_last_time():
    try:
        return (DATA / "api.key").read_text().strip()
    except FileNotFoundError:
        return None


def apply():
    """Users, models and prices from a file; the key is generated the first time and kept in data/demo/api.key."""
    known = key_of_last_time()
    setup = DATA / "setup.yaml"
    setup.write_text(SETUP.replace("API_KEY", known or "generate"))
    setup.chmod(0o600)
    command = [str(TOKENAUDIT), "apply", str(setup), "--json"]
    result = subprocess.run(command, env=environment(), stdout=subprocess.PIPE, text=True, cwd=ROOT)
    if result.returncode != 0:
        sys.exit(f"demo: apply failed ({result.returncode}): {result.stdout}")
    made = json.loads(result.stdout).get("keys", [])
    if made:
        file = os.open(DATA / "api.key", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(file, "w") as output:
            output.write(made[0]["api_key"] + "\n")
        return made[0]["api_key"]
    if known is None:
        sys.exit("demo: the database has a key that this folder has not; remove data/demo and start again")
    return known


def administrator():
    """Somebody who signs in to the console; the password is made the first time and kept in data/demo."""
    file = DATA / "console.password"
    if not file.exists():
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "w") as output:
            output.write(secrets.token_urlsafe(15) + "\n")
    command = [str(TOKENAUDIT), "users", "create-admin", "--email", ADMINISTRATOR, "--password-file", str(file)]
    made = subprocess.run(command, env=environment(), capture_output=True, text=True, cwd=ROOT)
    if made.returncode != 0 and "already" not in made.stdout + made.stderr:
        sys.exit(f"demo: no administrator could be made: {made.stdout}{made.stderr}")
    return file.read_text().strip()


def usage(key, query="", gateway=GATEWAY):
    request = urllib.request.Request(f"{gateway}/v1/usage{query}", headers={"Authorization": f"Bearer {key}"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


def quota_line(report):
    quota = report["quotas"][0]
    return (
        f"quota '{quota['model_group']}': total ${quota['total_quota']}, used ${quota['used_quota']}, "
        f"held ${quota['held_quota']}, remaining ${quota['remaining_quota']}"
    )


def streamed_call(key):
    """Asks with OpenAI's own client, prints each piece as it comes, and returns our request id."""
    from openai import OpenAI

    client = OpenAI(base_url=f"{GATEWAY}/v1", api_key=key)
    start = time.monotonic()
    first = None
    with client.chat.completions.with_streaming_response.create(
        model="smollm2",
        messages=[{"role": "user", "content": QUESTION}],
        max_tokens=120,
        temperature=0,
        stream=True,
        stream_options={"include_usage": True},
    ) as response:
        request_id = response.headers["x-request-id"]
        for chunk in response.parse():
            if chunk.choices and chunk.choices[0].delta.content:
                first = first or time.monotonic()
                print(chunk.choices[0].delta.content, end="", flush=True)
    first = first or time.monotonic()
    print(f"\n{DIM}first token after {first - start:.2f} s, all after {time.monotonic() - start:.2f} s{PLAIN}")
    return request_id


def print_bill(bill):
    """Class × count × price = amount, computed here again and compared with what was charged."""
    total = decimal.Decimal(0)
    print(f"  request {bill['request_id']}, {bill['state']}, held ${bill['hold']} before the model was asked")
    for line in bill["lines"]:
        amount = decimal.Decimal(line["amount"])
        total += amount
        price = f"${line['price_per_1m']}/1M"
        print(f"  {line['class']:<14}{line['count']:>8} × {price:<14} = ${amount:f}  {DIM}{line['provenance']}{PLAIN}")
    total = (total + decimal.Decimal(bill["fee_per_call"])) * decimal.Decimal(bill["price_multiplier"])
    verdict = "the same to the last digit" if total == decimal.Decimal(bill["cost"]) else f"BUT THE LINES SAY ${total:f}"
    print(f"  {'charged':<14}{'':>8}   {'':<14} = ${bill['cost']}  {DIM}{verdict}{PLAIN}")
    return total == decimal.Decimal(bill["cost"])


def what_to_type_next(key, password):
    settings = " ".join(
        f"{name}={shlex.quote(SETTINGS[name])}" for name in ("TOKENAUDIT_DATABASE", "TOKENAUDIT_MASTER_KEY_FILE")
    )
    say("now you: in a browser")
    print(f"""
  {GATEWAY}/    as {ADMINISTRATOR} with the password {password}
""")
    say("or in another terminal")
    print(f"""
  curl -N {GATEWAY}/v1/chat/completions -H "Authorization: Bearer {key}" -H "Content-Type: application/json" \\
    -d '{{"model": "smollm2", "stream": true, "messages": [{{"role": "user", "content": "Tell me a joke."}}]}}'

  curl -s {GATEWAY}/v1/usage -H "Authorization: Bearer {key}"

  {settings} \\
    .build/release/tokenaudit ledger verify
""")


def main():
    if DATABASE not in ("sqlite", *SERVERS):
        sys.exit(f"demo: DATABASE is one of sqlite, {', '.join(SERVERS)}")
    DATA.mkdir(parents=True, exist_ok=True)
    build()
    # Ctrl-C reaches the whole terminal group; the children are in groups of their own and are ended here, the last one first.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        with contextlib.ExitStack() as running:
            use_server(running)
            demonstrate(running)
    except KeyboardInterrupt:
        print()
    except (RuntimeError, databases.Failure) as error:
        sys.exit(f"demo: {error}")


def demonstrate(running):
    children = []

    def keep(child, url, seconds):
        """Ended with the demo, and only then."""
        children.append(child)
        running.callback(child.stop)
        return child.wait_for_http(url, seconds)

    model_url = f"http://127.0.0.1:{MODEL_PORT}"
    if not is_answering(f"{model_url}/v1/models"):
        say(f"starting SmolLM2-135M on the CPU, port {MODEL_PORT}")
        model = Child("model", [sys.executable, ROOT / "Scripts" / "model.py", MODEL_PORT], DATA / "model.log")
        keep(model, f"{model_url}/health", 120)
    gateway = start_gateway("gateway", LISTEN)
    seconds = keep(gateway, f"{GATEWAY}/readyz", 30)
    print(f"ready after {seconds:.2f} s; its log: {gateway.log.relative_to(ROOT)}")
    second = GATEWAY
    if DATABASE in SERVERS:
        listen = f"127.0.0.1:{free_port()}"
        second = f"http://{listen}"
        spool = SETTINGS["TOKENAUDIT_SPOOL_FOLDER"] + "-2"
        keep(start_gateway("second gateway", listen, TOKENAUDIT_SPOOL_FOLDER=spool), f"{second}/readyz", 30)
    key = apply()
    password = administrator()

    before = usage(key)
    say("before")
    print(f"  {quota_line(before)}")
    say(f"asking: {QUESTION}")
    request_id = streamed_call(key)
    after = usage(key, f"?request_id={request_id}", second)
    say("the bill" if second == GATEWAY else f"the bill, as the second gateway tells it, {second}")
    exact = print_bill(after["recent"][0])
    say("after")
    print(f"  {quota_line(after)}")
    if not exact:
        sys.exit("demo: the bill does not add up")
    if os.environ.get("DEMO_EXIT") == "1":
        return
    what_to_type_next(key, password)
    say("the servers stay up until Ctrl-C")
    while all(child.is_running() for child in children):
        time.sleep(0.5)
    for child in children:
        if not child.is_running():
            sys.exit(f"demo: {child.name} ended:\n{child.log_tail()}")


main()
