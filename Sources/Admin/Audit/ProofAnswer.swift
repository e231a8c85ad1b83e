import Domain
import Foundation

/// Where a bill stands in the signed log, with all that a browser needs to check it. What a provider took is in a bill's
/// words, so that owners have the hash alone.
struct ProofAnswer: Encodable {
    let id: CallID
    let bill: SignedBill
    let reader: CallReader

    static func shape(for reader: CallReader) -> Shape {
        let word = Shape.object(
            "LeafWord",
            ["name": .text, "value": .text(pattern: "^(0|-?[1-9][0-9]{0,18})$")]
        )
        let all: [(String, Shape)] = [
            ("kind", .choice(["closing", "correction"])), ("index", .count), ("hash", .sha256),
            ("path", .list(.sha256).noted("From the leaf's sibling up (RFC 9162 §2.1.3.2).")),
        ]
        let staff: [(String, Shape)] = [
            (
                "preimage",
                Shape.text(format: "byte").noted(
                    "Of the row as it is now: its SHA-256 is the hash unless somebody changed it."
                )
            ),
            (
                "words",
                Shape.list(word).noted("The same: a zero byte, then each value in eight bytes, the highest first.")
            ),
        ]
        let leaf = Shape.object(
            reader == .owner ? "OwnLeaf" : "Leaf",
            (reader == .owner ? all : all + staff).map { ($0.0, $0.1, true) }
        )
        return .object(
            reader == .owner ? "OwnProof" : "Proof",
            [
                "request_id": .callID,
                "state": .choice(SignedBill.State.self).noted(
                    "open: no bill yet; pending: its leaf waits for a place in a signed checkpoint, some seconds; altered: the row holds what no bill can; missing: the bill has no leaf, somebody took it away."
                ),
                "leaves": .list(leaf), "checkpoint": .text.nullable(), "verifier_key": .text.nullable(),
                "tree_size": .count.nullable(),
            ]
        )
    }

    private struct Word: Encodable {
        let name: String
        let value: String
    }

    private struct Leaf: Encodable {
        let kind: String
        let index: UInt64
        let hash: String
        let path: [String]
        /// Nil: there is no such member.
        let preimage: String?
        let words: [Word]?

        init(_ leaf: SignedLeaf, reader: CallReader) {
            kind = leaf.isCorrection ? "correction" : "closing"
            index = leaf.index
            hash = HexText.of(leaf.hash)
            path = leaf.path.map(HexText.of)
            preimage = reader == .owner ? nil : Data(leaf.preimage).base64EncodedString()
            words = reader == .owner ? nil : leaf.words.map { Word(name: $0.name, value: "\($0.value)") }
        }
    }

    enum CodingKeys: String, CodingKey {
        case state, leaves, checkpoint
        case id = "request_id"
        case verifierKey = "verifier_key"
        case size = "tree_size"
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(id.description, forKey: .id)
        try container.encode(bill.state.rawValue, forKey: .state)
        try container.encode(bill.leaves.map { Leaf($0, reader: reader) }, forKey: .leaves)
        try container.encode(bill.log?.checkpoint, forKey: .checkpoint)
        try container.encode(bill.log?.verifierKey, forKey: .verifierKey)
        try container.encode(bill.log?.size, forKey: .size)
    }
}

/// That a log only grew.
struct GrowthAnswer: Encodable {
    let from: Int64
    let growth: LogGrowth

    static let shape = Shape.object(
        "LogGrowth",
        [
            "from": .count,
            "path": .list(.sha256).nullable().noted(
                "RFC 9162 §2.1.4.2. Null where the log has fewer leaves than `from`: it was cut, or put back; and before anything is signed."
            ),
            "checkpoint": .text.nullable(), "verifier_key": .text.nullable(), "tree_size": .count.nullable(),
        ]
    )

    enum CodingKeys: String, CodingKey {
        case from, path, checkpoint
        case verifierKey = "verifier_key"
        case size = "tree_size"
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(from, forKey: .from)
        try container.encode(growth.path.map { $0.map(HexText.of) }, forKey: .path)
        try container.encode(growth.log?.checkpoint, forKey: .checkpoint)
        try container.encode(growth.log?.verifierKey, forKey: .verifierKey)
        try container.encode(growth.log?.size, forKey: .size)
    }
}

/// Bytes as small hexadecimal digits, two each.
enum HexText {
    static func of(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}

extension Shape {
    fileprivate static let sha256 = Shape.text(pattern: "^[0-9a-f]{64}$")
}
