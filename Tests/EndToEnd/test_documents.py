"""What the documents say about the tests is true."""

import re

from servers import ROOT


def test_every_test_that_the_table_of_faults_names_exists():
    table = (ROOT / "Docs" / "faults.md").read_text()
    named = set(re.findall(r"`(test_\w+|\w+Tests|Fuzz\w+)`", table))
    python = "".join(path.read_text() for folder in ("EndToEnd", "Deployment") for path in (ROOT / "Tests" / folder).glob("test_*.py"))
    swift = "".join(path.read_text() for path in (ROOT / "Tests").rglob("*.swift"))
    exist = set(re.findall(r"def (test_\w+)", python)) | set(re.findall(r"(?:struct|enum|class) (\w+)", swift))
    assert len(named) > 40 and named - exist == set()


def test_ids_of_faults_are_unique():
    ids = re.findall(r"^\| ([A-Z]\d+) \|", (ROOT / "Docs" / "faults.md").read_text(), re.MULTILINE)
    assert len(ids) > 40 and len(ids) == len(set(ids))


# Where Swift code says a sentence to people: what stands before its opening quote.
SAYING = re.compile(
    r"""\.wrong\(\s*|refuse\(\s*(?:"[^"]*"|[\w.]+),\s*|message:\s*|refusal\(\s*\.\w+,\s*"\w+",\s*"""
    r"""|case \.\w+(?:\([^)]*\))?:\s*|\[|\?\s|return\s|nil\s:\s"""
)


def template(text, start):
    """The string literal at `start` with `{}` for what it interpolates."""
    made, at, depth = "", start + 1, 0
    while depth or text[at] != '"':
        if not depth and text[at] == "\\":
            if text[at + 1] == "(":
                made, depth, at = made + "{}", 1, at + 2
                continue
            made, at = made + text[at + 1], at + 2
            continue
        if depth:
            depth += {"(": 1, ")": -1}.get(text[at], 0)
        else:
            made += text[at]
        at += 1
    return made


def test_every_message_is_told_in_chinese_too():
    admin = ROOT / "Sources" / "Admin"
    catalogue = (admin / "Errors" / "ChineseMessages.swift").read_text()
    told = {template(catalogue, match.start()) for match in re.finditer(r'"(?:[^"\\]|\\.)*":', catalogue)}
    said = set()
    for path in admin.rglob("*.swift"):
        text = path.read_text()
        for match in SAYING.finditer(text):
            if text[match.end() : match.end() + 1] == '"' and text[match.end() : match.end() + 3] != '"""':
                sentence = template(text, match.end())
                if re.match(r"[A-Z{'].* .*\.$|[A-Z][a-z]+ \w+\.$", sentence):
                    said.add(sentence)
    assert len(said) > 40 and said - told == set()
