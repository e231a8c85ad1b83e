/// A text with signatures below it (C2SP signed-note).
package struct SignedNote: Hashable, Sendable, CustomStringConvertible {
    package struct Signature: Hashable, Sendable {
        let name: String
        let keyID: [UInt8]
        let bytes: [UInt8]
    }

    /// What is read of one; a checkpoint has 200 bytes.
    package static let longest = 16 * 1_024
    private static let mostSignatures = 16
    private static let mark = "\u{2014} "
    private static let ed25519Bytes = 64

    /// Ends with a newline.
    package let text: String
    package let signatures: [Signature]

    init(text: String, signatures: [Signature]) {
        self.text = text
        self.signatures = signatures
    }

    /// Nil for anything but one whole note.
    package init?(parsing note: String) {
        guard note.utf8.count <= Self.longest, note.utf8.last == 0x0A else { return nil }
        var lines = note.dropLast().split(separator: "\n", omittingEmptySubsequences: false)
        var signatures: [Signature] = []
        while let line = lines.last, line.hasPrefix(Self.mark) {
            guard signatures.count < Self.mostSignatures, let signature = Signature(line.dropFirst(Self.mark.count))
            else { return nil }
            signatures.append(signature)
            lines.removeLast()
        }
        guard !signatures.isEmpty, lines.last == "" else { return nil }
        let text = lines.dropLast().map { $0 + "\n" }.joined()
        guard Self.isText(text) else { return nil }
        self.init(text: text, signatures: signatures.reversed())
        // What is signed is bytes: no other spelling of the same.
        guard description.utf8.elementsEqual(note.utf8) else { return nil }
    }

    package var description: String {
        text + "\n"
            + signatures.map { "\(Self.mark)\($0.name) \(Base64.encode($0.keyID + $0.bytes))\n" }.joined()
    }

    /// True if the key signed it; signatures of others do not count.
    package func isSigned(by key: VerifierKey) -> Bool {
        let ours = signatures.filter { $0.name == key.name && $0.keyID == key.id }
        return !ours.isEmpty
            && ours.allSatisfy { $0.bytes.count == Self.ed25519Bytes && key.isValid($0.bytes, of: text) }
    }

    static func isText(_ text: String) -> Bool {
        text.utf8.count > 1 && text.utf8.last == 0x0A && text.utf8.count <= longest / 2
            && text.utf8.allSatisfy { $0 >= 0x20 || $0 == 0x0A }
    }
}

extension SignedNote.Signature {
    fileprivate init?(_ line: Substring) {
        let parts = line.split(separator: " ", omittingEmptySubsequences: false)
        guard parts.count == 2, VerifierKey.isName(parts[0]), let bytes = Base64.decode(parts[1]), bytes.count > 4
        else {
            return nil
        }
        self.init(name: String(parts[0]), keyID: Array(bytes[..<4]), bytes: Array(bytes[4...]))
    }
}

extension SignedNote {
    /// The notes of a file that checkpoints were appended to; what a crash left half written is passed over.
    package static func all(in file: String) -> [SignedNote] {
        let lines = file.split(separator: "\n", omittingEmptySubsequences: false)
        let ends = lines.indices.dropLast().filter { lines[$0].isEmpty && lines[$0 + 1].hasPrefix(mark) }
        // One alone may have more lines than checkpoints of ours.
        if ends.count == 1, let one = SignedNote(parsing: file) { return [one] }
        var notes: [SignedNote] = []
        for index in ends where index >= 3 {
            let signatures = lines[(index + 1)...].prefix { $0.hasPrefix(mark) }.prefix(mostSignatures)
            let note = (lines[(index - 3)...index] + signatures).map { $0 + "\n" }.joined()
            // A signature that was cut is base64 still, often enough.
            guard let read = SignedNote(parsing: note),
                read.signatures.contains(where: { $0.bytes.count >= ed25519Bytes })
            else { continue }
            notes.append(read)
        }
        return notes
    }
}
