@testable import Domain

/// A call that waits for its hold.
struct WaitingCall {
    let request: AdmissionRequest
    let client: Int
    let since: Int64
}

/// A call that has ended at its upstream and is not known to be booked.
struct UnsettledCall {
    let settlement: Settlement
    let client: Int?
    let since: Int64
    /// It is on disk: the answer has ended.
    var isSpooled = false
}

/// One start of a gateway: what it has in memory, all of which dies with it.
struct SimulatedProcess {
    /// A link to the database that carries one transaction at a time.
    enum Link: Hashable {
        case admits
        case settles
        case beats
        case burials
    }

    let machine: Int
    /// Under which number its calls stand in the books. A process that was declared dead takes another one.
    var identity: Int
    var isAlive = true
    /// Stopped, as by SIGSTOP: whatever reaches it before waits.
    var stalledUntil: Int64 = 0
    /// It will be stopped until then as soon as it has rows locked.
    var stallsInTransaction: Int64?
    /// The database is out of reach.
    var cutUntil: Int64 = 0
    /// When the newest beat was sent that is known to be in the database, under this identity.
    var beatSentAt: Int64?
    var beatKnownAt: Int64 = 0
    var busy: Set<Link> = []
    var waiting: [WaitingCall] = []
    var running: [CallID: (request: AdmissionRequest, hold: Hold, client: Int)] = [:]
    var unsettled: [CallID: UnsettledCall] = [:]
    var settleQueue: [CallID] = []
    /// Admissions of unknown outcome.
    var undecided: [AdmissionRequest] = []
    /// Counters of others' beats, and since when they have been what they are.
    var seen: [Int: (counter: Int, since: Int64)] = [:]
    /// Of processes that died on this machine: to be buried once the spool has been replayed.
    var forebears: [Int] = []
}

/// What outlives the processes on a machine: its disk.
struct SimulatedMachine {
    var process: Int?
    var spool: [CallID: Settlement] = [:]
    var undecided: [AdmissionRequest] = []
    var identities: [Int] = []
}
