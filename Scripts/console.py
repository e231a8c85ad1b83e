#!/usr/bin/env python3
"""Builds the console: TypeScript and React to a few files that the gateway has inside it.

    Scripts/console.py            Console/built/: the files, each also packed, and the C that embeds them
    Scripts/console.py --check    also the types, and that what a browser loads first stays small

Debian's esbuild, node-react and node-typescript do it (Scripts/setup.sh build); where `Console/node_modules` exists, they come from there.
Nothing is written where nothing has changed, so that a build after it has nothing to do either.
"""

import argparse
import gzip
import hashlib
import json
import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
CONSOLE = ROOT / "Console"
BUILT = CONSOLE / "built"
OWN = CONSOLE / "node_modules"
DEBIAN = pathlib.Path("/usr/share/nodejs")
# What has to come before a person sees anything: script, packed.
FIRST_BYTES = 150 * 1024
TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
}


def fail(text):
    sys.exit(f"console: {text}")


def tool(name):
    found = OWN / ".bin" / name
    return str(found) if found.exists() else shutil.which(name) or fail(f"{name} is missing; Scripts/setup.sh build installs it")


def bundle(folder):
    """esbuild's account of what it wrote into `folder`."""
    metafile = folder / "metafile.json"
    command = [
        tool("esbuild"), "src/main.tsx", "src/theme.ts", "src/styles.css",
        "--bundle", "--minify", "--splitting", "--format=esm", "--jsx=automatic", "--target=es2020", "--charset=utf8",
        "--define:process.env.NODE_ENV=\"production\"", "--legal-comments=none", "--log-level=warning",
        "--loader:.svg=file", "--public-path=/assets", "--entry-names=[name]-[hash]", "--chunk-names=[name]-[hash]", "--asset-names=[name]-[hash]",
        "--outbase=src", f"--outdir={folder}", f"--metafile={metafile}",
    ]  # fmt: skip
    environment = {"PATH": "/usr/bin:/bin", "NODE_PATH": str(OWN if OWN.exists() else DEBIAN)}
    if subprocess.run(command, cwd=CONSOLE, env=environment, check=False).returncode:
        fail("esbuild found the errors above")
    outputs = json.loads(metafile.read_text())["outputs"]
    metafile.unlink()
    return {pathlib.Path(name).name: output for name, output in outputs.items()}


def first(outputs, name):
    """What `name` cannot do without: itself and the chunks it imports at once."""
    found, waiting = [], [name]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.append(name)
            static = (item for item in outputs[name]["imports"] if item["kind"] == "import-statement")
            waiting += [pathlib.Path(item["path"]).name for item in static]
    return found


def page(outputs):
    entries = {output["entryPoint"]: name for name, output in outputs.items() if "entryPoint" in output}
    icon = next(name for name in outputs if name.startswith("icon-"))
    main = entries["src/main.tsx"]
    preloads = "".join(
        f'<link rel="modulepreload" href="/assets/{name}">\n' for name in sorted(first(outputs, main)) if name != main
    )
    return main, (CONSOLE / "index.html").read_text().format(
        icon=icon, theme=entries["src/theme.ts"], style=entries["src/styles.css"], main=main, preloads=preloads
    )


def embedding(files):
    """C that has each file and its packed twin, for Sources/CConsole."""
    lines, rows = ["// Written by Scripts/console.py."], []
    for index, (name, content) in enumerate(sorted(files.items())):
        path = "index.html" if name == "index.html" else f"assets/{name}"
        tag = hashlib.sha256(content).hexdigest()[:32]
        lines += [
            f"// {tag}",
            f"static const unsigned char plain_{index}[] = {{", f'#embed "{name}"', "};",
            f"static const unsigned char packed_{index}[] = {{", f'#embed "{name}.gz"', "};",
        ]  # fmt: skip
        kind = TYPES[pathlib.Path(name).suffix]
        rows.append(f'    {{"{path}", "{kind}", "\\"{tag}\\"", plain_{index}, sizeof plain_{index}, packed_{index}, sizeof packed_{index}}},')
    return "\n".join([*lines, "static const struct console_file console_files[] = {", *rows, "};", f"const unsigned long console_file_count = {len(rows)};", ""])


def write(files):
    """The folder becomes exactly `files`; what is right already is not touched."""
    BUILT.mkdir(exist_ok=True)
    for path in BUILT.iterdir():
        if path.name not in files:
            path.unlink()
    for name, content in files.items():
        path = BUILT / name
        if not path.exists() or path.read_bytes() != content:
            path.write_bytes(content)


def build():
    working = CONSOLE / ".working"
    shutil.rmtree(working, ignore_errors=True)
    working.mkdir()
    try:
        outputs = bundle(working)
        contents = {name: (working / name).read_bytes() for name in outputs}
    finally:
        shutil.rmtree(working, ignore_errors=True)
    main, html = page(outputs)
    contents["index.html"] = html.encode()
    packed = {f"{name}.gz": gzip.compress(content, 9, mtime=0) for name, content in contents.items()}
    write({**contents, **packed, "files.inc": embedding(contents).encode()})
    sizes = {name: len(packed[f"{name}.gz"]) for name in contents}
    return sizes, first(outputs, main)


def check(sizes, needed):
    if subprocess.run([tool("tsc"), "--noEmit", "--strict"], cwd=CONSOLE, check=False).returncode:
        fail("tsc found the errors above")
    total = sum(sizes[name] for name in needed)
    print(f"console: {total / 1024:.1f} KiB of script before the first page (at most {FIRST_BYTES // 1024}), {sum(sizes.values()) / 1024:.1f} KiB in all, packed")
    if total > FIRST_BYTES:
        fail("the first page loads too much: what a page alone needs is imported by the page alone")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="the types and the size too")
    arguments = parser.parse_args()
    sizes, needed = build()
    if arguments.check:
        check(sizes, needed)


if __name__ == "__main__":
    main()
