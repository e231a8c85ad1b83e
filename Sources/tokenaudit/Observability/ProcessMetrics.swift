import Domain
import Glibc

/// What the process takes of its host, under the names that every Prometheus client gives these.
struct ProcessMetrics: MetricsSource {
    func metrics() async -> [MetricFamily] {
        let pages = Self.words(of: "/proc/self/statm").compactMap { Int128($0) }
        let pageBytes = Int128(sysconf(Int32(_SC_PAGESIZE)))
        func memory(_ index: Int) -> MetricNumber { MetricNumber(pages.count > index ? pages[index] * pageBytes : 0) }
        return [
            .counter(
                "process_cpu_seconds",
                "Processor time, user and system.",
                .seconds(microseconds: Self.cpuMicroseconds)
            ),
            .gauge("process_resident_memory_bytes", "Resident memory.", memory(1)),
            .gauge("process_virtual_memory_bytes", "Virtual memory.", memory(0)),
            .gauge("process_open_fds", "Open file descriptors.", MetricNumber(Self.openFiles)),
            .gauge("process_max_fds", "The most there may be.", MetricNumber(Self.mostFiles)),
            .gauge("process_start_time_seconds", "When it started, since 1970.", Self.startTime),
        ]
    }

    private static var cpuMicroseconds: Int64 {
        var usage = rusage()
        guard getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage) == 0 else { return 0 }
        return [usage.ru_utime, usage.ru_stime].reduce(0) { $0 + Int64($1.tv_sec) * 1_000_000 + Int64($1.tv_usec) }
    }

    private static var openFiles: Int {
        guard let folder = opendir("/proc/self/fd") else { return 0 }
        defer { closedir(folder) }
        var count = 0
        while readdir(folder) != nil { count += 1 }
        // Not itself, its parent and what looks at it.
        return max(0, count - 3)
    }

    private static var mostFiles: Int128 {
        var limit = rlimit()
        return getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 ? Int128(limit.rlim_cur) : 0
    }

    /// The host's start and, of `/proc/self/stat`, the 22nd field: clock ticks since then.
    private static var startTime: MetricNumber {
        let stat = text(of: "/proc/self/stat")
        let boot = text(of: "/proc/stat").split(separator: "\n").first { $0.hasPrefix("btime ") }?.dropFirst(6)
        // A program's name may hold anything, in brackets.
        guard let end = stat.lastIndex(of: ")"), let boot = boot.flatMap({ Int64($0) }) else { return MetricNumber(0) }
        let fields = stat[end...].split(separator: " ")
        guard fields.count > 20, let ticks = Int64(fields[20]) else { return MetricNumber(0) }
        return MetricNumber(Int128(boot) * 100 + Int128(ticks) * 100 / Int128(sysconf(Int32(_SC_CLK_TCK))), decimals: 2)
    }

    private static func words(of path: String) -> [Substring] { text(of: path).split { $0 == " " || $0 == "\n" } }

    private static func text(of path: String) -> String {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return "" }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while bytes.count < 1 << 20 {
            let count = read(descriptor, &buffer, buffer.count)
            guard count > 0 else { break }
            bytes += buffer[..<count]
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
