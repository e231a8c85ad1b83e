import Domain
import Testing

@testable import Storage

@Suite("one schema on every engine")
struct SchemaColumnsTests {
    private struct Column: Hashable, CustomStringConvertible {
        let table: String
        let name: String
        let isNullable: Bool
        let initial: String?

        var description: String {
            "\(table).\(name)\(isNullable ? "" : " NOT NULL")\(initial.map { " DEFAULT \($0)" } ?? "")"
        }
    }

    private static func columns(of stage: TestDatabase) throws -> Set<Column> {
        switch stage.engine {
        case .sqlite:
            try read(
                // Parts of a primary key are never null, whether they say so or not.
                """
                SELECT t.name, c.name, c."notnull" = 0 AND c.pk = 0, c.dflt_value
                FROM sqlite_master t JOIN pragma_table_info(t.name) c WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite%'
                """,
                stage
            )
        case .postgres:
            try read(
                """
                SELECT table_name, column_name, CASE WHEN is_nullable = 'YES' THEN 1 ELSE 0 END, split_part(column_default, '::', 1)
                FROM information_schema.columns WHERE table_schema = current_schema()
                AND table_name NOT IN (SELECT relname FROM pg_class WHERE relispartition)
                """,
                stage
            )
        case .mysql:
            try read(
                """
                SELECT table_name, column_name, is_nullable = 'YES', NULLIF(column_default, 'NULL')
                FROM information_schema.columns WHERE table_schema = DATABASE() AND extra NOT LIKE '%INVISIBLE%'
                """,
                stage
            )
        }
    }

    private static func read(_ sql: String, _ stage: TestDatabase) throws -> Set<Column> {
        Set(
            try stage.database.read { connection in
                try connection.query(sql) { row in
                    Column(
                        table: row.text(0),
                        name: row.text(1),
                        isNullable: row.int64(2) != 0,
                        initial: row.optionalText(3).map { $0.filter { $0 != "'" && $0 != "(" && $0 != ")" } }
                    )
                }
            }
        )
    }

    @Test("tables and columns, what may be null and what stands there unsaid are SQLite's", arguments: Engine.servers)
    func columns(engine: Engine) throws {
        let expected = try Self.columns(of: TestDatabase(on: .sqlite))
        let found = try Self.columns(of: TestDatabase(on: engine))
        #expect(expected.subtracting(found).map(\.description).sorted() == [])
        #expect(found.subtracting(expected).map(\.description).sorted() == [])
        #expect(found.count > 300)
    }
}
