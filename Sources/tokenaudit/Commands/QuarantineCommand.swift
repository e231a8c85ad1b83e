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
        static let configuration = CommandConfiguration(
            abstract: "Book a record again, as it stands; a call without a settlement is closed by uncertain_policy."
        )

        @OptionGroup var options: SettingsOptions

        @Argument(help: "The call's id.")
        var call: String

        func run() throws { try decide(call, options) { try $0.retry($1, policy: $2.uncertainPolicy) } }
    }

    struct Void: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "End a record's call without a charge.")

        @OptionGroup var options: SettingsOptions

        @Argument(help: "The call's id.")
        var call: String

        func run() throws { try decide(call, options) { quarantine, id, _ in try quarantine.void(id) } }
    }
}

private func decide(
    _ call: String,
    _ options: SettingsOptions,
    _ act: (Quarantine, CallID, Settings) throws -> Quarantine.Outcome
) throws {
    guard let id = CallID(parsing: call) else { throw ValidationError("'\(call)' is no call id") }
    let settings = try options.load().settings
    let books = try OpenedBooks(settings, migrates: false)
    let outcome: Quarantine.Outcome
    do {
        outcome = try act(Quarantine(database: books.database, now: Clock.now), id, settings)
    } catch let error as LedgerError {
        throw InputProblem(source: call, reason: "\(explain(error)); the record and its hold stay")
    } catch let error as StorageError {
        throw InputProblem(source: call, reason: "\(error); the record and its hold stay")
    }
    try books.database.close()
    switch outcome {
    case .booked: print("booked")
    case .alreadyClosed: print("the call had been closed already; the record is gone")
    case .unknown: throw InputProblem(source: call, reason: "there is no such record")
    case .unreadable:
        throw InputProblem(source: call, reason: "another version wrote the record; retry with that one, or void it")
    }
}

/// What an operator can do about a call whose lanes are damaged.
private func explain(_ error: LedgerError) -> String {
    func mend(_ lane: Lane, _ what: String) -> String {
        switch lane {
        case .grant(let id): "grant \(id) \(what); `tokenaudit ledger verify` says how, mend it first"
        case .key(let id): "the limit of key \(id) \(what); `tokenaudit ledger verify` says how, mend it first"
        }
    }
    return switch error {
    case .unbalanced(let lane): mend(lane, "does not agree with itself or its calls")
    case .unknownLane(let lane): mend(lane, "is missing")
    case .malformedParts: "the call's parts are damaged; `tokenaudit ledger verify` names them, mend them first"
    default: "\(error)"
    }
}
