/// What people are told in Chinese, by the English template; a test finds the sentences that are missing.
enum ChineseMessages {
    static let all: [String: String] = [:]
}
