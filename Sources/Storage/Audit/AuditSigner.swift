import AuditLog
package import Domain
package import Logging
import Synchronization

/// Gives leaves their places, and signs what the tree has come to: the one writer of the audit log.
///
/// A round reads and hashes beside the ledger's writer and takes its lock for short transactions, each of which moves the
/// tree from a size that it names, in an epoch that it claimed: of two signers one finds its epoch gone, writes nothing, and
/// begins anew from what is there. So a log cannot fork. A checkpoint is published once it is in the file outside.
package final class AuditSigner: PublishedAudit {
    /// Reading connections that it needs.
    static let readers = 1

    private struct Running {
        let tree: AuditTree
        let isFirstTree: Bool
        let epoch: Int64
        let signer: NoteSigner
        var leaves: GrowingTree
        var note: SignedNote?
        /// How much of the tree the file outside vouches for; nil if it has nothing of it.
        var appended: UInt64?
        var finished: Set<ReplicaID> = []
    }

    private struct Shown {
        var checkpoint: String?
        var verifierKey: String?
        var halt: String?
        /// What went wrong last; told once.
        var failure: String?
    }

    private enum Interruption: Error { case fenced }

    private let database: any Database
    private let reader: any Database
    private let key: SignerKey
    private let file: CheckpointFile
    private let logger: Logger
    private let clock: @Sendable () -> Instant
    private let running = Mutex<Running?>(nil)
    private let shown = Mutex(Shown())

    /// - Parameter reader: where it has a reading connection apart from the writer's.
    package init(
        database: any Database,
        reader: any Database,
        key: SignerKey,
        file: CheckpointFile,
        logger: Logger,
        clock: @escaping @Sendable () -> Instant
    ) {
        self.database = database
        self.reader = reader
        self.key = key
        self.file = file
        self.logger = logger
        self.clock = clock
    }

    package var checkpoint: String? { shown.withLock(\.checkpoint) }
    package var verifierKey: String? { shown.withLock(\.verifierKey) }
    package var halt: String? { shown.withLock(\.halt) }

    /// ``round()`` on a thread of its own.
    package func signing() async { try? await BlockingThreads.run { [self] in round() } }

    /// Takes in all leaves there are and signs. Blocks; what fails is tried again by the next round.
    package func round() {
        running.withLock { running in
            do {
                var current = try running ?? open()
                running = nil
                while try !sequence(&current) {}
                try publish(&current)
                running = current
                wentWell()
            } catch let halt as AuditHalt {
                wentWrong("the audit log is halted", halt.description, isHalt: true)
            } catch let error as TreeError {
                wentWrong("the audit log is halted", error.description, isHalt: true)
            } catch Interruption.fenced {
                wentWrong("another signer writes the audit log", "", isHalt: false)
            } catch {
                wentWrong("the audit log could not be written", "\(error)", isHalt: false)
            }
        }
    }

    // MARK: - Opening

    /// Checks the tree against what was signed, and claims it.
    private func open() throws -> Running {
        if try reader.read(AuditTree.all).isEmpty {
            try database.write { connection in
                guard try AuditTree.all(connection).isEmpty else { return }
                _ = try AuditTree.begin(key: key, now: try LedgerTime.now(clock, connection), connection)
            }
        }
        let outside = try file.last()
        var running = try reader.read { connection in
            let trees = try AuditTree.all(connection)
            guard let tree = trees.last else { throw AuditHalt.isDamaged("the audit log has no tree") }
            guard let signer = key.signer(for: tree.origin), signer.verifierKey.description == tree.verifierKey else {
                throw AuditHalt.isAnotherKey(origin: tree.origin)
            }
            let nodes = AuditTree.nodes(of: tree.id, connection)
            let running = Running(
                tree: tree,
                isFirstTree: trees.count == 1,
                epoch: tree.epoch + 1,
                signer: signer,
                leaves: try GrowingTree(size: tree.size, nodes: nodes),
                note: try tree.newestNote(connection).flatMap(SignedNote.init(parsing:)),
                appended: nil
            )
            try Self.check(running, against: outside, trees: trees, nodes: nodes)
            return running
        }
        if let outside, let signed = Checkpoint(text: outside.text), signed.origin == running.tree.origin {
            running.appended = signed.size
        }
        let epoch = try database.write { [tree = running.tree] in try tree.claim($0) }
        guard epoch == running.epoch else { throw Interruption.fenced }
        return running
    }

    private static func check(
        _ running: Running,
        against outside: SignedNote?,
        trees: [AuditTree],
        nodes: TileNodes
    ) throws {
        let tree = running.tree
        if let note = running.note {
            guard note.isSigned(by: running.signer.verifierKey), let own = Checkpoint(text: note.text) else {
                throw AuditHalt.isAnotherKey(origin: tree.origin)
            }
            guard own.origin == tree.origin, own.size == tree.size, own.root == running.leaves.root else {
                throw AuditHalt.contradicts(size: own.size)
            }
        } else if tree.size > 0 {
            throw AuditHalt.isDamaged("the audit log has leaves and no checkpoint")
        }
        guard let outside, let signed = Checkpoint(text: outside.text) else { return }
        guard signed.origin == tree.origin else {
            guard signed.origin == tree.replaces || trees.dropLast().contains(where: { $0.origin == signed.origin })
            else { throw AuditHalt.isAnotherLog(origin: signed.origin) }
            return
        }
        guard outside.isSigned(by: running.signer.verifierKey) else {
            throw AuditHalt.isAnotherKey(origin: tree.origin)
        }
        guard signed.size <= tree.size else { throw AuditHalt.isBehind(size: tree.size, signed: signed.size) }
        guard try nodes.range(size: signed.size).root == signed.root else {
            throw AuditHalt.contradicts(size: signed.size)
        }
    }

    // MARK: - Writing

    /// Gives the next leaves their places. - Returns: true if there are no more.
    private func sequence(_ running: inout Running) throws -> Bool {
        let tree = running.tree
        let startedAt = clock()
        let batch = try reader.read { [running] connection in
            try LeafBatch(
                tree: tree.id,
                isFirstTree: running.isFirstTree,
                firstIndex: running.leaves.size,
                passing: running.finished,
                connection
            )
        }
        running.finished.formUnion(batch.finished)
        guard !batch.hashes.isEmpty else { return true }
        var leaves = running.leaves
        for hash in batch.hashes { leaves.append(hash) }
        let tiles = leaves.takeChangedTiles()
        let checkpoint = Checkpoint(origin: tree.origin, size: leaves.size, root: leaves.root)
        guard let note = running.signer.sign(checkpoint.text) else {
            throw StorageError.misuse("a checkpoint that cannot be signed")
        }
        try database.write { [running] connection in
            let changed = try connection.execute(
                "UPDATE audit_trees SET size = ?, caught_up_at = COALESCE(?, caught_up_at) WHERE id = ? AND size = ? AND epoch = ?",
                .integer(Int64(leaves.size)),
                SQLValue(batch.isLast ? startedAt : nil),
                .integer(tree.id),
                .integer(Int64(running.leaves.size)),
                .integer(running.epoch)
            )
            guard changed == 1 else { throw Interruption.fenced }
            for segment in batch.segments { try segment.save(tree: tree.id, connection) }
            for (tile, hashes) in tiles { try AuditTree.save(hashes, in: tile, tree: tree.id, connection) }
            try connection.execute(
                "INSERT INTO audit_checkpoints (tree_id, hour, size, note, signed_at) VALUES (?, ?, ?, ?, ?) ON CONFLICT (tree_id, hour) DO UPDATE SET size = excluded.size, note = excluded.note, signed_at = excluded.signed_at",
                .integer(tree.id),
                .integer(startedAt.microseconds / 3_600_000_000),
                .integer(Int64(leaves.size)),
                .text(note.description),
                SQLValue(startedAt)
            )
            Failpoint.hit("audit.before-commit")
        }
        Failpoint.hit("audit.after-commit")
        running.leaves = leaves
        running.note = note
        return batch.isLast
    }

    /// Puts the newest checkpoint where the database cannot change it, then shows it to everybody.
    private func publish(_ running: inout Running) throws {
        guard let note = running.note else {
            shown.withLock { $0.verifierKey = running.tree.verifierKey }
            return
        }
        if running.appended != running.leaves.size {
            try file.append(note.description)
            running.appended = running.leaves.size
            Failpoint.hit("audit.after-append")
        }
        shown.withLock {
            $0.checkpoint = note.description
            $0.verifierKey = running.tree.verifierKey
        }
    }

    // MARK: - Telling

    private func wentWell() {
        let before = shown.withLock { shown in
            defer { (shown.halt, shown.failure) = (nil, nil) }
            return shown.failure
        }
        if before != nil { logger.notice("the audit log is written again") }
    }

    private func wentWrong(_ what: String, _ cause: String, isHalt: Bool) {
        let isNews = shown.withLock { shown in
            defer {
                shown.failure = cause
                shown.halt = isHalt ? cause : nil
            }
            return shown.failure != cause
        }
        guard isNews else { return }
        if isHalt {
            logger.error("\(what)", metadata: ["cause": "\(cause)"])
        } else {
            logger.warning("\(what)", metadata: ["cause": "\(cause)"])
        }
    }
}
