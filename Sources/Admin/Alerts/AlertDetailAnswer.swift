import Domain

/// An alert with how its deliveries went.
struct AlertDetailAnswer: Encodable {
    let record: AlertRecord
    let deliveries: [DeliveryRecord]
    let language: Language

    private static let delivery = Shape.object(
        "AlertDelivery",
        [
            "id": .id, "channel": .id, "channel_name": .text.nullable(),
            "user": .id.nullable().noted("The owner it goes to; null: the channel's own recipients."),
            "state": .choice(DeliveryRecord.State.allCases.map(\.name)), "attempts": .count,
            "next_attempt_at": .instant.nullable(), "problem": .choice(DeliveryProblem.self).nullable(),
            "finished_at": .instant.nullable(),
        ]
    )
    static let shape = Shape.object("AlertDetail", AlertAnswer.members + [("deliveries", .list(delivery), true)])

    private struct Delivery: Encodable {
        let record: DeliveryRecord

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: NameKey.self)
            try container.encode(record.id.rawValue, forKey: NameKey("id"))
            try container.encode(record.channel.id.rawValue, forKey: NameKey("channel"))
            try container.encode(record.channel.name, forKey: NameKey("channel_name"))
            try container.encode(record.userID?.rawValue, forKey: NameKey("user"))
            try container.encode(record.state.name, forKey: NameKey("state"))
            try container.encode(record.attempts, forKey: NameKey("attempts"))
            try container.encode(record.nextAttemptAt?.description, forKey: NameKey("next_attempt_at"))
            try container.encode(record.problem?.rawValue, forKey: NameKey("problem"))
            try container.encode(record.finishedAt?.description, forKey: NameKey("finished_at"))
        }
    }

    func encode(to encoder: any Encoder) throws {
        try AlertAnswer(record: record, language: language).encode(to: encoder)
        var container = encoder.container(keyedBy: NameKey.self)
        try container.encode(deliveries.map(Delivery.init(record:)), forKey: NameKey("deliveries"))
    }
}
