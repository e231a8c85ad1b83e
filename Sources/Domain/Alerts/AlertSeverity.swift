/// How much hangs on it.
package enum AlertSeverity: Int64, CaseIterable, Comparable, Sendable {
    case info = 1
    case warning = 2
    case critical = 3

    package static func < (left: AlertSeverity, right: AlertSeverity) -> Bool { left.rawValue < right.rawValue }

    package var name: String {
        switch self {
        case .info: "info"
        case .warning: "warning"
        case .critical: "critical"
        }
    }

    package init?(name: String) {
        guard let found = Self.allCases.first(where: { $0.name == name }) else { return nil }
        self = found
    }
}
