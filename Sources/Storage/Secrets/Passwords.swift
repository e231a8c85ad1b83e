import Domain

/// Hashes and checks passwords on threads of its own: two at a time, for each takes 128 MiB, and a few that wait.
package struct Passwords: PasswordHasher {
    static let width = 2
    static let waiting = 32

    private let logRounds: Int
    private let nobodys: String
    private let threads = BoundedThreads(label: "tokenaudit.passwords", width: width, waiting: waiting)

    package init() { self.init(logRounds: PasswordHash.logRounds) }

    /// - Parameter logRounds: lower only in tests.
    init(logRounds: Int) {
        self.logRounds = logRounds
        nobodys = PasswordHash.nobodys(logRounds: logRounds)
    }

    /// - Returns: nil where too many wait already, and for a password longer than ``PasswordRule/mostBytes``.
    package func hash(_ password: String) async -> String? {
        guard password.utf8.count <= PasswordRule.mostBytes else { return nil }
        return try? await threads.run { [logRounds] in PasswordHash.make(password, logRounds: logRounds) } ?? nil
    }

    package func matches(_ password: String, stored: String?) async -> Bool? {
        let isTooLong = password.utf8.count > PasswordRule.mostBytes
        let tried = isTooLong ? "" : password
        let isRight = try? await threads.run { [nobodys] in PasswordHash.matches(tried, stored: stored ?? nobodys) }
        return isRight.map { $0 && stored != nil && !isTooLong }
    }
}
