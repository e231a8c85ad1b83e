import Admin
import Gateway
import Logging
import ServiceLifecycle
import Storage
import UnixSignals

/// Ends last: what is journalled is committed and signed, this process marked as ended, the database closed.
struct StorageService: Service {
    let storage: ServingStorage
    let archive: BodyArchive
    let directory: StorageDirectory
    let signer: AuditSigner
    let logger: Logger

    func run() async throws {
        try? await gracefulShutdown()
        directory.stop()
        await archive.stop()
        do {
            await storage.journal.stop()
            let left = storage.journal.spooled
            if left > 0 {
                logger.warning("settlements stay in the spool for the next start", metadata: ["count": "\(left)"])
            }
            if storage.hasDuty() { await signer.signing() }
            try await storage.close()
        } catch {
            logger.error("the database did not close cleanly", metadata: ["cause": "\(error)"])
        }
    }
}

/// Signs the audit log every two seconds, on one replica; the last time is when the journal has ended.
struct SigningService: Service {
    private static let pause = Duration.seconds(2)

    let signer: AuditSigner
    let hasDuty: @Sendable () -> Bool

    func run() async throws {
        try? await cancelWhenGracefulShutdown {
            while true {
                if hasDuty() { await signer.signing() }
                try await Task.sleep(for: Self.pause)
            }
        }
    }
}

/// Ends when no call runs any more, also none whose client is gone.
struct ExchangesService: Service {
    let gateway: Gateway

    func run() async throws {
        try? await gracefulShutdown()
        await gateway.drained()
    }
}

/// Ends first: from here on running calls have the grace period, or until somebody asks again.
struct GraceService: Service {
    let gateway: Gateway
    let live: LiveCalls
    let notice: SystemdNotice?
    let logger: Logger

    func run() async throws {
        try? await gracefulShutdown()
        let again = await UnixSignalsSequence(trapping: .sigterm, .sigint)
        logger.info("shutting down", metadata: ["running_calls": "\(gateway.runningCalls)"])
        notice?.tell(.stopping)
        live.stop()
        gateway.beginShutdown()
        // Not waited for: it ends with the process.
        Task {
            for await _ in again {
                logger.notice(
                    "asked again: running calls are cut",
                    metadata: ["running_calls": "\(gateway.runningCalls)"]
                )
                gateway.cutCalls()
            }
        }
    }
}
