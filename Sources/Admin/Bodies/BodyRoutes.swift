import Domain
import HTTPTypes
import Hummingbird

/// `…/requests/{request_id}/body`: what was kept of a call's bodies, each look an audit leaf; `/api/admin/bodies`: what they
/// take.
struct BodyRoutes: Sendable {
    private static let admin = "/api/admin/requests/{request_id}/body"

    let administration: Administration

    private var bodies: any CallBodies { administration.bodies }

    var operations: [Operation] {
        [
            view(at: Self.admin, atLeast: .auditor) { _ in nil },
            view(at: "/api/me/requests/{request_id}/body", atLeast: .user) { $0.user },
            .guarded(
                .delete,
                Self.admin,
                atLeast: .admin,
                "Erases what is kept of a call's bodies, for good; its bill stays.",
                gives: .empty
            ) { asked, caller in
                try await bodies.erase(try asked.callID(), by: caller.actor)
                return JSONAnswer.empty
            },
            .guarded(
                .get,
                "/api/admin/bodies",
                atLeast: .auditor,
                "What kept bodies take, and how many could not be kept.",
                gives: .ok(FiguresAnswer.shape)
            ) { _, _ in
                JSONAnswer.response(FiguresAnswer(try await bodies.figures()))
            },
        ]
    }

    private func view(
        at path: String,
        atLeast role: Role,
        of owner: @escaping @Sendable (Caller) -> UserID?
    ) -> Operation {
        .guarded(
            .get,
            path,
            atLeast: role,
            "What was kept of a call's bodies; noted in the audit log. Where there is nothing, the code says why.",
            gives: .ok(BodyAnswer.shape)
        ) { asked, caller in
            let body = try await bodies.view(try asked.callID(), of: owner(caller), by: caller.actor)
            return JSONAnswer.response(BodyAnswer(body, reader: administration.answers))
        }
    }

    private struct FiguresAnswer: Encodable {
        let calls: Int64
        let storedBytes: Int64
        let fileBytes: Int64
        @OrNull var oldest: String?
        let dropped: Int64
        let waiting: Int64

        init(_ figures: BodyFigures) {
            calls = figures.calls
            storedBytes = figures.storedBytes
            fileBytes = figures.fileBytes
            oldest = figures.oldest?.description
            dropped = figures.dropped
            waiting = figures.waiting
        }

        static let shape = Shape.object(
            "BodyFigures",
            [
                "calls": .count, "stored_bytes": .count.noted("Compressed and sealed."),
                "file_bytes": .count, "oldest": .instant.nullable(),
                "dropped": .count.noted("Of this server since its start."), "waiting": .count,
            ]
        )

        enum CodingKeys: String, CodingKey {
            case calls, oldest, dropped, waiting
            case storedBytes = "stored_bytes"
            case fileBytes = "file_bytes"
        }
    }
}
