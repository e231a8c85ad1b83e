import CryptoExtras
import Domain
import Foundation

/// Passwords as they are stored: scrypt, in the PHC form `$scrypt$ln=17,r=8,p=1$salt$hash`.
///
/// One hash takes 128 MiB and a third of a second: never on an event loop, and only a few at a time.
package enum PasswordHash {
    /// OWASP's first choice for scrypt; where failpoints are built in, tests may say less, for their processes' sake.
    static let logRounds: Int = {
        #if FAILPOINTS
            if let rounds = ProcessInfo.processInfo.environment["TOKENAUDIT_SCRYPT_ROUNDS"].flatMap(Int.init) {
                return min(max(4, rounds), 17)
            }
        #endif
        return 17
    }()
    private static let blockSize = 8
    private static let saltBytes = 16
    private static let hashBytes = 32

    /// - Parameter logRounds: lower only in tests.
    /// - Returns: nil where there is no memory for it.
    package static func make(_ password: String, logRounds: Int = logRounds) -> String? {
        let salt = SecureRandom.bytes(saltBytes)
        return derive(password, salt: salt, logRounds: logRounds, blockSize: blockSize, parallelism: 1)
            .map { text(salt: salt, hash: $0, logRounds: logRounds) }
    }

    /// What stands for the hash of somebody who has none: checking it takes as long, and no password gives 32 zeros.
    static func nobodys(logRounds: Int) -> String {
        text(
            salt: [UInt8](repeating: 0, count: saltBytes),
            hash: [UInt8](repeating: 0, count: hashBytes),
            logRounds: logRounds
        )
    }

    private static func text(salt: [UInt8], hash: [UInt8], logRounds: Int) -> String {
        "$scrypt$ln=\(logRounds),r=\(blockSize),p=1$\(Base64URL.encode(salt))$\(Base64URL.encode(hash))"
    }

    /// False also for a stored text of another form. Takes as long as making the hash; compares in constant time.
    package static func matches(_ password: String, stored: String) -> Bool {
        let parts = stored.split(separator: "$", omittingEmptySubsequences: false)
        guard parts.count == 5, parts[0].isEmpty, parts[1] == "scrypt", let parameters = parameters(parts[2]),
            let salt = Base64URL.decode(parts[3].utf8), let expected = Base64URL.decode(parts[4].utf8),
            expected.count == hashBytes
        else { return false }
        let derived = derive(
            password,
            salt: salt,
            logRounds: parameters.0,
            blockSize: parameters.1,
            parallelism: parameters.2
        )
        guard let hash = derived else { return false }
        return ConstantTime.isEqual(hash, expected)
    }

    private static func parameters(_ text: Substring) -> (Int, Int, Int)? {
        let values = text.split(separator: ",")
        guard values.count == 3, values[0].hasPrefix("ln="), values[1].hasPrefix("r="), values[2].hasPrefix("p="),
            let rounds = Int(values[0].dropFirst(3)), (4...20).contains(rounds),
            let size = Int(values[1].dropFirst(2)), (1...16).contains(size),
            let parallelism = Int(values[2].dropFirst(2)), (1...4).contains(parallelism)
        else { return nil }
        return (rounds, size, parallelism)
    }

    private static func derive(
        _ password: String,
        salt: [UInt8],
        logRounds: Int,
        blockSize: Int,
        parallelism: Int
    ) -> [UInt8]? {
        do {
            let key = try KDF.Scrypt.deriveKey(
                from: Data(password.utf8),
                salt: salt,
                outputByteCount: hashBytes,
                rounds: 1 << logRounds,
                blockSize: blockSize,
                parallelism: parallelism
            )
            return key.withUnsafeBytes { Array($0) }
        } catch {
            // The parameters are bounded above; what is left is memory that is not there.
            return nil
        }
    }
}
