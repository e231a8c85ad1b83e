/// Whether this process is seen to live by those who would close the calls of a dead one.
protocol Pulse: Sendable {
    var isFresh: Bool { get }
}
