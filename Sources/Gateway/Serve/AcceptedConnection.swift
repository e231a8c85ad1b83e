package import HummingbirdCore
package import NIOCore
package import NIOHTTPTypes
import Synchronization

/// A connection between being accepted and being served.
///
/// A server that stops listening drops connections that it has accepted and not begun to serve, and NIO's writer traps where it is
/// dropped without having been finished (swift-nio issues 2813 and 3481). Here it is finished, whoever drops it.
package final class AcceptedConnection: ServerChildChannelValue {
    private let asyncChannel: NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>
    private let isTaken = Atomic(false)

    init(_ asyncChannel: NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>) { self.asyncChannel = asyncChannel }

    package var channel: any Channel { asyncChannel.channel }

    /// Whoever takes it sees to its end.
    func take() -> NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart> {
        isTaken.store(true, ordering: .relaxed)
        return asyncChannel
    }

    deinit {
        guard !isTaken.load(ordering: .relaxed) else { return }
        // Only inside of this can a writer be finished; nobody is left who could wait for it.
        Task { [asyncChannel] in try? await asyncChannel.executeThenClose { _, _ in } }
    }
}
