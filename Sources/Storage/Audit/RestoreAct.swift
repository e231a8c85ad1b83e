import AuditLog
import Crypto
package import Domain

/// Says that the books were put back to an older copy: begins a log of a new origin, with a leaf that names the gap.
package struct RestoreAct {
    /// A log that can be named in a leaf.
    private static let longestOrigin = 128

    private let database: any Database
    private let key: SignerKey
    private let file: CheckpointFile

    package init(database: any Database, key: SignerKey, file: CheckpointFile) {
        self.database = database
        self.key = key
        self.file = file
    }

    /// - Parameter reason: is kept beside the log; the leaf has only its digest, so that it can be erased.
    /// - Returns: the new log's origin; nil where there is no gap to acknowledge, since nothing was ever signed.
    package func acknowledge(reason: String, clock: () -> Instant) throws -> String? {
        let outside = try file.last().flatMap { Checkpoint(text: $0.text) }
        return try database.write { connection in
            let tree = try AuditTree.all(connection).last
            guard tree != nil || outside != nil else { return nil }
            let now = try LedgerTime.now(clock, connection)
            let replaces = outside?.origin ?? tree?.origin
            let origin = try AuditTree.begin(key: key, replaces: replaces, reason: reason, now: now, connection)
            let size = tree.flatMap { $0.origin == replaces ? $0.size : nil } ?? 0
            try AuditLeaves.append(
                act: Self.text(
                    origin: origin,
                    replaces: replaces ?? "",
                    size: size,
                    signed: outside?.size ?? size,
                    root: outside?.root.description ?? "",
                    reason: reason,
                    now: now
                ),
                now: now,
                connection
            )
            return origin
        }
    }

    private static func text(
        origin: String,
        replaces: String,
        size: UInt64,
        signed: UInt64,
        root: String,
        reason: String,
        now: Instant
    ) -> String {
        "\(prefix(origin: origin, replaces: replaces, reason: reason))\"database_size\":\(size),\"signed_size\":\(signed),\"signed_root\":\"\(root)\",\"at\":\"\(now)\"}"
    }

    private static func prefix(origin: String, replaces: String, reason: String) -> String {
        // The origin is random, so nobody finds a short reason out of its digest once the row is erased.
        let digest = Base64.encode(SHA256.hash(data: Array("\(origin)\n\(reason)".utf8)))
        return
            "{\"act\":\"audit acknowledge-restore\",\"actor\":\"command\",\"origin\":\"\(origin)\",\"replaces\":\"\(name(replaces))\",\"reason_digest\":\"\(digest)\","
    }

    /// An origin from a file, as it can stand in a leaf.
    private static func name(_ origin: String) -> String {
        String(
            String.UnicodeScalarView(
                origin.unicodeScalars.prefix(longestOrigin).map {
                    $0.value >= 0x20 && $0 != "\"" && $0 != "\\" ? $0 : "?"
                }
            )
        )
    }

    /// Whether an act is the one that began this log.
    static func isNaming(_ tree: AuditTree, _ act: UnsafeRawBufferPointer) -> Bool {
        act.starts(with: prefix(origin: tree.origin, replaces: tree.replaces ?? "", reason: tree.reason).utf8)
    }
}
