import Domain
import Glibc
import Logging
import Storage

/// The database as commands beside a server use it: opened, migrated, with the vault where secrets are needed.
struct OpenedBooks {
    let database: any Database
    /// What it is called in messages.
    let path: String
    private let spoolFolder: String

    /// - Parameter migrates: brings the schema up by additive steps, and makes an embedded database where there is none.
    init(_ settings: Settings, migrates: Bool) throws {
        spoolFolder = settings.spoolFolder
        switch settings.database {
        case .sqlite(let file): path = file
        case .postgres, .mysql: path = settings.database.description
        }
        let missing = InputProblem(
            source: path,
            reason: "there is no database; `tokenaudit serve` or `apply` makes one"
        )
        if !migrates, case .sqlite(let file) = settings.database, access(file, F_OK) != 0 { throw missing }
        database = try Self.naming(path) {
            let database = try Self.open(settings)
            if migrates {
                try Migrations.run(on: database, additiveOnly: true, now: Clock.now())
            } else if try Migrations.version(of: database) == 0 {
                throw missing
            }
            try DatabaseCopy.expectWhole(database)
            return database
        }
    }

    /// Opens without looking at the schema.
    static func open(_ settings: Settings) throws -> any Database {
        umask(0o077)
        switch settings.database {
        case .sqlite(let path):
            try Folder.make(for: path)
            return try SQLiteDatabase(path: path)
        case .postgres(let url): return ServerDatabase.postgres(url)
        case .mysql(let url): return try ServerDatabase.mariaDB(url)
        }
    }

    /// Whether servers run on it now.
    var isServed: Bool {
        get throws {
            if let database = database as? SQLiteDatabase { return EmbeddedStorage.isServed(database.path) }
            return try SharedStorage.isServed(database)
        }
    }

    /// What the names of the files beside the database begin with.
    var filesPath: String {
        get throws {
            if let database = database as? SQLiteDatabase { return database.path }
            return try SharedStorage.path(in: spoolFolder, of: database)
        }
    }

    /// Keeps servers away until it is released; nil where other hosts cannot be kept away so. - Throws: where one runs.
    func lockOut() throws -> FileLock? {
        do {
            if let database = database as? SQLiteDatabase { return try EmbeddedStorage.lock(path: database.path) }
            guard try !isServed else { throw StorageError.busy }
            return nil
        } catch StorageError.busy {
            throw InputProblem(
                source: path,
                reason: "a server has this database; stop it, or see --beside-server in the help"
            )
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
        let file = MasterKeyFile(path: try settings.masterKeyPath)
        if settings.makesMasterKey { try Folder.make(for: file.path) }
        let (vault, loaded) = try SecretStore(database: database).openVault(
            file,
            previous: settings.previousMasterKeyFile.map(MasterKeyFile.init(path:)),
            mayCreate: settings.makesMasterKey
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
