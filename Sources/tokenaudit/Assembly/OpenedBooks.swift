import Domain
import Glibc
import Logging
import Storage

/// The database as commands beside a server use it: opened, migrated, with the vault where secrets are needed.
struct OpenedBooks {
    let database: SQLiteDatabase
    let path: String

    /// - Parameter migrates: brings the schema up by additive steps, and makes the file where there is none.
    init(_ settings: Settings, migrates: Bool) throws {
        switch settings.database {
        case .sqlite(let path): self.path = path
        }
        umask(0o077)
        if migrates {
            try Folder.make(for: path)
        } else {
            guard access(path, F_OK) == 0 else {
                throw InputProblem(
                    source: path,
                    reason: "there is no database; `tokenaudit serve` or `apply` makes one"
                )
            }
        }
        let path = path
        database = try Self.naming(path) {
            let database = try SQLiteDatabase(path: path)
            if migrates { try Migrations.run(on: database, additiveOnly: true, now: Clock.now()) }
            return database
        }
    }

    /// Adds to what is wrong with a database which one it is.
    static func naming<Value>(_ path: String, _ body: () throws -> Value) throws -> Value {
        do {
            return try body()
        } catch let error as StorageError {
            throw InputProblem(source: path, reason: error.description)
        }
    }

    /// Opens the vault and says in the log what an operator should know of the key's file.
    static func vault(_ settings: Settings, database: any Database, logger: Logger) throws -> Vault {
        let file = MasterKeyFile(path: settings.masterKeyPath)
        try Folder.make(for: file.path)
        let (vault, loaded) = try SecretStore(database: database).openVault(
            file,
            previous: settings.previousMasterKeyFile.map(MasterKeyFile.init(path:))
        )
        if loaded.wasCreated {
            logger.notice(
                "master key created; without it no secret opens, so keep a copy",
                metadata: ["file": "\(file.path)"]
            )
        }
        if loaded.isReadableByOthers {
            logger.warning(
                "others may read the master key; its mode should be 0600",
                metadata: ["file": "\(file.path)"]
            )
        }
        return vault
    }
}

enum Folder {
    /// Makes the folders that `path` stands in, for their owner alone.
    static func make(for path: String) throws(InputProblem) {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false).dropLast()
        var folder = ""
        for part in parts {
            folder += part + "/"
            guard !part.isEmpty, part != ".", part != ".." else { continue }
            guard mkdir(folder, 0o700) == 0 || errno == EEXIST else {
                throw InputProblem(source: folder, reason: String(cString: strerror(errno)))
            }
        }
    }
}
