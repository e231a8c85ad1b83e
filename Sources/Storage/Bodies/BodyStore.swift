package import Domain
import GRDBSQLite
import Glibc

/// Kept bodies as the control plane asks for them.
package struct BodyStore: CallBodies {
    private let archive: BodyArchive
    private let desk: ControlDesk
    private let keptSeconds: @Sendable () -> Int64

    /// - Parameter keptSeconds: the setting of now.
    package init(archive: BodyArchive, desk: ControlDesk, keptSeconds: @escaping @Sendable () -> Int64) {
        self.archive = archive
        self.desk = desk
        self.keptSeconds = keptSeconds
    }

    package func standing(of id: CallID) async -> BodyStanding? {
        guard !isExpired(id) else { return nil }
        let capture = try? await archive.reading { try $0.file.read { try BodyRows.capture(of: id, $0) } ?? nil }
        return (capture ?? nil).map { standing(id, $0) }
    }

    package func view(_ id: CallID, of owner: UserID?, by actor: Actor) async throws(DeskError) -> CallBody {
        let row = try await row(id, of: owner)
        try await desk.write { try $0.testify("body viewed", of: id, by: actor) }
        let (request, answer) = try await archive.reading { archive in
            let places = BodyRow.places(id, key: row.keyVersion)
            do {
                guard let key = try archive.keys.opening(row.keyVersion) else {
                    throw DeskError.conflict(.unreadable)
                }
                return (
                    try row.request.opened(with: key, at: places.request),
                    try row.answer.opened(with: key, at: places.answer)
                )
            } catch is SecretError {
                throw DeskError.conflict(.unreadable)
            }
        }
        return CallBody(
            id: id,
            standing: standing(id, row.capture),
            isStreamed: row.isStreamed,
            request: request,
            answer: answer
        )
    }

    package func erase(_ id: CallID, by actor: Actor) async throws(DeskError) {
        _ = try await row(id, of: nil)
        try await desk.write { try $0.testify("body erased", of: id, by: actor) }
        try await archive.reading { archive in
            try archive.file.withWriter { _ = try $0.query("PRAGMA secure_delete = ON") { _ in () } }
            try archive.file.write { try BodyRows.erase(id, now: archive.clock(), $0) }
            try archive.file.withWriter { connection in
                // What was overwritten stands in the WAL until this.
                _ = try connection.query("PRAGMA wal_checkpoint(TRUNCATE)") { _ in () }
                _ = try connection.query("PRAGMA secure_delete = OFF") { _ in () }
            }
        }
    }

    package func figures() async throws(DeskError) -> BodyFigures {
        try await archive.reading { archive in
            let stored = try archive.file.read { (sums: try BodyRows.sums($0), oldest: try BodyRows.oldest($0)) }
            let (dropped, waiting) = archive.writer.figures
            return BodyFigures(
                calls: stored?.sums.calls ?? 0,
                storedBytes: stored?.sums.bytes ?? 0,
                fileBytes: Self.size(archive.file.path) + Self.size(archive.file.path + "-wal"),
                oldest: stored?.oldest,
                dropped: dropped,
                waiting: waiting
            )
        }
    }

    private func row(_ id: CallID, of owner: UserID?) async throws(DeskError) -> BodyRow {
        let user = try await desk.read { try CallRecords.owner(of: id, $0) }
        guard let user, owner == nil || owner == user else { throw .notFound }
        if isExpired(id) { throw .absent(.expired) }
        let found = try await archive.reading { try $0.file.read { try BodyRows.find(id, $0) } }
        switch found ?? .nothing {
        case .kept(let row): return row
        case .erased: throw .absent(.erased)
        case .nothing: throw .absent(.notCaptured)
        }
    }

    private func isExpired(_ id: CallID) -> Bool {
        id.time < KeptTime.cut(now: archive.clock(), keptSeconds: keptSeconds())
    }

    private func standing(_ id: CallID, _ capture: Capture) -> BodyStanding {
        BodyStanding(capture: capture, keptUntil: KeptTime.end(of: id, keptSeconds: keptSeconds()))
    }

    private static func size(_ path: String) -> Int64 {
        var found = stat()
        return stat(path, &found) == 0 ? Int64(found.st_size) : 0
    }
}

extension ActTransaction {
    /// Which call's, in place of columns: calls have no number to name a row by.
    fileprivate func testify(_ act: String, of id: CallID, by actor: Actor) throws {
        try testify(act, row: 0, fields: [id.description], by: actor.description)
    }
}
