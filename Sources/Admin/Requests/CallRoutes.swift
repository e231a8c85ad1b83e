import Domain
import HTTPTypes
import Hummingbird

/// `/api/admin/requests`: the request log for auditors; `/api/me/requests`: one's own, without what the provider took.
struct CallRoutes: Sendable {
    let administration: Administration

    private var log: any CallLog { administration.calls }

    var operations: [Operation] {
        operations(at: "/api/admin/requests", atLeast: .auditor, for: .auditor)
            + operations(at: "/api/me/requests", atLeast: .user, for: .owner)
    }

    private func operations(at path: String, atLeast role: Role, for reader: CallReader) -> [Operation] {
        let filters = CallParameters.filters(for: reader)
        let list = Operation.guarded(
            .get,
            path,
            atLeast: role,
            """
            Calls, newest first. A slice looks at a bounded number of rows: where scanned_through is set it stopped \
            there, and next goes on.
            """,
            query: filters + [CallParameters.cursor, PageNumber.size],
            gives: .slice(of: CallAnswer.shape(for: reader))
        ) { asked, caller in
            try await slice(asked, caller, for: reader)
        }
        let exports = CallExport.Form.allCases.map { form in
            Operation.guarded(
                .get,
                path + "/export.\(form.rawValue)",
                atLeast: role,
                "All calls that are asked for, as a file; noted in the audit log.",
                query: filters,
                gives: .text(form.mediaType)
            ) { asked, caller in
                try await export(asked, caller, for: reader, as: form)
            }
        }
        let detail = Operation.guarded(
            .get,
            path + "/{request_id}",
            atLeast: role,
            "A call with its bill explained line by line.",
            gives: .ok(CallDetailAnswer.shape(for: reader))
        ) { asked, caller in
            let owner = reader == .owner ? caller.user : nil
            let id = try asked.callID()
            guard let detail = try await log.call(id, of: owner) else { throw ControlError.missing }
            let body = await administration.bodies.standing(of: id)
            return JSONAnswer.response(CallDetailAnswer(detail: detail, body: body, reader: reader))
        }
        return [list] + exports + [detail]
    }

    private func slice(_ asked: AdminRequest, _ caller: Caller, for reader: CallReader) async throws -> Response {
        var list = try asked.query()
        var query = CallParameters.query(&list, for: reader, of: caller.user)
        query.cursor = list.value(CallParameters.cursor)
        query.limit = list.size()
        try list.finish()
        let slice = try await log.calls(query)
        return list.answer(slice) { CallAnswer(call: $0, reader: reader) }
    }

    private func export(
        _ asked: AdminRequest,
        _ caller: Caller,
        for reader: CallReader,
        as form: CallExport.Form
    ) async throws -> Response {
        var list = try asked.query()
        let query = CallParameters.query(&list, for: reader, of: caller.user)
        try list.finish()
        try await log.noteExport(by: caller.actor)
        return CallExport(log: log, query: query, reader: reader, form: form).response()
    }
}
