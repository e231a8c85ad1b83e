/// What a journal may take and how long it waits.
package struct JournalSettings: Sendable {
    /// Calls in one transaction.
    package var batchCalls = 128
    /// Work in one transaction, before its commit.
    package var batchMicroseconds: UInt64 = 2_000
    /// The longest pause between batches under load.
    package var lingerMicroseconds = 1_000
    /// The same on a server, to which a batch is many messages.
    package var serverLingerMicroseconds = 3_000
    /// Admissions that may wait; no user has more than a quarter of it.
    package var admitQueue = 8_192
    /// An admission that waited longer is answered 503, and voided if it was too late for that.
    package var admitMilliseconds: UInt64 = 5_000
    /// Calls that wait for admission or run: the spool has room for the settlement of each.
    package var runningCalls = Spool.capacityRecords
    /// A settlement that nobody acknowledged goes to the spool after this.
    package var spoolAfterMilliseconds: UInt64 = 2_000
    package var keepsRawUsage = true
    /// Beyond this many pages the WAL is checkpointed beside the writer; else when nothing was written for a second.
    package var checkpointPages = 500

    package init() {}

    /// The pause after a batch of so many calls: company makes the next ones cheaper, and other writers of the database
    /// get their turn. None where hardly anybody waits; longer the more do.
    func linger(after calls: Int, isEmbedded: Bool) -> UInt32 {
        if calls < 4 { return 0 }
        return UInt32(
            clamping: isEmbedded ? min(lingerMicroseconds, calls * 30) : min(serverLingerMicroseconds, calls * 100)
        )
    }
}
