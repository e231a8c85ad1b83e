import Domain
import Foundation
import Logging
import Testing

@testable import Storage

/// A database with calls in it, and their bodies in a folder of their own.
struct BodyStage {
    static let day: Int64 = 86_400
    static let owner = UserID(4)

    let stage: ApplyStage
    let folder: String
    let archive: BodyArchive
    let store: BodyStore

    init() throws {
        stage = try ApplyStage()
        folder = stage.folder + "/bodies"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        archive = Self.archive(stage, folder, stage.vault)
        store = Self.store(stage, archive)
    }

    private static func archive(_ stage: ApplyStage, _ folder: String, _ vault: Vault) -> BodyArchive {
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        return BodyArchive(
            beside: folder + "/books.sqlite",
            database: stage.database,
            vault: vault,
            logger: logger,
            clock: { [clock = stage.clock] in clock.now() }
        )
    }

    private static func store(_ stage: ApplyStage, _ archive: BodyArchive) -> BodyStore {
        BodyStore(
            archive: archive,
            desk: ControlDesk(writer: stage.database, reader: stage.database) { [clock = stage.clock] in clock.now() },
            keptSeconds: { 30 * day }
        )
    }

    /// The same bodies as a process sees them that has only this vault.
    func reopened(_ vault: Vault) -> (archive: BodyArchive, store: BodyStore) {
        let archive = Self.archive(stage, folder, vault)
        return (archive, Self.store(stage, archive))
    }

    func remove() {
        archive.file.close()
        stage.remove()
    }

    func id(_ number: UInt64) -> CallID { CallID(at: stage.clock.now(), random: (number, number)) }

    static func body(_ text: String) -> CapturedBody {
        CapturedBody(bytes: Array(text.utf8), wholeBytes: Int64(text.utf8.count), isTruncated: false)
    }

    func captured(_ id: CallID, request: String = "question", answer: String = "answer") -> CapturedCall {
        CapturedCall(id: id, capture: .full, isStreamed: false) { (Self.body(request), Self.body(answer)) }
    }

    /// A row as the journal would have it, of ``owner``'s.
    func book(_ id: CallID) throws {
        _ = try stage.database.write { connection in
            try connection.execute(
                "INSERT INTO api_requests (id, state, replica_id, user_id, key_id, model_id, route_id, provider_id, group_id, price_version_id, price_multiplier, endpoint, is_streamed, hold, parts, output_limit, estimated_input_tokens, estimated_input_price, created_at, ip_address, user_agent_id) VALUES (?, 1, 1, ?, 1, 1, 1, 1, 1, 1, 10000, 1, 0, 100, ?, 1, 1, 1, 1, '', 1)",
                SQLValue(id),
                SQLValue(Self.owner),
                .blob([])
            )
        }
    }

    /// Hands calls over, and returns once they are written or dropped.
    func keep(_ calls: [CapturedCall]) async {
        for call in calls { archive.sink.keep(call) }
        await archive.writer.settled()
    }

    func leaves() throws -> [String] {
        try stage.database.read { connection in
            try connection.query("SELECT data FROM audit_leaves WHERE kind = 2 ORDER BY number") {
                String(decoding: $0.blob(0), as: UTF8.self)
            }
        }
    }
}
