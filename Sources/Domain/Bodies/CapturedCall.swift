/// One direction of a call as it is kept.
package struct CapturedBody: Hashable, Sendable {
    /// What passed, from its beginning, or a JSON object that describes it where only metadata is kept.
    package let bytes: [UInt8]
    /// All that passed.
    package let wholeBytes: Int64
    /// What passed was more than was looked at.
    package let isTruncated: Bool

    package init(bytes: [UInt8], wholeBytes: Int64, isTruncated: Bool) {
        self.bytes = bytes
        self.wholeBytes = wholeBytes
        self.isTruncated = isTruncated
    }
}

/// A call whose bodies are to be kept.
package struct CapturedCall: Sendable {
    package let id: CallID
    package let capture: Capture
    package let isStreamed: Bool
    /// Takes its time: for whoever writes bodies, not for an event loop.
    package let read: @Sendable () -> (request: CapturedBody, answer: CapturedBody)

    package init(
        id: CallID,
        capture: Capture,
        isStreamed: Bool,
        read: @escaping @Sendable () -> (request: CapturedBody, answer: CapturedBody)
    ) {
        self.id = id
        self.capture = capture
        self.isStreamed = isStreamed
        self.read = read
    }
}

/// Where bodies go when their call is over.
package protocol BodySink: Sendable {
    /// Takes a call at once: never waits, never fails. What there is no room for is dropped and counted.
    func keep(_ call: CapturedCall)
}
