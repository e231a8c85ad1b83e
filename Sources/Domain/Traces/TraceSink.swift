/// Takes the traces of calls that are over. Never waits: what it has no room for, it drops and counts.
package protocol TraceSink: Sendable {
    func keep(_ trace: CallTrace)
}
