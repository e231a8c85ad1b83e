import AuditLog
import Domain

/// One log: its origin, how far it reaches, and whose turn it is to write it. A restore that was acknowledged begins another.
struct AuditTree {
    private static let columns =
        "id, origin, verifier_key, size, epoch, caught_up_at, started_at, replaces, reason"

    let id: Int64
    let origin: String
    let verifierKey: String
    let size: UInt64
    let epoch: Int64
    /// Every leaf that was committed before has its place.
    let caughtUpAt: Instant?
    let startedAt: Instant
    /// Another log that somebody said this one goes on from.
    let replaces: String?
    let reason: String

    private init(_ row: any SQLStatement) {
        id = row.int64(0)
        origin = row.text(1)
        verifierKey = row.text(2)
        size = UInt64(max(0, row.int64(3)))
        epoch = row.int64(4)
        caughtUpAt = row.optionalInstant(5)
        startedAt = row.instant(6)
        replaces = row.optionalText(7)
        reason = row.text(8)
    }

    /// The oldest first; the last one grows.
    static func all(_ connection: any SQLConnection) throws -> [AuditTree] {
        try connection.query("SELECT \(columns) FROM audit_trees ORDER BY id", row: AuditTree.init)
    }

    /// Begins a log under a new random origin; whoever writes another one has to begin anew, and finds it.
    static func begin(
        key: SignerKey,
        replaces: String? = nil,
        reason: String = "",
        now: Instant,
        _ connection: any SQLConnection
    ) throws -> String {
        let number = SecureRandom.bytes(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        let digits = String(number, radix: 16)
        let origin = "tokenaudit/" + String(repeating: "0", count: 16 - digits.count) + digits
        guard let signer = key.signer(for: origin) else { throw StorageError.misuse("an origin that is no name") }
        try connection.execute("UPDATE audit_trees SET epoch = epoch + 1")
        try connection.execute(
            "INSERT INTO audit_trees (id, origin, verifier_key, started_at, replaces, reason) SELECT COALESCE(MAX(id), 0) + 1, ?, ?, ?, ?, ? FROM audit_trees",
            .text(origin),
            .text(signer.verifierKey.description),
            SQLValue(now),
            SQLValue(replaces),
            .text(reason)
        )
        return origin
    }

    /// Takes the pen from whoever had it. - Returns: the new epoch; nil if somebody wrote meanwhile.
    func claim(_ connection: any SQLConnection) throws -> Int64? {
        let changed = try connection.execute(
            "UPDATE audit_trees SET epoch = epoch + 1 WHERE id = ? AND size = ? AND epoch = ?",
            .integer(id),
            .integer(Int64(size)),
            .integer(epoch)
        )
        return changed == 1 ? epoch + 1 : nil
    }

    // MARK: - Tiles and checkpoints

    static func nodes(of tree: Int64, _ connection: any SQLConnection) -> TileNodes {
        TileNodes { tile in try hashes(of: tile, tree: tree, connection) }
    }

    /// Nil where there is no such tile, or it is malformed.
    static func hashes(of tile: Tile, tree: Int64, _ connection: any SQLConnection) throws -> [TreeHash]? {
        try connection.query(
            "SELECT hashes FROM audit_tiles WHERE tree_id = ? AND level = ? AND tile = ?",
            .integer(tree),
            .integer(Int64(tile.level)),
            .integer(Int64(clamping: tile.index))
        ) { Tile.hashes(of: $0.blob(0)) }.first ?? nil
    }

    static func save(
        _ hashes: [TreeHash],
        in tile: Tile,
        tree: Int64,
        _ connection: any SQLConnection
    ) throws {
        try connection.execute(
            "INSERT INTO audit_tiles (tree_id, level, tile, hashes) VALUES (?, ?, ?, ?) ON CONFLICT (tree_id, level, tile) DO UPDATE SET hashes = excluded.hashes",
            .integer(tree),
            .integer(Int64(tile.level)),
            .integer(Int64(clamping: tile.index)),
            .blob(Tile.bytes(of: hashes))
        )
    }

    /// The notes of the tree, the oldest first.
    func notes(_ connection: any SQLConnection) throws -> [String] {
        try connection.query("SELECT note FROM audit_checkpoints WHERE tree_id = ? ORDER BY size", .integer(id)) {
            $0.text(0)
        }
    }

    func newestNote(_ connection: any SQLConnection) throws -> String? {
        try connection.query(
            "SELECT note FROM audit_checkpoints WHERE tree_id = ? ORDER BY size DESC LIMIT 1",
            .integer(id)
        ) { $0.text(0) }.first
    }
}

/// The keys that the audit log is checked with, as the database names them.
package enum AuditKeys {
    /// Nil before anything is signed.
    package static func newest(of database: any Database) throws -> String? {
        try database.read { try AuditTree.all($0).last?.verifierKey }
    }
}
