import Domain
import NIOCore

extension Gateway {
    /// Tells who presents `key`: at once where the directory knows, else after a read, on the loop.
    func authenticate(
        _ key: Substring,
        at now: Instant,
        on loop: LoopContext,
        then answer: @escaping @Sendable (Result<Principal, CallError>) -> Void
    ) {
        let digest = digester.digest(of: key)
        let known = directory.principal(for: digest)
        guard case .notLoaded = known else { return answer(Self.judge(known, at: now)) }
        directory.load(digest) { lookup in
            loop.eventLoop.execute { answer(Self.judge(lookup ?? .notLoaded, at: now)) }
        }
    }

    private static func judge(_ lookup: PrincipalLookup, at now: Instant) -> Result<Principal, CallError> {
        switch lookup {
        case .known(let principal):
            principal.isActive && principal.expiresAt.map { now < $0 } ?? true
                ? .success(principal) : .failure(.invalidKey)
        case .unknown: .failure(.invalidKey)
        case .notLoaded: .failure(.directoryBusy)
        }
    }
}

extension KeyDigester {
    /// The digest of a presented key. Any text is digested, so that a wrong form takes as long as a wrong key.
    func digest(of key: Substring) -> KeyDigest {
        var key = key
        return key.withUTF8 { digest(UnsafeRawBufferPointer($0)) }
    }
}
