import Domain
import Foundation
import Logging

@testable import Storage

extension TestDatabase {
    /// Its books as a server holds them. The files beside a server's database are in a folder of its own.
    func serve(
        settings: JournalSettings = JournalSettings(),
        clock: @escaping @Sendable () -> Instant = { Instant(microseconds: 5) }
    ) throws -> ServingStorage {
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        guard let server = database as? ServerDatabase else {
            return try EmbeddedStorage(
                path: url,
                settings: settings,
                uncertainPolicy: .chargeInput,
                logger: logger,
                clock: clock
            ).serving
        }
        return try SharedStorage(
            server,
            folder: folder(),
            settings: settings,
            deadNanoseconds: 900_000_000_000,
            uncertainPolicy: .chargeInput,
            logger: logger,
            clock: clock
        ).serving
    }
}
