"""What the console computes, by tables: its modules run in the browser, without any page around them."""

import json
import os
import subprocess
import sys

import pytest

from servers import ROOT

sys.path.insert(0, str(ROOT / "Scripts"))
import console as builder  # noqa: E402


@pytest.fixture(scope="module")
def run(chrome):
    """Runs an expression over a module's exports; `await` may be in it."""
    chrome.get("about:blank")
    bundled = {}

    def run(module, expression, *arguments):
        if module not in bundled:
            command = [builder.tool("esbuild"), f"src/{module}", "--bundle", "--format=iife", "--global-name=module", "--target=es2020"]
            environment = os.environ | {"NODE_PATH": str(builder.OWN if builder.OWN.exists() else builder.DEBIAN)}
            bundled[module] = subprocess.run(command, cwd=builder.CONSOLE, env=environment, capture_output=True, text=True, check=True).stdout
        script = f"""
            const done = arguments[arguments.length - 1];
            const given = [...arguments].slice(0, -1);
            {bundled[module]}
            (async () => {{ {expression} }})().then(value => done([value]), error => done(String(error.stack)));
        """
        answer = chrome.execute_async_script(script, *arguments)
        assert isinstance(answer, list), answer
        return answer[0]

    return run


STREAM = (
    '\ufeff: a comment\r\ndata: {"a": "中文 🎈"}\r\n\r\nevent: skipped\rdata:1\rdata: 2\r\rid: 7\nretry: 5\n\n'
    "data\n\ndata:  two spaces\nunknown: x\n\nevent: never\n\ndata: [DONE]\n\ndata: never ended\n"
)
EVENTS = [
    ["message", '{"a": "中文 🎈"}'],
    ["skipped", "1\n2"],
    ["message", ""],
    ["message", " two spaces"],
    ["message", "[DONE]"],
]


def test_events_cut_at_every_byte(run):
    """One border anywhere, and a border everywhere: the events are the same."""
    found = run(
        "shared/eventReader.ts",
        """
        const bytes = new TextEncoder().encode(given[0]);
        const read = async pieces => {
            const body = new ReadableStream({start(control) { for (const piece of pieces) control.enqueue(piece); control.close(); }});
            const found = [];
            for await (const event of module.events(body)) found.push([event.name, event.data]);
            return JSON.stringify(found);
        };
        const all = new Set();
        for (let cut = 0; cut <= bytes.length; cut++) all.add(await read([bytes.slice(0, cut), bytes.slice(cut)]));
        all.add(await read([...bytes].map(byte => new Uint8Array([byte]))));
        return [...all];
        """,
        STREAM,
    )
    assert [json.loads(text) for text in found] == [EVENTS]


def test_whoever_stops_reading_ends_the_stream(run):
    assert run(
        "shared/eventReader.ts",
        """
        let isCancelled = false;
        const body = new ReadableStream({
            pull(control) { control.enqueue(new TextEncoder().encode('data: 1\\n\\n')); },
            cancel() { isCancelled = true; },
        });
        for await (const event of module.events(body)) break;
        return isCancelled;
        """,
    )


@pytest.mark.parametrize(
    "so_far, days, remaining, expected",
    [
        (10, [], 5, None),
        (10, [0, 0, 0, 0], 5, None),  # no day with a call
        (10, [0, 0, 2, 2], 5, None),  # two days say nothing of how days differ
        (10, [0, 0, 2, 2, 2], 5, [3, 20, 20, 20]),
        (10, [1, 2, 3], 0, [3, 10, 10, 10]),  # the month is over
        (0, [1, 3, 2], 3, [3, 6, 2.86, 9.14]),
        (5, [100, 0, 0], 1, [3, 38.33, 5, 123.77]),  # never less than what is spent
    ],
)
def test_forecasts(run, so_far, days, remaining, expected):
    found = run("usage/forecast.ts", "return module.forecast(...given)", so_far, days, remaining)
    if expected is None:
        assert found is None
    else:
        assert [found["days"], *(round(found[name], 2) for name in ("expected", "lower", "upper"))] == expected


@pytest.mark.parametrize(
    "date, expected",
    [
        ("2026-02-28", {"first": "2026-02-01", "day": 28, "length": 28}),
        ("2028-02-01", {"first": "2028-02-01", "day": 1, "length": 29}),
        ("2026-12-31", {"first": "2026-12-01", "day": 31, "length": 31}),
    ],
)
def test_months(run, date, expected):
    assert run("usage/forecast.ts", "return module.monthOf(given[0])", date) == expected


def test_prices_per_million_and_per_thousand(run):
    table = [("0.15", "0.00015"), ("3", "0.003"), ("0.000001", "0.000000001"), ("1000", "1"), ("0.0000001", None), ("1,5", None), ("-1", None), ("", None)]
    for million, thousand in table:
        assert run("models/rates.ts", "return module.perThousand(given[0])", million) == thousand
        if thousand is not None:
            assert run("models/rates.ts", "return module.perMillion(given[0])", thousand) == million


@pytest.mark.parametrize(
    "rates, total",
    [
        ({"input_price_per_1k": "0.003", "output_price_per_1k": "0.004"}, "0.008"),  # what is cached costs as input
        ({"input_price_per_1k": "0.003", "output_price_per_1k": "0.004", "cached_input_price_per_1k": "0"}, "0.005"),
        ({"input_price_per_1k": "0", "output_price_per_1k": "0.000000001", "price_per_call": "0.5"}, "0.5000000005"),
        ({"input_price_per_1k": "0.003"}, None),
    ],
)
def test_sample_bills(run, rates, total):
    names = ["input", "output", "cached_input", "cache_write_5m", "cache_write_1h", "reasoning", "audio_input", "audio_output", "image_input"]
    whole = {f"{name}_price_per_1k": None for name in names} | {"price_per_call": None} | rates
    assert run("models/rates.ts", "return module.sampleBill(given[0])", whole) == total


@pytest.mark.parametrize(
    "local, zone, instant",
    [
        ("2026-01-15T09:30", "Europe/Berlin", "2026-01-15T08:30:00.000Z"),
        ("2026-07-15T09:30", "Europe/Berlin", "2026-07-15T07:30:00.000Z"),
        ("2026-03-29T03:30", "Europe/Berlin", "2026-03-29T01:30:00.000Z"),  # the hour after one is left out
        ("2026-10-25T12:00", "Europe/Berlin", "2026-10-25T11:00:00.000Z"),
        ("2026-01-01T00:00", "Asia/Kathmandu", "2025-12-31T18:15:00.000Z"),
        ("2026-01-01T00:00", "America/St_Johns", "2026-01-01T03:30:00.000Z"),
        ("nonsense", "UTC", None),
    ],
)
def test_instants_of_a_wall_clock(run, local, zone, instant):
    assert run("shared/instants.ts", "return module.instantAt(...given)", local, zone) == instant


def test_a_flow_fills_its_height(run):
    """The fullest column takes all the height; bands are as thick as what they carry."""
    nodes = [{"id": name, "title": name, "column": column} for name, column in [("u", 0), ("k1", 1), ("k2", 1), ("m", 2)]]
    links = [
        {"from": "u", "to": "k1", "value": 3, "text": ""},
        {"from": "u", "to": "k2", "value": 1, "text": ""},
        {"from": "k1", "to": "m", "value": 3, "text": ""},
        {"from": "k2", "to": "m", "value": 1, "text": ""},
    ]
    found = run(
        "shared/plots/Sankey.tsx",
        "const {places, scale} = module.places(...given); return [scale, Object.fromEntries([...places].map(([id, place]) => [id, [place.x, place.y, place.size]]))]",
        nodes, links, 200, 100, 20,
    )
    assert found == [20, {"u": [0, 0, 80], "k1": [100, 0, 60], "k2": [100, 80, 20], "m": [200, 0, 80]}]
    assert run("shared/plots/Sankey.tsx", "return module.places([], [], 100, 100, 5).scale") == 0
