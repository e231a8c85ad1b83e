"""What the console works out itself, function by function: proofs, charges, events and instants, in the browser's own engine."""

import base64
import hashlib
import json
import os
import shutil
import subprocess
import urllib.request

import notes
import pytest
from servers import ROOT

SOURCES = ROOT / "Console" / "src"
EXPORTS = [
    "shared/audit/tree", "shared/audit/note", "shared/audit/bytes", "shared/audit/proof", "shared/events", "shared/eventReader", "shared/instants", "shared/money",
    "requests/charge", "requests/calls",
]  # fmt: skip


@pytest.fixture(scope="module")
def functions(chrome, staffed, tmp_path_factory):
    """Asks for the value of an expression over all that these files export."""
    folder = tmp_path_factory.mktemp("functions")
    (folder / "all.ts").write_text("".join(f'export * from "{SOURCES / name}";\n' for name in EXPORTS))
    modules = ROOT / "Console" / "node_modules"
    environment = {**os.environ, "NODE_PATH": str(modules if modules.exists() else "/usr/share/nodejs")}
    bundle = [shutil.which("esbuild"), "all.ts", "--bundle", "--format=iife", "--global-name=console_", "--target=es2020", "--jsx=automatic"]
    done = subprocess.run(bundle, cwd=folder, env=environment, capture_output=True, text=True, check=True)
    chrome.get(f"http://127.0.0.1:{staffed.port}/healthz")

    def run(expression):
        asked = {"expression": expression, "awaitPromise": True, "returnByValue": True}
        answer = chrome.execute_cdp_cmd("Runtime.evaluate", asked)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    # Left again, nothing of it is there.
    run(done.stdout + "; globalThis.of = console_; null")
    return lambda expression: run(f"(async () => {{ const of = globalThis.of; return {expression}; }})()")


def leaf(number):
    return hashlib.sha256(b"\x00" + number.to_bytes(8, "big")).digest()


def split(count):
    return 1 << (count - 1).bit_length() - 1


def root(leaves):
    """RFC 6962 §2.1, as it is written there."""
    if len(leaves) == 1:
        return leaves[0]
    middle = split(len(leaves))
    return notes.node(root(leaves[:middle]), root(leaves[middle:]))


def inclusion(index, leaves):
    if len(leaves) == 1:
        return []
    middle = split(len(leaves))
    if index < middle:
        return [*inclusion(index, leaves[:middle]), root(leaves[middle:])]
    return [*inclusion(index - middle, leaves[middle:]), root(leaves[:middle])]


def consistency(old, leaves, is_whole=True):
    if old == len(leaves):
        return [] if is_whole else [root(leaves)]
    middle = split(len(leaves))
    if old <= middle:
        return [*consistency(old, leaves[:middle], is_whole), root(leaves[middle:])]
    return [*consistency(old - middle, leaves[middle:], False), root(leaves[:middle])]


LEAVES = [leaf(number) for number in range(20)]
BYTES = "const bytes = text => Uint8Array.from(text.match(/../g) ?? [], pair => parseInt(pair, 16));"


def checked(functions, body, cases):
    return functions(f"await (async () => {{ {BYTES} const answers = []; for (const each of {json.dumps(cases)}) {body} return answers; }})()")


def test_paths_lead_to_the_root_from_their_own_leaf_alone(functions):
    cases = [
        {"leaf": LEAVES[at].hex(), "index": index, "size": size, "path": [hash.hex() for hash in inclusion(at, LEAVES[:size])]}
        for size in range(1, 21)
        for at in range(size)
        for index in {at, (at + 1) % size, size}
    ]
    body = """{
        const found = await of.rootOf(bytes(each.leaf), BigInt(each.index), BigInt(each.size), each.path.map(bytes));
        answers.push(found === null ? null : of.hex(found));
    }"""
    for case, found in zip(cases, checked(functions, body, cases), strict=True):
        path = [bytes.fromhex(hash) for hash in case["path"]]
        whole = notes.Checkpoint("log", case["size"], root(LEAVES[: case["size"]]))
        assert (found == whole.root.hex()) == notes.is_included(bytes.fromhex(case["leaf"]), case["index"], whole, path), case
    assert sum(found is not None for found in checked(functions, body, cases)) >= 210
    broken = [{**case, "path": case["path"][:-1]} for case in cases if case["path"]] + [{**case, "path": [*case["path"], "00" * 32]} for case in cases]
    for case, found in zip(broken, checked(functions, body, broken), strict=True):
        assert found != root(LEAVES[: case["size"]]).hex(), case


def test_a_log_that_grew_is_told_from_any_other(functions):
    other = [leaf(number + 100) for number in range(20)]
    cases = []
    for new in range(1, 21):
        for old in range(1, new + 1):
            path = [hash.hex() for hash in consistency(old, LEAVES[:new])]
            whole = {"from": old, "old": root(LEAVES[:old]).hex(), "to": new, "new": root(LEAVES[:new]).hex(), "path": path}
            cases += [(True, whole), (False, {**whole, "old": root(other[:old]).hex()}), (False, {**whole, "new": root(other[:new]).hex()})]
            cases.append((False, {**whole, "path": [*path, "00" * 32]}))
            if path:
                cases += [(False, {**whole, "path": path[:-1]}), (False, {**whole, "path": ["11" * 32, *path[1:]]})]
    cases.append((False, {**cases[0][1], "from": 2, "to": 1}))
    body = "answers.push(await of.isConsistent(BigInt(each.from), bytes(each.old), BigInt(each.to), bytes(each.new), each.path.map(bytes)));"
    answers = checked(functions, body, [case for _, case in cases])
    assert [case for (expected, case), found in zip(cases, answers, strict=True) if expected != found] == []


def test_notes_are_read_whole_or_not_at_all(functions, staffed):
    key = urllib.request.urlopen(f"http://127.0.0.1:{staffed.port}/audit/key", timeout=20).read().decode().strip()
    note = urllib.request.urlopen(f"http://127.0.0.1:{staffed.port}/audit/checkpoint", timeout=20).read().decode()
    notes.opened(note, key)
    text, signature = note.split("\n\n")
    name, digest, public = key.split("+", 2)
    cases = {
        "as it is": (note, key, True),
        "another text": (note.replace("\n", "\nx", 1), key, False),
        "another size": (text.replace("\n", "\n1", 1) + "\n\n" + signature, key, False),
        "another signer": (note.replace(name, "elsewhere"), key, False),
        "half a signature": (note[:-20] + "\n", key, None),
        "no signature": (text + "\n", key, None),
        "a key of another id": (note, f"{name}+00000000+{public}", None),
        "a key of another type": (note, f"{name}+{digest}+{base64.b64encode(bytes([2]) + base64.b64decode(public)[1:]).decode()}", None),
        "no key": (note, public, None),
    }
    for title, (told, asked, expected) in cases.items():
        found = functions(
            f"""await (async () => {{
                const note = of.readNote({json.dumps(told)}), key = await of.readKey({json.dumps(asked)});
                return note === null || key === null ? null : await of.isSigned(note, key);
            }})()"""
        )
        assert found == expected, title
    assert functions(f"of.readCheckpoint(of.readNote({json.dumps(note)}).text).size.toString()") == text.split("\n")[1]


@pytest.mark.parametrize(
    ("text", "bytes_"),
    [("", b""), ("AA==", b"\x00"), ("AB==", None), ("AA=", None), ("A", None), ("_-8=", None), ("+/8=", b"\xfb\xff"), (" AA==", None)],
)
def test_base64_is_strict(functions, text, bytes_):
    expected = None if bytes_ is None else bytes_.hex()
    assert functions(f"(found => found === null ? null : of.hex(found))(of.fromBase64({json.dumps(text)}))") == expected


def bill(**members):
    line = {"class": "input", "count": 3, "price_per_1m": "0.15", "amount": "0.00000045", "provenance": "reported"}
    whole = {
        "state": "captured", "flags": [], "lines": [line], "fee_per_call": "0", "price_multiplier": "1", "hold": "1", "charge": "0.00000045",
        "total_cost": "0.00000045", "entries": [],
    }  # fmt: skip
    return {**whole, **members}


LINE = bill()["lines"][0]
CHARGES = {
    "counts times prices": (bill(), "0.00000045", True),
    "a fee beside them": (bill(fee_per_call="0.01", charge="0.01000045", total_cost="0.01000045"), "0.01000045", True),
    "times a multiplier, half to even downwards": (
        bill(price_multiplier="0.5", lines=[{**LINE, "count": 1, "price_per_1m": "0.000001", "amount": "0.000000000001"}], charge="0", total_cost="0"),
        "0", True,
    ),
    "times a multiplier, half to even upwards": (
        bill(price_multiplier="1.5", lines=[{**LINE, "count": 1, "price_per_1m": "0.000001", "amount": "0.000000000001"}], charge="0.000000000002", total_cost="0.000000000002"),
        "0.000000000002", True,
    ),
    "at most the hold": (bill(hold="0.0000001", charge="0.0000001", total_cost="0.0000001"), "0.0000001", True),
    "nothing for a void": (bill(state="voided", charge="0", total_cost="0"), "0", True),
    "a refund of it": (bill(total_cost="0.00000025", entries=[{"kind": "refund", "amount": "-0.0000002", "period": 1}]), "0.00000025", True),
    "a refund is counted once": (
        bill(total_cost="0.00000025", entries=[{"kind": "refund", "amount": "-0.0000002", "period": period} for period in (1, None)]),
        "0.00000025", True,
    ),
    "by a policy, then corrected": (
        bill(flags=["corrected"], charge="0.5", total_cost="0.25", entries=[{"kind": "correction", "amount": "-0.25", "period": 1}]), "0.25", True,
    ),
    "a line that was changed": (bill(lines=[{**LINE, "amount": "0.00000046"}]), "0.00000045", False),
    "a charge that was changed": (bill(charge="0.00000046"), "0.00000045", False),
    "a total that was changed": (bill(total_cost="0.00000044"), "0.00000045", False),
}  # fmt: skip


@pytest.mark.parametrize("title", CHARGES)
def test_charges_are_worked_out_again(functions, title):
    call, total, agrees = CHARGES[title]
    assert functions(f"(({{total, agrees}}) => [total, agrees])(of.worked({json.dumps(call)}))") == [total, agrees]


def test_events_may_be_cut_anywhere(functions):
    text = ': listening\n\nid: 1\nevent: request\ndata: {"a":"é\\n"}\n\ndata: one\ndata: two\n\nevent: skipped\ndata: {"count":2}\n\n'
    expected = [
        {"name": "request", "data": '{"a":"é\\n"}'},
        {"name": "message", "data": "one\ntwo"},
        {"name": "skipped", "data": '{"count":2}'},
    ]
    found = functions(
        f"""(text => Array.from({{length: text.length + 1}}, (_, cut) => {{
            const reader = new of.EventReader();
            return [...reader.read(text.slice(0, cut)), ...reader.read(text.slice(cut))];
        }}))({json.dumps(text)})"""
    )
    assert len(found) == len(text) + 1 and all(each == expected for each in found)


@pytest.mark.parametrize(
    ("date", "zone", "days", "expected"),
    [
        ("2026-12-01", "UTC", 0, "2026-12-01T00:00:00.000Z"),
        ("2026-12-01", "Asia/Shanghai", 0, "2026-11-30T16:00:00.000Z"),
        ("2026-12-31", "Asia/Shanghai", 1, "2026-12-31T16:00:00.000Z"),
        # Clocks change in the night between.
        ("2026-03-29", "Europe/Berlin", 0, "2026-03-28T23:00:00.000Z"),
        ("2026-03-29", "Europe/Berlin", 1, "2026-03-29T22:00:00.000Z"),
        ("2026-11-01", "America/New_York", 0, "2026-11-01T04:00:00.000Z"),
        ("2026-11-01", "America/New_York", 1, "2026-11-02T05:00:00.000Z"),
        ("", "UTC", 0, None),
        ("soon", "UTC", 0, None),
    ],
)
def test_days_begin_by_the_persons_clock(functions, date, zone, days, expected):
    assert functions(f"of.beginningOf({json.dumps(date)}, {json.dumps(zone)}, {days})") == expected


def test_news_of_calls_and_the_list_are_one(functions):
    call = lambda id, state, ended=None: {"request_id": id, "state": state, "ended_at": ended}  # noqa: E731
    listed = [call("3", "captured", "then"), call("1", "captured", "then")]
    news = [call("2", "open"), call("3", "open"), call("2", "captured", "now"), call("4", "open")]
    found = functions(f"of.merged({json.dumps(news)}, {json.dumps(listed)}, 3).map(call => call.request_id + call.state)")
    assert found == ["4open", "3captured", "2captured"]
