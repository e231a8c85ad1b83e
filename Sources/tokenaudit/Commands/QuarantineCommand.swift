import ArgumentParser
import Domain
import Storage

/// `ledger quarantine`: records that failed alone, with their holds kept, until somebody decides.
struct QuarantineCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "quarantine",
        abstract: "List, book again or void records that could not be booked.",
        subcommands: [List.self, Retry.self, Void.self]
    )

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Print each record: call, time, cause.")

        @OptionGroup var options: SettingsOptions

        func run() throws {
            let books = try OpenedBooks(options.load().settings, migrates: false)
            for record in try Quarantine(database: books.database, now: Clock.now).list() {
                print(
                    "\(record.id)  \(record.at)  \(record.hasSettlement ? "settlement" : "open call")  \(record.cause)"
                )
            }
            try books.database.close()
        }
    }

    struct Retry: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Book a record again, as it stands.")

        @OptionGroup var options: SettingsOptions

        @Argument(help: "The call's id.")
        var call: String

        func run() throws { try decide(call, options) { try $0.retry($1) } }
    }

    struct Void: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "End a record's call without a charge.")

        @OptionGroup var options: SettingsOptions

        @Argument(help: "The call's id.")
        var call: String

        func run() throws { try decide(call, options) { try $0.void($1) } }
    }
}

private func decide(
    _ call: String,
    _ options: SettingsOptions,
    _ act: (Quarantine, CallID) throws -> Quarantine.Outcome
) throws {
    guard let id = CallID(parsing: call) else { throw ValidationError("'\(call)' is no call id") }
    let books = try OpenedBooks(options.load().settings, migrates: false)
    let outcome = try act(Quarantine(database: books.database, now: Clock.now), id)
    try books.database.close()
    switch outcome {
    case .booked: print("booked")
    case .alreadyClosed: print("the call had been closed already; the record is gone")
    case .unknown: throw InputProblem(source: call, reason: "there is no such record")
    case .noSettlement: throw InputProblem(source: call, reason: "the record has no settlement to book")
    }
}
