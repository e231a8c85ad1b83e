@testable import Domain

/// Replicas that admit, serve and settle in batches over one database, which locks rows, has few cores and flushes its log
/// for all that wait; they crash, are stopped and cut off, and come back. What a transaction comes to is decided by
/// ``Balances``, as in the ledger itself; books are checked after every commit.
///
/// A seeded simulation of discrete events: nothing in it knows any clock but ``now``.
struct ReplicaSimulation {
    enum Event {
        case ask(client: Int)
        // A transaction's way: its rows are locked, read, answered, decided on, written, flushed, acknowledged.
        case arrives(Int)
        case waitedTooLong(Int, step: Int)
        case rowsReachClient(Int)
        case idleTooLong(Int)
        case commitArrives(Int)
        case written(Int)
        case flushed
        case straggles(Int)
        case connectionIsGone(Int)
        case told(Int, Outcome)
        // What reaches a process.
        case upstreamEnds(process: Int, CallID)
        case isLate(process: Int, CallID)
        case beat(process: Int)
        case pump(process: Int)
        // What goes wrong.
        case crash
        case start(machine: Int)
        case stall
        case cut
        case slowLog
    }

    /// What a client of the database learns of a transaction.
    enum Outcome {
        case committed
        /// Surely not committed.
        case failed
        case unknown
        /// Its connection is gone: `unknown` if a COMMIT was sent on it, else `failed`.
        case cutOff
    }

    enum Work {
        case admit([WaitingCall])
        case settle([UnsettledCall])
        case decide([AdmissionRequest])
        case beat
        /// Holds only if the counter is still the one that was seen.
        case bury(identity: Int, counter: Int)
        case resolve([CallID])
    }

    /// What a transaction will have done once it is committed.
    struct Writes {
        var balances = Balances()
        var rows: [CallID: SimulatedRow] = [:]
        var admissions: [Admission] = []
        /// Settlements that found all their money.
        var isFunded: [CallID: Bool] = [:]
        var identity = 0
        var isDead = false
        var isBurial = false
        var counters: [Int: Int] = [:]
    }

    struct Transaction {
        enum Phase { case locking, deciding, committing, over }

        let process: Int
        let link: SimulatedProcess.Link
        let work: Work
        let rows: [RowLocks.Row]
        let sentAt: Int64
        /// How many of the rows it has locked, or asked for.
        var step = 0
        var phase = Phase.locking
        var writes = Writes()
        /// The client has sent its COMMIT: only the database knows what comes of it.
        var isCommitSent = false
        /// The client knows how it ended, or is no more.
        var isTold = false
    }

    let settings: ReplicaSettings
    /// How often what happened: a simulation in which a case never comes proves nothing about it.
    var tally: [String: Int] = [:]
    var books = SimulatedBooks()
    var figures = ReplicaFigures()
    var now: Int64 = 1_000_000
    var random: SeededRandom
    var agenda = Agenda<Event>()
    var transactions: [Int: Transaction] = [:]
    var nextTransaction = 1
    // The database's machine.
    var locks = RowLocks()
    var cores: [Int64]
    var flushing: [Int] = []
    var toFlush: [Int] = []
    var logIsSlowUntil: Int64 = 0
    var commits = 0
    var nextRecount = 64
    // Rows beside those of the books.
    var counters: [Int: Int] = [:]
    var dead: Set<Int> = []
    var openCalls: [Int: Set<CallID>] = [:]
    var holding: [UserID: Int] = [:]
    // Who runs.
    var machines: [SimulatedMachine]
    var processes: [SimulatedProcess] = []
    var nextIdentity = 1
    var nextCall: UInt64 = 1
    var asked = 0
    let asksUntil: Int64
    /// What each answer that ended has to be paid with or named as a loss.
    var ended: [CallID: Int64] = [:]

    static let hold: Int64 = 1_000

    init(seed: UInt64, _ settings: ReplicaSettings) throws {
        self.settings = settings
        random = SeededRandom(seed: seed)
        cores = Array(repeating: 0, count: settings.cores)
        machines = Array(repeating: SimulatedMachine(), count: settings.machines)
        asksUntil = now + settings.seconds * 1_000_000
        for user in 1...settings.users {
            // The last call's hold lacks one pico-dollar.
            let funded = Money((settings.callsFunded + 1) * Self.hold - 1)
            books.insert(
                Grant(
                    id: GrantID(user),
                    quotaID: QuotaID(user),
                    userID: UserID(user),
                    groupID: ModelGroupID(1),
                    ordinal: 1,
                    startsAt: Instant(0),
                    endsAt: nil,
                    isActive: true,
                    balance: Balance(funded: funded)
                )
            )
        }
        for machine in machines.indices { start(machine) }
        for client in 0..<settings.clients { agenda.add(.ask(client: client), at: now + random.int(settings.pause)) }
        if settings.hasFaults {
            for fault in [Event.crash, .stall, .cut, .slowLog] {
                agenda.add(fault, at: now + random.int(1...10_000_000))
            }
        }
    }

    /// Runs until nobody asks any more and everything has come to rest, then proves that it has.
    mutating func run() throws {
        let end = asksUntil + (settings.hasFaults ? 150_000_000 : 20_000_000)
        while let next = agenda.next(), next.at <= end {
            now = next.at
            do { try happen(next.event) } catch {
                throw BrokenBooks(description: "at \(now) µs, \(next.event): \(error)")
            }
        }
        try finish()
    }

    mutating func happen(_ event: Event) throws {
        if let process = addressee(of: event) {
            guard processes[process].isAlive else { return }
            if processes[process].stalledUntil > now {
                agenda.add(event, at: processes[process].stalledUntil)
                return
            }
        }
        switch event {
        case .ask(let client): ask(client)
        case .arrives(let id): try lockRows(id)
        case .waitedTooLong(let id, let step):
            guard let transaction = transactions[id], transaction.phase == .locking, transaction.step == step,
                locks.isWaiting(id)
            else { return }
            count("lock timeout")
            abort(id)
            tell(id, .failed)
        case .rowsReachClient(let id): try decide(id)
        case .idleTooLong(let id):
            guard transactions[id]?.phase == .deciding else { return }
            count("idle in a transaction")
            abort(id)
        case .commitArrives(let id): commitArrives(id)
        case .written(let id):
            toFlush.append(id)
            if flushing.isEmpty { beginFlush() }
        case .flushed:
            let done = flushing
            flushing = []
            if !toFlush.isEmpty { beginFlush() }
            for id in done {
                try commit(id)
                tell(id, .committed)
            }
        case .straggles(let id): try commit(id)
        case .connectionIsGone(let id):
            guard let phase = transactions[id]?.phase, phase == .locking || phase == .deciding else { return }
            abort(id)
        case .told(let id, let outcome): try told(id, outcome)
        case .upstreamEnds(let process, let id): upstreamEnds(process, id)
        case .isLate(let process, let id): spool(process, id)
        case .beat(let process): begin(.beat, on: .beats, of: process)
        case .pump(let process): pump(process)
        case .crash, .start, .stall, .cut, .slowLog: goWrong(event)
        }
    }

    func addressee(of event: Event) -> Int? {
        switch event {
        case .rowsReachClient(let id), .told(let id, _): transactions[id]?.process
        case .upstreamEnds(let process, _), .isLate(let process, _), .beat(let process), .pump(let process): process
        default: nil
        }
    }

    mutating func count(_ name: String) { tally[name, default: 0] += 1 }

    // MARK: - The end

    /// Everybody is back, nothing waits anywhere, every call has ended once, and every answer that ended is paid or its
    /// rest is named as the provider's loss.
    mutating func finish() throws {
        try books.checkAll()
        for machine in machines {
            try claim(machine.spool.isEmpty && machine.undecided.isEmpty, "a spool was not emptied")
            guard let process = machine.process.map({ processes[$0] }) else {
                throw BrokenBooks(description: "a machine stayed away")
            }
            try claim(process.running.isEmpty && process.unsettled.isEmpty && process.waiting.isEmpty, "calls are left")
        }
        for row in books.rows.values { try claim(row.closings == 1, "\(row.call.id) never ended") }
        for user in 1...settings.users {
            for grant in books.grants(of: UserID(user)) { try claim(grant.held == .zero, "\(grant.id) still holds") }
        }
        for (id, due) in ended {
            guard let row = books.rows[id] else { throw BrokenBooks(description: "\(id) ended without a row") }
            let paid = row.locked.netCharge.picoDollars
            try claim(paid + row.excess.picoDollars == due, "\(id): paid \(paid), lost \(row.excess), due \(due)")
        }
    }
}
