#if FAILPOINTS
    import Glibc
    import Synchronization

    /// Where a test build kills itself: `TOKENAUDIT_FAIL=name:n:kill` ends the process at the n-th hit of `name`.
    enum Failpoint {
        private static let plan: (name: String, count: Int)? = {
            guard let text = getenv("TOKENAUDIT_FAIL").map({ String(cString: $0) }) else { return nil }
            let fields = text.split(separator: ":")
            guard fields.count == 3, fields[2] == "kill", let count = Int(fields[1]) else { return nil }
            return (String(fields[0]), count)
        }()
        private static let hits = Atomic<Int>(0)

        static func hit(_ name: StaticString) {
            guard let plan, plan.name == "\(name)" else { return }
            if hits.add(1, ordering: .relaxed).newValue == plan.count { kill(getpid(), SIGKILL) }
        }
    }
#else
    enum Failpoint {
        @inline(__always)
        static func hit(_ name: StaticString) {}
    }
#endif
