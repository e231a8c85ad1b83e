"""A client without opinions: sends the bytes it is given, reads the answer as bytes, and says whether it ended."""

import asyncio
import json


class Answer:
    """One answer as it came. `ended` is true only if its framing says that nothing is missing."""

    def __init__(self):
        self.status = 0
        self.headers = []
        self.body = b""
        self.ended = False

    def header(self, name):
        return next((value for key, value in self.headers if key == name.lower()), None)

    def json(self):
        return json.loads(self.body)

    def events(self):
        """The data of each server-sent event, [DONE] included."""
        blocks = self.body.replace(b"\r\n", b"\n").split(b"\n\n")
        return [block[6:] for block in blocks if block.startswith(b"data: ")]

    def json_error(self):
        """The error that ended a stream."""
        return json.loads(self.events()[-1])["error"]

    @property
    def has_done(self):
        return self.body.rstrip().endswith(b"data: [DONE]")

    def usage(self):
        """The upstream's usage object in a plain answer or a stream, or None."""
        if self.header("content-type").startswith("text/event-stream"):
            found = [json.loads(event) for event in self.events() if event != b"[DONE]"]
            return next((event["usage"] for event in reversed(found) if event.get("usage")), None)
        return self.json().get("usage")


WORD = b'data: {"id":"c","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":"word "},"finish_reason":null}]}\n\n'
DONE = b"data: [DONE]\n\n"


def usage_event(prompt, completion):
    """The last event of a stream that was asked for its usage."""
    usage = {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}
    return b"data: " + json.dumps({"id": "c", "object": "chat.completion.chunk", "choices": [], "usage": usage}).encode() + b"\n\n"


def request(key, question, path="/v1/chat/completions", headers=(), method="POST"):
    """The bytes of a request; `question` may be a dict or raw bytes."""
    body = question if isinstance(question, bytes) else json.dumps(question).encode()
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", "Content-Type: application/json"]
    if key is not None:
        lines.append(f"Authorization: Bearer {key}")
    lines += [f"{name}: {value}" for name, value in headers]
    lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


async def read_answer(reader, on_head=None):
    """Reads until the answer's end or the connection's; never raises for a cut."""
    answer = Answer()
    try:
        head = await reader.readuntil(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        answer.status = int(lines[0].split(" ")[1])
        answer.headers = [tuple(part.strip() for part in line.split(":", 1)) for line in lines[1:] if line]
        answer.headers = [(name.lower(), value) for name, value in answer.headers]
        if on_head:
            on_head(answer)
        if answer.header("transfer-encoding") == "chunked":
            while True:
                size = int((await reader.readuntil(b"\r\n")).split(b";")[0], 16)
                answer.body += await reader.readexactly(size)
                await reader.readexactly(2)
                if size == 0:
                    answer.ended = True
                    return answer
        length = answer.header("content-length")
        if length is None:
            while piece := await reader.read(1 << 20):
                answer.body += piece
            answer.ended = True
            return answer
        while len(answer.body) < int(length):
            piece = await reader.read(int(length) - len(answer.body))
            if not piece:
                return answer
            answer.body += piece
        answer.ended = True
    except (asyncio.IncompleteReadError, ConnectionError, ValueError):
        pass
    return answer


async def exchange(port, data, timeout=60, on_head=None):
    """Sends `data` on a new connection and returns the answer; status 0 if there was none."""
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 26)
    except OSError:
        return Answer()
    try:
        try:
            writer.write(data)
            await writer.drain()
        except ConnectionError:
            pass  # an early refusal may have been sent already
        return await asyncio.wait_for(read_answer(reader, on_head), timeout)
    finally:
        writer.close()


async def ask(port, key, question, **options):
    timeout = options.pop("timeout", 60)
    return await exchange(port, request(key, question, **options), timeout)


def chat(model, stream=False, usage=False, **members):
    """A small chat question."""
    question = {"model": model, "messages": [{"role": "user", "content": "Hello, how are you?"}], "max_tokens": 100}
    if stream:
        question["stream"] = True
    if usage:
        question["stream_options"] = {"include_usage": True}
    return {name: value for name, value in (question | members).items() if value is not ...}
