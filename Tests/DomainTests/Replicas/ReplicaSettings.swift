/// How many there are of what, and how long things take, in microseconds. What is no rule of the ledger's own is an
/// assumption; `Docs/scale.md` says where each figure comes from.
struct ReplicaSettings {
    var machines = 4
    var clients = 120
    var users: Int64 = 6
    /// What each user may hold at most, in calls.
    var callsFunded: Int64 = 100_000
    /// Nil: clients ask for as long as ``seconds`` say.
    var asks: Int?
    var seconds: Int64 = 40
    var hasFaults = true
    /// Every call costs what is held for it.
    var costsItsHold = false

    // The network and the database's machine.
    var oneWay: Int64 = 150
    var cores = 2
    var transactionWork: Int64 = 100
    var callWork: Int64 = 30
    var flush: Int64 = 500

    // Who calls, and whom.
    var upstream: ClosedRange<Int64> = 20_000...1_500_000
    var pause: ClosedRange<Int64> = 1_000...200_000

    // The gateway's rules.
    var largestBatch = 128
    var longestQueue = 2_048
    var lockTimeout: Int64 = 1_000_000
    var idleTimeout: Int64 = 2_000_000
    var spoolAfter: Int64 = 2_000_000
    var admitDeadline: Int64 = 5_000_000
    var beatPause: Int64 = 1_000_000
    var uncertainAfter: Int64 = 15_000_000
    /// Between two beats of one's own; longer, and one's own watch over others begins anew.
    var longestGap: Int64 = 3_000_000
}
