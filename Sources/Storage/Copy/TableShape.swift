import GRDBSQLite

/// A table of the schema as any engine has it: what is copied from one to another.
struct TableShape: Sendable {
    enum Kind: Sendable {
        case integer, text, blob
    }

    struct Column: Sendable {
        let name: String
        let kind: Kind
        /// Place in the primary key, from 1; 0 outside of it.
        let keyPlace: Int
    }

    let name: String
    let columns: [Column]

    var key: [Column] { columns.filter { $0.keyPlace > 0 }.sorted { $0.keyPlace < $1.keyPlace } }

    /// The tables of this program's schema, each after those that it refers to: as an empty database in memory has them.
    static func all() throws -> [TableShape] {
        var opened: OpaquePointer?
        let code = sqlite3_open_v2(":memory:", &opened, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nil)
        defer { sqlite3_close_v2(opened) }
        guard code == SQLITE_OK, let opened else { throw StorageError(code: code, on: opened) }
        let connection = SQLiteConnection(handle: opened)
        for migration in Migrations.all {
            for statement in migration.statements { try connection.execute(statement) }
        }
        let names = try connection.query(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite!_%' ESCAPE '!' ORDER BY rowid"
        ) { $0.text(0) }
        return try names.map { name in
            TableShape(
                name: name,
                columns: try connection.query("PRAGMA table_info(\(name))") { row in
                    Column(name: row.text(1), kind: Kind(row.text(2)), keyPlace: Int(row.int64(5)))
                }
            )
        }
    }

    /// - Parameter first: where the columns begin in the row.
    func values(_ row: any SQLStatement, from first: Int = 0) -> [SQLValue] {
        columns.enumerated().map { index, column in
            let place = first + index
            if row.isNull(place) { return .null }
            return switch column.kind {
            case .integer: .integer(row.int64(place))
            case .text: .text(row.text(place))
            case .blob: .blob(row.blob(place))
            }
        }
    }

    /// Those of a name in `names`, in that order.
    func only(_ names: [String]) -> TableShape {
        TableShape(name: name, columns: names.compactMap { name in columns.first { $0.name == name } })
    }
}

extension TableShape.Kind {
    fileprivate init(_ type: String) {
        switch type {
        case "INTEGER": self = .integer
        case "BLOB": self = .blob
        default: self = .text
        }
    }

    /// As SQLite declares it.
    var type: String {
        switch self {
        case .integer: "INTEGER"
        case .text: "TEXT"
        case .blob: "BLOB"
        }
    }
}
