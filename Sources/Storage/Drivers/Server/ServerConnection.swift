import Synchronization

/// A session of a database server. Used on one thread at a time: a pool lends it to one closure.
protocol ServerConnection: TransactionConnection, Sendable {
    /// Nothing more comes over it.
    var isBroken: Bool { get }
    /// The file descriptor that it hears from.
    var socket: Int32 { get }
    /// Begins a transaction that sees one state of the database and changes nothing.
    func beginReading() throws(StorageError)
    /// Inside a transaction: makes those who ask for this, in all processes, take turns until it is over.
    func takeTurn() throws(StorageError)
}

enum SessionNumbers {
    private static let count = Atomic<UInt64>(0)

    static func next() -> UInt64 { count.add(1, ordering: .relaxed).newValue }
}

/// What a session is for.
enum SessionUse: Sendable {
    /// The journal's: whoever stops in the middle of a transaction may keep nobody waiting.
    case ledger
    /// As quick as the ledger's; what it commits need not outlive the server's power.
    case rates
    /// Administration's: an act waits for another one, as it does for SQLite's one writer.
    case acts
    case reports
    /// Changes to the form of tables, which calls wait behind.
    case definitions

    /// How long it waits for somebody else's lock.
    var lockMilliseconds: Int {
        switch self {
        case .definitions: 200
        case .ledger, .rates: 1_000
        case .acts, .reports: 5_000
        }
    }

    /// Calls wait for it.
    var isQuick: Bool { self == .ledger || self == .rates }
}
