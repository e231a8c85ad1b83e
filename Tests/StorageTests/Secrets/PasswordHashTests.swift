import Testing

@testable import Storage

@Suite("passwords") struct PasswordHashTests {
    @Test(
        "a password matches its hash and no other",
        arguments: ["correct horse", "пароль-пароль", String(repeating: "x", count: 256)]
    )
    func roundTrip(password: String) throws {
        let stored = try #require(PasswordHash.make(password, logRounds: 8))
        #expect(PasswordHash.matches(password, stored: stored))
        #expect(!PasswordHash.matches(password + " ", stored: stored))
        #expect(!PasswordHash.matches("", stored: stored))
        #expect(PasswordHash.make(password, logRounds: 8) != stored)
    }

    @Test(
        "what is no hash matches nothing",
        arguments: [
            "", "x", "correct horse", "$scrypt$ln=8,r=8,p=1$$", "$scrypt$ln=63,r=8,p=1$AAAA$AAAA",
            "$argon2id$v=19$m=1$AAAA$AAAA",
            "$scrypt$ln=8,r=8,p=1$AAAA$AAAA", "$scrypt$ln=-8,r=8,p=1$AAAA$AAAA",
        ]
    )
    func malformed(stored: String) {
        #expect(!PasswordHash.matches("correct horse", stored: stored))
    }
}
