/// A change that its asker may ask for again, not knowing whether it was made: it is made once.
package struct Repeatable<Made: Sendable>: Sendable {
    /// What the asker calls the request, unique among their own of a day.
    package let key: String
    /// 32 bytes of all that is asked for: under one key it stays the same, or is refused.
    package let fingerprint: [UInt8]
    /// What is answered, to be kept with the change.
    package let answer: @Sendable (Made) -> [UInt8]

    package init(key: String, fingerprint: [UInt8], answer: @escaping @Sendable (Made) -> [UInt8]) {
        self.key = key
        self.fingerprint = fingerprint
        self.answer = answer
    }
}
