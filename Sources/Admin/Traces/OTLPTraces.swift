import Domain

/// Calls as OTLP's JSON (opentelemetry-proto 1.x, `ExportTraceServiceRequest`): of each the server's span, and under it the
/// client's one of what a provider was asked, by the GenAI conventions. Numbers of 64 bits are texts there.
struct OTLPTraces {
    private enum SpanKind: String {
        case server = "2"
        case client = "3"
    }

    let traces: [CallTrace]
    let version: String

    var text: String {
        let scope = JSONItem.object(["name": .string("tokenaudit"), "version": .string(version)])
        let resource = Self.attributes([
            ("service.name", .string("tokenaudit")), ("service.version", .string(version)),
        ])
        return JSONItem.object([
            "resourceSpans": .array([
                .object([
                    "resource": .object(["attributes": resource]),
                    "scopeSpans": .array([
                        .object(["scope": scope, "spans": .array(traces.flatMap(Self.spans))])
                    ]),
                ])
            ])
        ]).text
    }

    private static func spans(_ trace: CallTrace) -> [JSONItem] {
        [server(trace)] + (trace.upstream.map { [client($0, of: trace)] } ?? [])
    }

    private static func server(_ trace: CallTrace) -> JSONItem {
        var facts: [(String, Value)] = [
            ("http.request.method", .string("POST")), ("http.route", .string(trace.endpoint.path)),
            ("tokenaudit.request_id", .string(trace.id.description)),
        ]
        if trace.statusCode > 0 { facts.append(("http.response.status_code", .number(Int64(trace.statusCode)))) }
        // What went wrong upstream stands there; a server's span fails by what its client saw.
        let failure =
            trace.refusal ?? (trace.statusCode >= 500 ? trace.upstream?.failure ?? "\(trace.statusCode)" : nil)
        if let failure { facts.append(("error.type", .string(failure))) }
        var events: [JSONItem] = []
        if let heldAt = trace.heldAt { events.append(event("admitted", at: heldAt)) }
        if let upstream = trace.upstream { events.append(event("settling", at: upstream.endedAt)) }
        return span(
            trace.context.spanID,
            in: trace,
            under: trace.parentID,
            named: "POST \(trace.endpoint.path)",
            kind: .server,
            from: trace.beganAt,
            to: trace.endedAt,
            attributes: attributes(facts),
            events: events,
            hasFailed: trace.statusCode >= 500
        )
    }

    private static func client(_ upstream: CallTrace.Upstream, of trace: CallTrace) -> JSONItem {
        let operation = trace.endpoint.operationName
        var facts: [(String, Value)] = [
            ("gen_ai.operation.name", .string(operation)),
            ("gen_ai.provider.name", .string(upstream.dialect.rawValue)),
            ("gen_ai.request.model", .string(upstream.model)),
            ("gen_ai.request.stream", .flag(upstream.isStreamed)),
            ("server.address", .string(upstream.host)), ("server.port", .number(Int64(upstream.port))),
            ("tokenaudit.provider", .string(upstream.provider)),
        ]
        let usage = upstream.usage
        for (name, count) in [
            ("input_tokens", usage.inputTokens), ("output_tokens", usage.outputTokens),
            ("cache_read.input_tokens", usage[.cacheRead]),
            ("cache_creation.input_tokens", usage[.cacheWrite5m] + usage[.cacheWrite1h]),
            ("reasoning.output_tokens", usage[.reasoning]),
        ] where count > 0 {
            facts.append(("gen_ai.usage.\(name)", .number(count)))
        }
        if let first = upstream.firstOutputAt {
            facts.append(("gen_ai.response.time_to_first_chunk", .seconds(nanoseconds: first - upstream.sentAt)))
        }
        if let failure = upstream.failure { facts.append(("error.type", .string(failure))) }
        return span(
            upstream.spanID,
            in: trace,
            under: trace.context.spanID,
            named: "\(operation) \(upstream.model)",
            kind: .client,
            from: upstream.sentAt,
            to: upstream.endedAt,
            attributes: attributes(facts),
            events: [],
            hasFailed: upstream.failure != nil
        )
    }

    // MARK: - Pieces of OTLP

    private enum Value {
        case string(String)
        case number(Int64)
        case flag(Bool)
        case seconds(nanoseconds: Int64)

        var item: JSONItem {
            switch self {
            case .string(let text): .object(["stringValue": .string(text)])
            case .number(let number): .object(["intValue": .string("\(number)")])
            case .flag(let flag): .object(["boolValue": .bool(flag)])
            case .seconds(let nanoseconds):
                .object(["doubleValue": .number(MetricNumber.seconds(nanoseconds: Int128(nanoseconds)).description)])
            }
        }
    }

    private static func attributes(_ facts: [(String, Value)]) -> JSONItem {
        .array(facts.map { .object(["key": .string($0.0), "value": $0.1.item]) })
    }

    private static func event(_ name: String, at time: Int64) -> JSONItem {
        .object(["name": .string(name), "timeUnixNano": .string("\(time)")])
    }

    private static func span(
        _ id: UInt64,
        in trace: CallTrace,
        under parent: UInt64?,
        named name: String,
        kind: SpanKind,
        from start: Int64,
        to end: Int64,
        attributes: JSONItem,
        events: [JSONItem],
        hasFailed: Bool
    ) -> JSONItem {
        var members: [String: JSONItem] = [
            "traceId": .string(trace.context.traceID.description), "spanId": .string(TraceID.hex(id)),
            "name": .string(name), "kind": .number(kind.rawValue), "startTimeUnixNano": .string("\(start)"),
            "endTimeUnixNano": .string("\(end)"), "attributes": attributes,
            // 2: an error; 0: nothing is said.
            "status": .object(["code": .number(hasFailed ? "2" : "0")]),
        ]
        if let parent { members["parentSpanId"] = .string(TraceID.hex(parent)) }
        if !events.isEmpty { members["events"] = .array(events) }
        return .object(members)
    }
}
