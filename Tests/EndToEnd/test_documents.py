"""What the documents say about the tests is true."""

import re

from servers import ROOT


def test_every_test_that_the_table_of_faults_names_exists():
    table = (ROOT / "Docs" / "faults.md").read_text()
    named = set(re.findall(r"`(test_\w+|\w+Tests|Fuzz\w+)`", table))
    python = "".join(path.read_text() for path in (ROOT / "Tests" / "EndToEnd").glob("test_*.py"))
    swift = "".join(path.read_text() for path in (ROOT / "Tests").rglob("*.swift"))
    exist = set(re.findall(r"def (test_\w+)", python)) | set(re.findall(r"(?:struct|enum|class) (\w+)", swift))
    assert len(named) > 40 and named - exist == set()


def test_ids_of_faults_are_unique():
    ids = re.findall(r"^\| ([A-Z]\d+) \|", (ROOT / "Docs" / "faults.md").read_text(), re.MULTILINE)
    assert len(ids) > 40 and len(ids) == len(set(ids))
