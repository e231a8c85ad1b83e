extension Migration {
    /// PostgreSQL's request tables become ranges of ids, see ``PartitionUpkeep``. A table that is there becomes the default
    /// partition of a new one of its name, in which nothing is read or copied; the first range is made of it later, beside calls.
    static let partitions = Migration(
        version: 15,
        name: "partitions",
        isAdditive: true,
        statements: [],
        onPostgres: ["SET LOCAL lock_timeout = '200ms'"]
            + PartitionedTable.all.flatMap { table in
                [
                    "ALTER TABLE \(table.name) RENAME TO \(table.rest)",
                    "CREATE TABLE \(table.name) (LIKE \(table.rest) INCLUDING ALL) PARTITION BY RANGE (\(table.key))",
                    "ALTER TABLE \(table.name) ATTACH PARTITION \(table.rest) DEFAULT",
                ]
            }
    )
}
