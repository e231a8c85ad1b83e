import Domain

/// What is kept of a call's bodies and until when, without any of it.
struct BodyStandingAnswer: Encodable {
    let capture: String
    let keptUntil: String

    init(_ standing: BodyStanding) {
        capture = standing.capture.rawValue
        keptUntil = standing.keptUntil.description
    }

    static let shape = Shape.object("BodyStanding", ["capture": .choice(kinds), "kept_until": .instant])
    static let kinds = Capture.allCases.filter { $0 != .off }.map(\.rawValue)

    enum CodingKeys: String, CodingKey {
        case capture
        case keptUntil = "kept_until"
    }
}

/// A call's bodies: as they came, and the answer put together.
struct BodyAnswer: Encodable {
    let requestID: String
    let capture: String
    let keptUntil: String
    let isStreamed: Bool
    let request: Part
    let response: Part
    /// Nil where only metadata is kept.
    @OrNull var assembled: AssembledAnswerJSON?

    init(_ body: CallBody, reader: any AnswerReader) {
        requestID = body.id.description
        capture = body.standing.capture.rawValue
        keptUntil = body.standing.keptUntil.description
        isStreamed = body.isStreamed
        request = Part(body.request)
        response = Part(body.answer)
        assembled =
            body.standing.capture == .full
            ? AssembledAnswerJSON(answer: reader.read(body.answer.bytes, isStreamed: body.isStreamed)) : nil
    }

    struct Part: Encodable {
        let text: String
        let isExact: Bool
        let bytes: Int64
        let isTruncated: Bool

        init(_ body: CapturedBody) {
            let exact = String(validating: body.bytes, as: UTF8.self)
            text = exact ?? String(decoding: body.bytes, as: UTF8.self)
            isExact = exact != nil
            bytes = body.wholeBytes
            isTruncated = body.isTruncated
        }

        static let shape = Shape.object(
            "BodyPart",
            [
                "text": .text.noted("As it came; of metadata a JSON object that describes it."),
                "is_exact": .flag.noted("False where bytes that are no UTF-8 were replaced."),
                "bytes": .count.noted("All that passed."),
                "is_truncated": .flag.noted("More passed than is kept, or was looked at."),
            ]
        )

        enum CodingKeys: String, CodingKey {
            case text, bytes
            case isExact = "is_exact"
            case isTruncated = "is_truncated"
        }
    }

    static let shape = Shape.object(
        "RequestBody",
        [
            "request_id": .callID, "capture": .choice(BodyStandingAnswer.kinds), "kept_until": .instant,
            "is_streamed": .flag, "request": Part.shape, "response": Part.shape,
            "assembled": AssembledAnswerJSON.shape.nullable(),
        ]
    )

    enum CodingKeys: String, CodingKey {
        case capture, request, response, assembled
        case requestID = "request_id"
        case keptUntil = "kept_until"
        case isStreamed = "is_streamed"
    }
}
