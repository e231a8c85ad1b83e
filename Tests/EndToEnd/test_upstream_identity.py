"""A provider that cannot prove over TLS who it is gets no request, no prompt and no key."""

import asyncio
import ssl
import subprocess

import pytest

import raw
from oracle import picos


def context_of_nobody(directory):
    """A server's certificate for localhost that nobody vouches for."""
    key, certificate = directory / "key.pem", directory / "certificate.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "10", "-subj", "/CN=localhost"]
    names = ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    subprocess.run([*command, *names, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context


@pytest.mark.parametrize("kind", ["its own certificate", "no TLS at all", "silence", "closing"])
async def test_a_provider_that_cannot_prove_itself(make_gateway, tmp_path, kind):
    """Within `deadlines.connect` it is unreachable: nothing was sent, so nothing is owed to anyone."""
    received = []

    async def listen(reader, writer):
        received.append(await reader.read(65_536))
        if kind == "no TLS at all":
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
        if kind == "silence":
            received.append(await reader.read())
        writer.close()

    context = context_of_nobody(tmp_path) if kind == "its own certificate" else None
    server = await asyncio.start_server(listen, "127.0.0.1", 0, ssl=context)
    url = f"https://localhost:{server.sockets[0].getsockname()[1]}/v1"
    provider = {"name": "masked", "dialect": "openai", "base_url": url, "api_key": "sk-CANARY-identity"}
    model = {"name": "masked", "provider": "masked"}
    gateway = await asyncio.to_thread(
        lambda: make_gateway(model, name="identity", providers=[provider], deadlines_connect="500ms")
    )
    key = await asyncio.to_thread(gateway.user)
    answer = await raw.ask(gateway.port, key, raw.chat("masked"), timeout=20)
    server.close()
    assert answer.status == 502 and answer.json()["error"]["code"] == "upstream_unavailable"
    assert not any(b"CANARY" in data or b"POST" in data for data in received)
    (bill,) = await asyncio.to_thread(lambda: gateway.usage(key)["recent"])
    assert (bill["state"], bill["flags"], picos(bill["cost"])) == ("voided", [], 0)
    await asyncio.to_thread(gateway.assert_sound, key)
    log = gateway.child.log.read_text()
    assert "provider unreachable" in log and ("CERTIFICATE" in log or kind != "its own certificate"), "the operator learns why"
