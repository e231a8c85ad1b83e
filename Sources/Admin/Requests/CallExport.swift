import Domain
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore

/// All calls that are asked for, as a file: slice by slice, each a short read, no faster than the client takes them.
struct CallExport: Sendable {
    enum Form: String, CaseIterable, Sendable {
        case csv
        case jsonLines = "jsonl"

        var mediaType: String {
            switch self {
            case .csv: "text/csv; charset=utf-8"
            case .jsonLines: "application/jsonl"
            }
        }
    }

    private static let callsAtOnce = 500

    let log: any CallLog
    let query: CallQuery
    let reader: CallReader
    let form: Form

    func response() -> Response {
        Response(
            status: .ok,
            headers: [
                .contentType: form.mediaType, .cacheControl: "no-store",
                .contentDisposition: "attachment; filename=\"requests.\(form.rawValue)\"",
            ],
            body: .init { writer in
                try await write { try await writer.write(ByteBuffer(string: $0)) }
                try await writer.finish(nil)
            }
        )
    }

    private func write(_ put: (String) async throws -> Void) async throws {
        if form == .csv { try await put(CSV.line(Self.columns(for: reader))) }
        var query = query
        query.limit = Self.callsAtOnce
        while true {
            let slice = try await log.calls(query)
            if !slice.items.isEmpty { try await put(slice.items.map(text).joined()) }
            guard let older = slice.older else { return }
            query.cursor = .before(older)
        }
    }

    private func text(_ call: CallRecord) -> String {
        switch form {
        case .csv: CSV.line(fields(call))
        case .jsonLines: JSONAnswer.text(CallAnswer(call: call, reader: reader)) + "\n"
        }
    }

    private static func columns(for reader: CallReader) -> [CSV.Field] {
        let all = [
            "request_id", "created_at", "ended_at", "user", "user_email", "key", "key_name", "model_name",
            "model_group_name", "endpoint", "is_streamed", "state", "status_code", "input_tokens", "output_tokens",
            "total_cost", "duration_ms", "first_byte_ms", "flags", "ip_address", "user_agent", "client_request_id",
        ]
        return (reader == .owner ? all : all + ["provider_name", "provider_cost"]).map { .plain($0) }
    }

    private func fields(_ call: CallRecord) -> [CSV.Field] {
        let bill = call.bill
        let all: [CSV.Field] = [
            .plain(bill.id.description), .plain(bill.startedAt.description),
            .plain(call.endedAt?.description ?? ""), .plain(call.user.id.description), .text(call.user.name ?? ""),
            .plain(call.key.id.description), .text(call.key.name ?? ""), .text(call.model.name ?? ""),
            .text(call.group.name ?? ""), .plain(bill.endpoint?.path ?? ""), .plain("\(bill.isStreamed)"),
            .plain(bill.state.name), .plain("\(bill.statusCode)"), .plain("\(bill.usage.inputTokens)"),
            .plain("\(bill.usage.outputTokens)"), .plain(bill.charge.description),
            .plain(bill.durationMilliseconds.map { "\($0)" } ?? ""),
            .plain(bill.firstByteMilliseconds.map { "\($0)" } ?? ""),
            .plain(bill.flags.list.joined(separator: " ")), .text(call.clientAddress), .text(call.userAgent),
            .text(call.clientRequestID ?? ""),
        ]
        guard reader == .auditor else { return all }
        return all + [.text(call.provider.name ?? ""), .plain(call.cost.description)]
    }
}
