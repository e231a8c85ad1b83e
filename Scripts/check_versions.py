"""Refuses resolved dependencies older than the version that closed a hole we would inherit."""

import json
import pathlib
import sys

LEAST = {
    "swift-nio": ((2, 100, 0), "CVE-2026-28980: an unbounded header count ends the process"),
    "swift-nio-http2": ((1, 44, 1), "CVE-2026-28898"),
}

resolved = pathlib.Path(__file__).parent.parent / "Package.resolved"
pins = {pin["identity"]: pin["state"].get("version") for pin in json.loads(resolved.read_text())["pins"]}
if "swift-nio" not in pins:
    sys.exit("check: swift-nio is not among the resolved packages; run swift build first")
failures = []
for name, (least, reason) in LEAST.items():
    version = pins.get(name)
    if version is not None and tuple(int(part) for part in version.split("-")[0].split(".")) < least:
        failures.append(f"check: {name} {version} is older than {'.'.join(map(str, least))} ({reason})")
if failures:
    sys.exit("\n".join(failures))
print(f"check: {len(pins)} resolved packages, none with a known hole")
