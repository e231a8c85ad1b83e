import Domain
import Logging
import Testing

@testable import Storage

/// Keys beside what the data plane knows of them.
struct KeyStage {
    let control: ControlStage
    let keys: KeyStore
    let directory: StorageDirectory

    init() throws {
        control = try ControlStage()
        let stage = control.stage
        let desk = ControlDesk(writer: stage.database, reader: stage.database) { [clock = stage.clock] in
            clock.now()
        }
        keys = KeyStore(desk: desk, digester: stage.digester)
        directory = try StorageDirectory(
            database: stage.database,
            vault: stage.vault,
            logger: Logger(label: "test")
        )
    }

    func principal(_ secret: String) async throws -> Principal? {
        try directory.refresh()
        let material = try #require(APIKeyMaterial(parsing: secret))
        let lookup = await withCheckedContinuation { continuation in
            directory.load(material.digest(by: control.stage.digester)) { continuation.resume(returning: $0) }
        }
        guard case .known(let principal) = lookup else { return nil }
        return principal
    }
}
