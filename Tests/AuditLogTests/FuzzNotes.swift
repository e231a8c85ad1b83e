import Fuzzing
import Testing

@testable import AuditLog

@Suite("Fuzz: notes")
struct FuzzNotes {
    @Test("a note that is read is written the same; only what was signed is signed; proofs are never trusted by chance")
    func notes() async throws {
        let signer = NoteTests.signer()
        let checkpoint = Checkpoint(origin: "audit.example/1", size: 8, root: .leaf([1]))
        let note = signer.sign(checkpoint.text)?.description ?? ""
        try await Fuzzer(
            "notes",
            seeds: [note, NoteTests.goNote, NoteTests.goKey, checkpoint.text],
            words: ["\u{2014} ", "\n\n", "\n", "+", "=", "AAAA", "0", "18446744073709551615"],
            largestBytes: 1_024
        ) { run in
            let text = run.text
            if let read = SignedNote(parsing: text) {
                run.note("note")
                run.note(read.signatures.count)
                try run.expect(read.description.utf8.elementsEqual(text.utf8), "written otherwise")
                let isSigned = read.isSigned(by: signer.verifierKey)
                try run.expect(!isSigned || read.text == checkpoint.text, "a forgery")
                run.note(Checkpoint(text: read.text) == nil ? "text" : "checkpoint")
            }
            if let read = Checkpoint(text: text) {
                run.note("checkpoint alone")
                try run.expect(text.hasPrefix(read.text), "another checkpoint")
            }
            if let key = VerifierKey(parsing: text) {
                run.note("key")
                try run.expect(key.description == text, "another key")
            }
            let path = Tile.hashes(of: run.input) ?? []
            let (size, index) = (UInt64(bitPattern: run.random.integer()), UInt64(bitPattern: run.random.integer()))
            try run.expect(
                !TreeProof.isIncluded(.leaf(run.input), at: index, size: size, root: .empty, path: path),
                "an empty root has a leaf"
            )
            let isConsistent = TreeProof.isConsistent(from: index, .leaf([2]), to: size, .empty, path: path)
            try run.expect(!isConsistent, "consistent with nothing")
        }.run()
    }
}
