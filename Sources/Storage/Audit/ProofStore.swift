import AuditLog
package import Domain

/// Proofs for whoever asks over the API: a bill's path, a log's growth. Reads a row, a leaf and the tiles on the way.
package struct ProofStore: AuditProofs {
    /// What this process has published, looked at before the books: they have all of it.
    private struct Published: Sendable {
        let note: String?
    }

    private let desk: ControlDesk
    private let published: (@Sendable () -> String?)?

    /// - Parameter published: the newest checkpoint that is also outside of the database; nil where another replica signs,
    ///   which keeps it outside within the round that wrote it.
    package init(desk: ControlDesk, published: (@Sendable () -> String?)?) {
        self.desk = desk
        self.published = published
    }

    package func bill(_ id: CallID, of owner: UserID?) async throws(DeskError) -> SignedBill? {
        let published = published.map { Published(note: $0()) }
        return try await desk.read { connection in
            guard let found = try VerifiedCall.read(id, of: owner, connection) else { return nil }
            guard let call = found, call.isExact else { return SignedBill(state: .altered) }
            return try Self.bill(call, published, connection)
        }
    }

    package func growth(from size: UInt64, origin: String?) async throws(DeskError) -> LogGrowth? {
        let published = published.map { Published(note: $0()) }
        return try await desk.read { connection in
            let trees = try AuditTree.all(connection)
            guard let tree = origin.map({ origin in trees.first { $0.origin == origin } }) ?? trees.last else {
                return origin == nil ? LogGrowth(path: nil, log: nil) : nil
            }
            guard let log = try Self.log(tree, published, connection) else { return LogGrowth(path: nil, log: nil) }
            guard size <= log.size else { return LogGrowth(path: nil, log: log) }
            let path = try TreeProof.consistency(from: size, to: log.size, in: Self.nodes(of: tree, connection))
            return LogGrowth(path: path.map(\.bytes), log: log)
        }
    }

    private static func bill(
        _ call: VerifiedCall,
        _ published: Published?,
        _ connection: any SQLConnection
    ) throws -> SignedBill {
        guard !call.isOpen else { return SignedBill(state: .open) }
        guard let number = call.leafNumber, let leaf = try LeafPlace.find(of: call, number: number, connection) else {
            return SignedBill(state: .missing)
        }
        guard let place = try Segment.place(of: number, replica: leaf.replica, connection),
            let tree = try AuditTree.all(connection).first(where: { $0.id == place.tree }),
            let log = try log(tree, published, connection), place.index >= 0, UInt64(place.index) < log.size
        else { return SignedBill(state: .pending) }
        let index = UInt64(place.index)
        let path = try TreeProof.inclusion(of: index, size: log.size, in: nodes(of: tree, connection))
        let signed = SignedLeaf(
            isCorrection: call.isCorrected,
            index: index,
            hash: leaf.hash.bytes,
            path: path.map(\.bytes),
            words: call.bill.words
        )
        return SignedBill(state: .signed, leaves: [signed], log: log)
    }

    /// A tree as it was published last; of one that was broken off, what the database has of it.
    private static func log(
        _ tree: AuditTree,
        _ published: Published?,
        _ connection: any SQLConnection
    ) throws -> SignedLog? {
        var note = try tree.newestNote(connection)
        let isGrowing = try AuditTree.all(connection).last?.id == tree.id
        if isGrowing, let published { note = published.note }
        guard let note, let text = SignedNote(parsing: note)?.text, let signed = Checkpoint(text: text),
            signed.origin == tree.origin, signed.size <= tree.size
        else { return nil }
        return SignedLog(checkpoint: note, verifierKey: tree.verifierKey, size: signed.size)
    }

    /// Each tile is read once, though many nodes of a path are in it.
    private static func nodes(of tree: AuditTree, _ connection: any SQLConnection) -> TileNodes {
        var known: [Tile: [TreeHash]] = [:]
        return TileNodes { tile in
            if let hashes = known[tile] { return hashes }
            known[tile] = try AuditTree.hashes(of: tile, tree: tree.id, connection)
            return known[tile]
        }
    }
}
