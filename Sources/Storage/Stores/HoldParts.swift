import Domain

/// A hold's parts as a call's row keeps them: for each a byte of kind (1 grant, 2 key), id and amount, big-endian.
enum HoldParts {
    private static let size = 17

    static func encode(_ parts: [HoldPart], into bytes: inout [UInt8]) {
        bytes.removeAll(keepingCapacity: true)
        for part in parts {
            let id: Int64
            switch part.lane {
            case .grant(let grant):
                bytes.append(1)
                id = grant.rawValue
            case .key(let key):
                bytes.append(2)
                id = key.rawValue
            }
            for word in [id, part.amount.picoDollars] {
                withUnsafeBytes(of: word.bigEndian) { bytes.append(contentsOf: $0) }
            }
        }
    }

    /// - Returns: nil for bytes that are no list of parts.
    static func decode(_ bytes: UnsafeRawBufferPointer) -> [HoldPart]? {
        guard bytes.count % size == 0 else { return nil }
        var parts: [HoldPart] = []
        for start in stride(from: 0, to: bytes.count, by: size) {
            let id = Int64(bigEndian: bytes.loadUnaligned(fromByteOffset: start + 1, as: Int64.self))
            let amount = Int64(bigEndian: bytes.loadUnaligned(fromByteOffset: start + 9, as: Int64.self))
            switch bytes[start] {
            case 1: parts.append(HoldPart(lane: .grant(GrantID(id)), amount: Money(picoDollars: amount)))
            case 2: parts.append(HoldPart(lane: .key(APIKeyID(id)), amount: Money(picoDollars: amount)))
            default: return nil
            }
        }
        return parts
    }
}
