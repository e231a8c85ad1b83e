/// What is wrong with the members or parameters of a request, collected so that a client hears everything at once.
struct Problems {
    private var wrong: [String: [Message]] = [:]
    private var contradictions: [String: [Message]] = [:]

    var isEmpty: Bool { wrong.isEmpty && contradictions.isEmpty }

    mutating func refuse(_ name: String, _ message: Message) {
        wrong[name, default: []].append(message)
    }

    /// For values that are right by themselves and not together, or not possible.
    mutating func contradict(_ name: String, _ message: Message) {
        contradictions[name, default: []].append(message)
    }

    /// - Throws: all of it: 400; 422 where nothing is wrong by itself.
    func finish() throws(ControlError) {
        guard !isEmpty else { return }
        if wrong.isEmpty { throw .contradictoryFields(contradictions) }
        throw .badFields(wrong.merging(contradictions) { $0 + $1 })
    }
}
