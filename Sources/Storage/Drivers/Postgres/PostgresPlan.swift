/// A plan that a server keeps under a name.
struct PostgresPlan {
    let name: String
    /// Of its parameters.
    let types: [UInt32]

    private static let names: [UInt32: String] = [20: "int8", 25: "text", 17: "bytea"]

    /// Whether what is bound has the types it was made for.
    func takes(_ rows: BoundRows) -> Bool {
        (0..<rows.width).allSatisfy {
            let type = Self.type(of: rows.kind(of: $0))
            return type == 0 || type == types[$0]
        }
    }

    /// - Throws: for a type that nothing we bind has.
    func typeNames() throws(StorageError) -> [String] {
        var names: [String] = []
        for type in types {
            guard let name = Self.names[type] else { throw .misuse("a parameter of type \(type)") }
            names.append(name)
        }
        return names
    }

    /// The types of what is bound. - Parameter known: counts where all is null.
    static func types(of rows: BoundRows, known: [UInt32]) -> [UInt32] {
        (0..<rows.width).map {
            let type = type(of: rows.kind(of: $0))
            return type == 0 && $0 < known.count ? known[$0] : type
        }
    }

    /// 0: any.
    private static func type(of kind: BoundRows.Kind) -> UInt32 {
        switch kind {
        case .null: 0
        case .integer: 20
        case .text: 25
        case .blob: 17
        }
    }
}
