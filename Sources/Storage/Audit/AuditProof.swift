package import AuditLog
package import Domain

/// One bill with all that proves it to be in a signed log: can be checked with nothing but the signer's key.
package struct AuditProof: Codable, Sendable {
    package static let format = "tokenaudit-proof-1"

    package enum Problem: Error, Hashable, Sendable {
        case unknownCall
        case open
        /// Its leaf has no place yet.
        case unsequenced
        /// The row is not the bill that was signed.
        case isAnotherBill
    }

    let format: String
    /// The key that signed, as the database named it.
    let key: String
    let checkpoint: String
    let index: UInt64
    let path: [String]
    let bill: BillDocument

    // MARK: - Making

    package init(of id: CallID, in database: any Database) throws {
        self = try database.read { try AuditProof(id, $0) }
    }

    private init(_ id: CallID, _ connection: any SQLConnection) throws {
        guard let found = try VerifiedCall.read(id, connection) else { throw Problem.unknownCall }
        guard let call = found, call.isExact else { throw Problem.isAnotherBill }
        guard !call.isOpen, let number = call.leafNumber else { throw Problem.open }
        guard let leaf = try LeafPlace.find(of: call, number: number, connection),
            leaf.hash == TreeHash(Array(call.bill.digest)[...])
        else { throw Problem.isAnotherBill }
        guard let place = try Segment.place(of: number, replica: leaf.replica, connection),
            let tree = try AuditTree.all(connection).first(where: { $0.id == place.tree }),
            let note = try tree.newestNote(connection)
        else { throw Problem.unsequenced }
        let nodes = AuditTree.nodes(of: tree.id, connection)
        index = UInt64(max(0, place.index))
        path = try TreeProof.inclusion(of: index, size: tree.size, in: nodes).map(\.description)
        format = Self.format
        key = tree.verifierKey
        checkpoint = note
        bill = BillDocument(call.bill)
    }

    // MARK: - Checking

    /// Why the proof proves nothing, if so. - Parameter key: who must have signed; nil: whom the proof itself names.
    package func problem(key wanted: VerifierKey?) -> String? {
        guard format == Self.format else { return "it is of another format" }
        guard let note = SignedNote(parsing: checkpoint), let signed = Checkpoint(text: note.text) else {
            return "its checkpoint is none"
        }
        guard let key = wanted?.named(signed.origin) ?? VerifierKey(parsing: key), note.isSigned(by: key) else {
            return "its checkpoint was not signed by this key"
        }
        guard let bill = bill.bill, let leaf = TreeHash(Array(bill.digest)[...]) else { return "its bill is none" }
        let path = path.prefix(TreeProof.longest + 1).compactMap { Base64.decode($0).flatMap { TreeHash($0[...]) } }
        guard path.count == self.path.count else { return "its path is none" }
        guard TreeProof.isIncluded(leaf, at: index, size: signed.size, root: signed.root, path: path) else {
            return "this bill is not the one at leaf \(index) of what was signed"
        }
        return nil
    }

    package var requestID: String { bill.requestID }
    package var leafIndex: UInt64 { index }
    package var signer: String { key }
}
