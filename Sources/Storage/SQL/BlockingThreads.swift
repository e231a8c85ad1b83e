import Dispatch

/// Where blocking database calls run that come from async code: threads of their own, never the cooperative pool's.
enum BlockingThreads {
    private static let queue = DispatchQueue(label: "tokenaudit.storage", attributes: .concurrent)

    static func run<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            queue.async { continuation.resume(with: Result { try body() }) }
        }
    }
}
