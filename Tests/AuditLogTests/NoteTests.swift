import Testing

@testable import AuditLog

@Suite("signed notes and checkpoints")
struct NoteTests {
    /// Of the specification's own example and of Go's package `sumdb/note`.
    static let goKey = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
    static let goNote = """
        If you think cryptography is the answer to your problem,
        then you don't know what your problem is.

        \u{2014} PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=

        """

    static func signer(_ name: String = "audit.example/1") -> NoteSigner {
        guard let signer = NoteSigner(name: name, seed: [UInt8](repeating: 9, count: 31) + [1]) else {
            preconditionFailure("a name and 32 bytes")
        }
        return signer
    }

    @Test("the published note is signed by the published key, and by no other text")
    func published() throws {
        let key = try #require(VerifierKey(parsing: Self.goKey))
        #expect(key.description == Self.goKey)
        let note = try #require(SignedNote(parsing: Self.goNote))
        #expect(note.isSigned(by: key))
        #expect(note.description == Self.goNote)
        let forged = try #require(SignedNote(parsing: Self.goNote.replacing("don't", with: "do")))
        #expect(!forged.isSigned(by: key))
    }

    @Test("a checkpoint goes out and comes back")
    func roundTrip() throws {
        let signer = Self.signer()
        let checkpoint = Checkpoint(origin: "audit.example/1", size: 8, root: .leaf([1]))
        let note = try #require(signer.sign(checkpoint.text))
        let read = try #require(SignedNote(parsing: note.description))
        #expect(read.isSigned(by: signer.verifierKey) && Checkpoint(text: read.text) == checkpoint)
        #expect(VerifierKey(parsing: signer.verifierKey.description) == signer.verifierKey)
        #expect(!read.isSigned(by: Self.signer("audit.example/2").verifierKey))
    }

    @Test(
        "what is no checkpoint",
        arguments: [
            "", "\n", "o\n1\n", "o\n01\n\(TreeHash.empty)\n", "o\n-1\n\(TreeHash.empty)\n", "\n1\n\(TreeHash.empty)\n",
            "o\n18446744073709551615\n\(TreeHash.empty)\n", "o\n1\n\(TreeHash.empty)", "o\n1\nAAAA\n",
            "o\n1\n\(TreeHash.empty)\n\n",
        ]
    )
    func noCheckpoint(text: String) { #expect(Checkpoint(text: text) == nil) }

    @Test("what is no key, no note")
    func malformed() throws {
        for text in ["", "a+b", "a b+c74f20a3+AQ==", Self.goKey + "=", Self.goKey.replacing("c74f", with: "c74e")] {
            #expect(VerifierKey(parsing: text) == nil)
        }
        let note = Self.goNote
        for text in [
            "", "\n", note + "\n", String(note.dropLast()), note.replacing("\n\n", with: "\n"),
            note.replacing("\u{2014} ", with: "- "), note.replacing("=\n", with: "\n"),
            note.replacing("\n", with: "\r\n"), note.replacing("=\n", with: "=\r\n"),
            note.replacing("If", with: "\u{7}If"),
            note.replacing(" x08", with: "  x08"), String(repeating: "x", count: 40_000) + note,
        ] { #expect(SignedNote(parsing: text) == nil) }
        #expect(NoteSigner(name: "with space", seed: [UInt8](repeating: 1, count: 32)) == nil)
        #expect(NoteSigner(name: "x", seed: [1]) == nil)
        #expect(Self.signer().sign("no newline") == nil)
    }
}

extension NoteTests {
    @Test("the notes of a file, one after the other, with what a crash left between")
    func files() throws {
        let signer = Self.signer()
        let notes = try [1, 2, 3].map { size in
            try #require(signer.sign(Checkpoint(origin: "o", size: size, root: .leaf([1])).text))
        }
        let texts = notes.map(\.description)
        #expect(SignedNote.all(in: texts.joined(separator: "\n")) == notes)
        #expect(SignedNote.all(in: texts[0] + "\n" + texts[1].dropLast(20) + "\n" + texts[2]) == [notes[0], notes[2]])
        #expect(SignedNote.all(in: texts[0] + "\no\n1" + "\n" + texts[2]) == [notes[0], notes[2]])
        #expect(SignedNote.all(in: String(texts[0].dropFirst(1)) + "\n" + texts[1]).last == notes[1])
        let extended = try #require(signer.sign("o\n1\n\(TreeHash.empty)\nmore\n"))
        #expect(SignedNote.all(in: extended.description) == [extended])
        #expect(SignedNote.all(in: "") == [] && SignedNote.all(in: "\n\n\u{2014} ") == [])
    }
}
