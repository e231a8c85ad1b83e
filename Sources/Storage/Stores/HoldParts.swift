import Domain

/// A hold's parts as a call's row keeps them: for each a byte of kind (1 grant, 2 key), id and amount, big-endian.
enum HoldParts {
    private static let size = 17

    static func encode(_ parts: [HoldPart], into bytes: inout [UInt8]) {
        bytes.removeAll(keepingCapacity: true)
        for part in parts {
            let (kind, id) = part.lane.words
            bytes.append(UInt8(kind))
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
            guard let lane = Lane(kind: Int64(bytes[start]), id: id) else { return nil }
            parts.append(HoldPart(lane: lane, amount: Money(picoDollars: amount)))
        }
        return parts
    }
}

extension Lane {
    /// As rows keep it: kind (1 grant, 2 key) and id.
    var words: (kind: Int64, id: Int64) {
        switch self {
        case .grant(let id): (1, id.rawValue)
        case .key(let id): (2, id.rawValue)
        }
    }

    init?(kind: Int64, id: Int64) {
        switch kind {
        case 1: self = .grant(GrantID(id))
        case 2: self = .key(APIKeyID(id))
        default: return nil
        }
    }
}
