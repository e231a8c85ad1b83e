import Domain

/// All settings.
struct SettingsAnswer: Encodable {
    let settings: [SettingAnswer]

    static let shape = Shape.object("Settings", ["settings": .list(SettingAnswer.shape)])
}

struct SettingAnswer: Encodable {
    let setting: SettingRecord

    static let shape = Shape.object(
        "Setting",
        [
            "name": .text, "value": .text.nullable().noted("Null where it is secret."), "default": .text.nullable(),
            "origin": .choice(SettingRecord.Origin.self),
            "place": .text.nullable().noted("The file's line, the variable or the flag that sets it."),
            "is_secret": .flag, "is_live": .flag.noted("May be changed here, unless place is set."), "note": .text,
        ]
    )

    enum CodingKeys: String, CodingKey {
        case name, value, `default`, origin, place, note
        case isSecret = "is_secret"
        case isLive = "is_live"
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(setting.name, forKey: .name)
        try container.encode(setting.value, forKey: .value)
        try container.encode(setting.default, forKey: .default)
        try container.encode(setting.origin.rawValue, forKey: .origin)
        try container.encode(setting.place, forKey: .place)
        try container.encode(setting.isSecret, forKey: .isSecret)
        try container.encode(setting.isLive, forKey: .isLive)
        try container.encode(setting.note, forKey: .note)
    }
}
