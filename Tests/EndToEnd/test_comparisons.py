"""Secrets are compared in constant time: by structure, since a stopwatch proves nothing.

Every `==`, `!=` or `elementsEqual` beside a name that sounds like a secret stands in the table below with the reason why it
gives nothing away; and each type that holds a secret, and can be compared, says itself how. What is looked up in the
database or a dictionary is a digest under a key or of 256 random bits, which nobody can choose byte by byte.
"""

import re

from servers import ROOT

SOURCES = sorted((ROOT / "Sources").rglob("*.swift"))
SECRET = re.compile(
    r"password|secret|credential|csrf|signature|pepper|seed|digest|presented|masterkey|sessionkey|signerkey"
    r"|(?<![a-z])(token|hash|mac|hmac|tag)(?![a-z])",
    re.IGNORECASE,
)
# A secret that is there or not, how long it is, and which kind or class of token: no comparison of the secret itself.
HARMLESS = re.compile(r"(==|!=) (nil\b|\d|\.\w)|\.count\b|isEmpty|tokenClass|Tokens\b|tokens\b|\.(kind|name|id|version)\b")
COMPARISON = re.compile(r"([\w.\]\[()?]+) (==|!=) ([\w.\[\]()\"?]+)|(\w[\w.]*)\.elementsEqual\(([^)]*)")

WHY = {
    "Storage/Verify/LeafProof.swift": "digests of leaves are public: the log consists of them",
    "AuditLog/Tree/TreeProof.swift": "hashes of the tree are public",
    "Storage/Audit/AuditProof.swift": "hashes of the tree are public",
    "Storage/Audit/LeafPlace.swift": "hashes of the tree are public",
    "Dialects/JSON/NameTable.swift": "hashes of JSON members, of their own sender",
    "Admin/Console/ConsoleFile.swift": "tags of files that everybody may have",
    "Admin/Errors/Message.swift": "languages",
    "Admin/OpenAPI/DocumentPage.swift": "what an operation is about",
    "Admin/Sessions/CookieJar.swift": "the name of a cookie",
    "Storage/Stores/ProviderRows.swift": "two credentials: their type compares in constant time",
    "Storage/Alerts/AlertChannelRows.swift": "two credentials: their type compares in constant time",
    "tokenaudit/Commands/UsersCommand.swift": "the name of a file",
    "Storage/Stores/AccountStore.swift": "the name of a column",
}

# Types that hold a secret or its digest, and compare themselves.
HOLDERS = ["Credential", "KeyDigest", "TokenDigest", "APIKeyMaterial"]


def code(path):
    """Lines without comments."""
    return [re.sub(r"//.*", "", line) for line in path.read_text().splitlines()]


def suspicious():
    for path in SOURCES:
        for number, line in enumerate(code(path), 1):
            for match in COMPARISON.finditer(line):
                text = match.group(0)
                if SECRET.search(text) and not HARMLESS.search(text):
                    yield str(path.relative_to(ROOT / "Sources")), number, text


def test_what_sounds_like_a_secret_is_compared_for_a_reason():
    found = list(suspicious())
    unexplained = [place for place in found if place[0] not in WHY]
    assert unexplained == [], "compare secrets by ConstantTime.isEqual, or say here why not"
    assert set(WHY) <= {file for file, _, _ in found}, "reasons for what is no more"


def test_types_that_hold_secrets_compare_in_constant_time():
    text = "\n".join("\n".join(code(path)) for path in SOURCES)
    for name in HOLDERS:
        own = re.search(rf"static func == \(left: {name}, right: {name}\) -> Bool \{{(.*?)\n    \}}", text, re.DOTALL)
        assert own and ("ConstantTime.isEqual" in own.group(1) or "^" in own.group(1)), name
    # Others that hold one cannot be compared at all.
    for name in ["Pepper", "SessionKey", "SignerKey", "MasterKey", "Vault"]:
        declared = re.search(rf"struct {name}\b[^{{]*", text).group(0)
        assert not re.search(r"Hashable|Equatable", declared), declared


def test_passwords_and_forgery_tokens_go_through_it():
    for file in ["Storage/Secrets/PasswordHash.swift", "Admin/Sessions/Guard.swift"]:
        assert "ConstantTime.isEqual" in (ROOT / "Sources" / file).read_text()
