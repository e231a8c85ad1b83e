import Domain
import HTTPTypes
import Hummingbird

/// `…/requests/{request_id}/proof`: a bill's path to the root that was signed; `/api/admin/audit/consistency`: that the log
/// only grew since a checkpoint that somebody kept. Nothing here has to be believed: the browser checks all of it.
struct ProofRoutes: Sendable {
    private static let from = Parameter<Int64>.integer(
        "from",
        "How many leaves the kept checkpoint has; absent: 0.",
        0...Int64.max
    )
    private static let origin = Parameter<String>.text(
        "origin",
        "Which log it was of, its first line; absent: the one that grows.",
        most: 128
    )

    let administration: Administration

    private var proofs: any AuditProofs { administration.proofs }

    var operations: [Operation] {
        [
            proof(
                at: "/api/admin/requests/{request_id}/proof",
                atLeast: .auditor,
                for: .auditor,
                "The proof that a call's bill is in the signed log, with what its leaf is the hash of."
            ),
            proof(
                at: "/api/me/requests/{request_id}/proof",
                atLeast: .user,
                for: .owner,
                "The proof that one's bill is in the signed log: its leaf's hash, not its words, which have what the provider took."
            ),
            .guarded(
                .get,
                "/api/admin/audit/consistency",
                atLeast: .auditor,
                "The proof that the log, as it was signed last, begins with the leaves that it had.",
                query: [Self.from, Self.origin],
                gives: .ok(GrowthAnswer.shape)
            ) { asked, _ in
                var query = try asked.query()
                let from = query.value(Self.from) ?? 0
                let origin = query.value(Self.origin)
                try query.finish()
                guard let growth = try await proofs.growth(from: UInt64(from), origin: origin) else {
                    throw ControlError.missing
                }
                return JSONAnswer.response(GrowthAnswer(from: from, growth: growth))
            },
        ]
    }

    private func proof(at path: String, atLeast role: Role, for reader: CallReader, _ summary: String) -> Operation {
        .guarded(
            .get,
            path,
            atLeast: role,
            summary,
            gives: .ok(ProofAnswer.shape(for: reader))
        ) { asked, caller in
            let id = try asked.callID()
            let owner = reader == .owner ? caller.user : nil
            guard let bill = try await proofs.bill(id, of: owner) else { throw ControlError.missing }
            return JSONAnswer.response(ProofAnswer(id: id, bill: bill, reader: reader))
        }
    }
}
