import ArgumentParser
import AuditLog
import Domain
import Foundation
import Storage

#if canImport(Glibc)
    import Glibc
#endif

struct AuditVerifyCommand: ParsableCommand {
    /// Larger than any proof.
    private static let mostProofBytes = 1_048_576

    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Prove that the books are what was signed, from the rows alone.",
        discussion: """
            Digests every bill again, builds the log again, and compares with its signed checkpoints, with those in the \
            file beside the database, and with any that you kept: an edit, a deletion, a reordering, a cut tail or a \
            rebuilt log is named. Works beside a running server, and offline on an export or a proof. Exit status 0 if \
            everything agrees, 1 otherwise.

            Without --key the key is the one that the database names, which whoever rewrites the database can change: \
            give the key, or a checkpoint of your own, to trust nobody.
            """
    )

    @OptionGroup var options: SettingsOptions

    @Option(help: ArgumentHelp("A file that `audit export` wrote, instead of the database.", valueName: "file"))
    var export: String?

    @Option(help: ArgumentHelp("A file that `audit prove` wrote: checks one bill.", valueName: "file"))
    var proof: String?

    @Option(help: ArgumentHelp("Checkpoints that you kept; may be repeated.", valueName: "file"))
    var checkpoint: [String] = []

    @Option(help: ArgumentHelp("The signer's key, or a file with it, as `audit key` prints it.", valueName: "key"))
    var key: String?

    @Flag(help: "Print the result as JSON.")
    var json = false

    func validate() throws {
        guard proof == nil || export == nil && checkpoint.isEmpty else {
            throw ValidationError("--proof stands alone, but for --key")
        }
    }

    func run() throws {
        let key = try verifierKey()
        if let proof { return try check(proof: proof, key: key) }
        let report = try verify(key: key)
        try print(json ? PrettyJSON.of(AuditJSON(report)) : Self.text(report))
        if !report.isProven { throw ExitCode(1) }
    }

    private func verifierKey() throws -> VerifierKey? {
        guard let key else { return nil }
        if let parsed = VerifierKey(parsing: key) { return parsed }
        guard access(key, F_OK) == 0, let parsed = VerifierKey(parsing: try SmallFile.readSecret(path: key)) else {
            throw InputProblem(source: "--key", reason: "neither a key as `audit key` prints it nor a file with one")
        }
        return parsed
    }

    private func verify(key: VerifierKey?) throws -> AuditReport {
        var external: [(source: String, note: SignedNote)] = []
        for path in checkpoint { external += try Self.notes(path, mustHave: true) }
        let progress = Progress(verb: "rows read:")
        defer { progress.end() }
        if let export {
            guard access(export, R_OK) == 0 else {
                throw InputProblem(source: export, reason: String(cString: strerror(errno)))
            }
            return try OpenedBooks.naming(export) {
                let database = try SQLiteDatabase(path: export, isReadOnly: true)
                let verifier = AuditVerifier(
                    external: external,
                    key: key,
                    servedAt: try AuditExport.servedAt(database)
                )
                return try verifier.verify(database) { progress.show($0) }
            }
        }
        let books = try OpenedBooks(options.load().settings, migrates: false)
        external += try Self.notes(CheckpointFile(database: books.filesPath).path, mustHave: false)
        let verifier = AuditVerifier(
            external: external,
            key: key,
            servedAt: try books.isServed ? Clock.now() : nil
        )
        return try OpenedBooks.naming(books.path) {
            let report = try verifier.verify(books.database) { progress.show($0) }
            try books.database.close()
            return report
        }
    }

    private static func notes(_ path: String, mustHave: Bool) throws -> [(source: String, note: SignedNote)] {
        let notes = try OpenedBooks.naming(path) { try CheckpointFile(path: path).notes() }
        guard !notes.isEmpty || !mustHave else {
            throw InputProblem(source: path, reason: "there is no checkpoint in it")
        }
        return notes.map { (path, $0) }
    }

    private func check(proof path: String, key: VerifierKey?) throws {
        guard let data = FileManager.default.contents(atPath: path), data.count <= Self.mostProofBytes,
            let proof = try? JSONDecoder().decode(AuditProof.self, from: data)
        else { throw InputProblem(source: path, reason: "no proof can be read there") }
        if let problem = proof.problem(key: key) {
            print("NOT proven: \(problem)")
            throw ExitCode(1)
        }
        print("proven: the bill of \(proof.requestID) is leaf \(proof.leafIndex) of a log signed by \(proof.signer)")
        if key == nil { print("the key is the proof's own word; give --key to trust nobody") }
    }

    static func text(_ report: AuditReport) -> String {
        var lines = [
            "bills \(report.bills), leaves \(report.leaves), checkpoints \(report.checkpoints), of these from outside \(report.externalCheckpoints)"
        ]
        for log in report.logs {
            lines.append("log \(log.origin): \(log.size) leaves, root \(log.root)")
            lines.append("  key \(log.verifierKey)")
        }
        lines += report.broken.map { "broken off, log \($0)" }
        if report.unsequencedCount > 0 {
            lines.append("without a place yet: \(report.unsequencedCount)")
            lines += report.unsequenced.prefix(20).map { leaf in
                "  \(leaf.call.map { "bill \($0)" } ?? "act"), \(leaf.writtenAt)"
            }
            if report.unsequencedCount > 20 {
                lines.append("  and \(report.unsequencedCount - 20) more; --json lists 10,000")
            }
        }
        lines += report.findings.differenceLines
        if report.logs.isEmpty { lines.append("nothing is signed yet") }
        lines.append(report.findings.verdict(ifProven: "the books are what was signed"))
        return lines.joined(separator: "\n")
    }
}

/// The proof for programs.
struct AuditJSON: Encodable {
    struct Log: Encodable {
        let origin: String
        let key: String
        let size: UInt64
        let root: String
    }

    struct Unsequenced: Encodable {
        let request_id: String?
        let written_at: String
    }

    let proven: Bool
    let bills: Int
    let leaves: UInt64
    let checkpoints: Int
    let external_checkpoints: Int
    let logs: [Log]
    let broken: [String]
    let unsequenced_count: Int64
    let unsequenced: [Unsequenced]
    let differences: [DifferenceJSON]

    init(_ report: AuditReport) {
        proven = report.isProven
        bills = report.bills
        leaves = report.leaves
        checkpoints = report.checkpoints
        external_checkpoints = report.externalCheckpoints
        logs = report.logs.map { Log(origin: $0.origin, key: $0.verifierKey, size: $0.size, root: $0.root) }
        broken = report.broken
        unsequenced_count = report.unsequencedCount
        unsequenced = report.unsequenced.map {
            Unsequenced(request_id: $0.call?.description, written_at: $0.writtenAt.description)
        }
        differences = report.findings.differencesJSON
    }
}
