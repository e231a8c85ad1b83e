import FakeUpstream

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The number after `name` among the arguments, or `fallback`.
func option(_ name: String, _ fallback: Int) -> Int {
    guard let index = CommandLine.arguments.firstIndex(of: name), index + 1 < CommandLine.arguments.count else {
        return fallback
    }
    return Int(CommandLine.arguments[index + 1]) ?? fallback
}

let upstream = try await FakeUpstream.start(
    port: option("--port", 0),
    threads: option("--threads", 1),
    records: CommandLine.arguments.contains("--record")
)
print("listening 127.0.0.1:\(upstream.port)")
fflush(nil)
try await upstream.closed()
