/// What came of a change that may have been asked for before.
package enum Once<Made: Sendable>: Sendable {
    case made(Made)
    /// It was made then, and this was answered; nothing has changed now.
    case before(answer: [UInt8])
}
