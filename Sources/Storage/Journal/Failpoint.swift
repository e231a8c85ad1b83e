#if FAILPOINTS
    import Glibc
    import Synchronization

    /// Where a test build fails on demand: `TOKENAUDIT_FAIL=name:n:kill` ends the process at the n-th hit of `name`,
    /// `name:n:stop` stops it there until it is continued, `name:n:error` makes that step fail from the n-th hit on,
    /// `name:n:percent` so many of each hundred.
    enum Failpoint {
        private enum Kind: String {
            case kill, stop, error, percent
        }

        private static let plan: (name: String, count: Int, kind: Kind)? = {
            guard let text = getenv("TOKENAUDIT_FAIL").map({ String(cString: $0) }) else { return nil }
            let fields = text.split(separator: ":")
            guard fields.count == 3, let kind = Kind(rawValue: String(fields[2])), let count = Int(fields[1]) else {
                return nil
            }
            return (String(fields[0]), count, kind)
        }()
        private static let hits = Atomic<Int>(0)

        static func hit(_ name: StaticString) { _ = fails(name) }

        /// - Returns: true where the step must fail.
        static func fails(_ name: StaticString) -> Bool {
            guard let plan, plan.name == "\(name)" else { return false }
            let count = hits.add(1, ordering: .relaxed).newValue
            switch plan.kind {
            case .kill:
                if count == plan.count { Glibc.kill(getpid(), SIGKILL) }
                return false
            case .stop:
                // To this thread: it does not go on while the others are being stopped.
                if count == plan.count { raise(SIGSTOP) }
                return false
            case .error: return count >= plan.count
            // Spread over the hundred: no transaction meets them all.
            case .percent: return count * 37 % 100 < plan.count
            }
        }
    }
#else
    enum Failpoint {
        @inline(__always)
        static func hit(_ name: StaticString) {}

        @inline(__always)
        static func fails(_ name: StaticString) -> Bool { false }
    }
#endif
