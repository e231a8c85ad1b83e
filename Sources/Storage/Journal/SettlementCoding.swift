import Domain

/// A settlement as bytes: what the spool and the quarantine keep. Big-endian words, length-prefixed bytes.
enum SettlementCoding {
    private static let version: UInt8 = 1

    /// - Parameter isBrief: leaves out what only informs and has no bound of its own.
    static func encode(_ settlement: Settlement, isBrief: Bool = false) -> [UInt8] {
        var writer = Writer()
        let (call, hold, result) = (settlement.call, settlement.hold, settlement.result)
        writer.bytes.append(version)
        writer.put(Int64(bitPattern: call.id.high))
        writer.put(Int64(bitPattern: call.id.low))
        for id in [
            call.userID.rawValue, call.keyID.rawValue, call.modelID.rawValue, call.routeID.rawValue,
            call.providerID.rawValue, call.priceVersionID.rawValue, call.endpoint.rawValue, call.isStreamed ? 1 : 0,
            call.estimatedInputTokens, call.estimatedInputPrice.picoDollars, call.startedAt.microseconds,
        ] { writer.put(id) }
        writer.put(call.clientAddress)
        writer.put(isBrief ? "" : call.userAgent)
        writer.put(isBrief ? nil : call.clientRequestID)

        writer.put(hold.groupID.rawValue)
        writer.put(hold.multiplier.basisPoints)
        writer.put(hold.amount.picoDollars)
        writer.put(hold.outputLimit)
        writer.put(hold.isClamped ? 1 : 0)
        var parts: [UInt8] = []
        HoldParts.encode(hold.parts, into: &parts)
        writer.put(parts)

        writer.put(result.outcome == .captured ? 1 : 0)
        for tokenClass in TokenClass.allCases { writer.put(result.usage[tokenClass]) }
        for word in [
            result.usage.packedProvenance, result.charge.picoDollars, result.cost.picoDollars,
            result.excess.picoDollars,
            result.flags.rawValue, Int64(result.statusCode), result.endedAt.microseconds, result.durationMilliseconds,
            result.firstByteMilliseconds ?? -1,
        ] { writer.put(word) }
        writer.put(isBrief ? nil : result.rawUsage)
        return writer.bytes
    }

    /// - Returns: nil for bytes that are no settlement of a known version.
    static func decode(_ bytes: [UInt8]) -> Settlement? {
        var reader = Reader(bytes: bytes[...])
        guard reader.byte() == version, let high = reader.word(), let low = reader.word(), let user = reader.word(),
            let key = reader.word(), let model = reader.word(), let route = reader.word(), let provider = reader.word(),
            let price = reader.word(), let endpoint = reader.word().flatMap(Endpoint.init),
            let streamed = reader.word(),
            let tokens = reader.word(), let estimate = reader.word(), let startedAt = reader.word(),
            let address = reader.text(), let agent = reader.text(), let clientID = reader.text(),
            let group = reader.word(), let multiplier = reader.word().flatMap({ try? Multiplier(basisPoints: $0) }),
            let amount = reader.word(), let limit = reader.word(), let clamped = reader.word(),
            let parts = reader.data().flatMap({ $0.flatMap { $0.withUnsafeBytes(HoldParts.decode) } }),
            let outcome = reader.word()
        else { return nil }
        var usage = Usage()
        var counts: [Int64] = []
        for _ in TokenClass.allCases {
            guard let count = reader.word() else { return nil }
            counts.append(count)
        }
        guard let provenance = reader.word(), let charge = reader.word(), let cost = reader.word(),
            let excess = reader.word(), let flags = reader.word(), let status = reader.word(),
            let endedAt = reader.word(), let duration = reader.word(), let firstByte = reader.word(),
            let raw = reader.data(), reader.bytes.isEmpty
        else { return nil }
        for tokenClass in TokenClass.allCases { usage.set(tokenClass, to: counts[tokenClass.rawValue], .reported) }
        usage.packedProvenance = provenance
        return Settlement(
            call: CallIntent(
                id: CallID(high: UInt64(bitPattern: high), low: UInt64(bitPattern: low)),
                userID: UserID(user),
                keyID: APIKeyID(key),
                modelID: ModelID(model),
                routeID: RouteID(route),
                providerID: ProviderID(provider),
                priceVersionID: PriceVersionID(price),
                endpoint: endpoint,
                isStreamed: streamed == 1,
                estimatedInputTokens: tokens,
                estimatedInputPrice: Money(picoDollars: estimate),
                startedAt: Instant(microseconds: startedAt),
                clientAddress: address ?? "",
                userAgent: agent ?? "",
                clientRequestID: clientID
            ),
            hold: Hold(
                groupID: ModelGroupID(group),
                multiplier: multiplier,
                amount: Money(picoDollars: amount),
                outputLimit: limit,
                isClamped: clamped == 1,
                parts: parts
            ),
            result: CallResult(
                outcome: outcome == 1 ? .captured : .voided,
                usage: usage,
                charge: Money(picoDollars: charge),
                cost: Money(picoDollars: cost),
                excess: Money(picoDollars: excess),
                flags: BillFlags(rawValue: flags),
                statusCode: Int(clamping: status),
                endedAt: Instant(microseconds: endedAt),
                durationMilliseconds: duration,
                firstByteMilliseconds: firstByte < 0 ? nil : firstByte,
                rawUsage: raw
            )
        )
    }

    private struct Writer {
        var bytes: [UInt8] = []

        mutating func put(_ word: Int64) { withUnsafeBytes(of: word.bigEndian) { bytes.append(contentsOf: $0) } }

        /// −1 stands for nil.
        mutating func put(_ data: [UInt8]?) {
            put(data.map { Int64($0.count) } ?? -1)
            if let data { bytes.append(contentsOf: data) }
        }

        mutating func put(_ text: String?) { put(text.map { Array($0.utf8) }) }
    }

    private struct Reader {
        var bytes: ArraySlice<UInt8>

        mutating func byte() -> UInt8? { bytes.popFirst() }

        mutating func word() -> Int64? {
            guard bytes.count >= 8 else { return nil }
            var word: UInt64 = 0
            for byte in bytes.prefix(8) { word = word << 8 | UInt64(byte) }
            bytes.removeFirst(8)
            return Int64(bitPattern: word)
        }

        /// Nil if there is nothing to read; `.some(nil)` for a nil that was written.
        mutating func data() -> [UInt8]?? {
            guard let count = word() else { return nil }
            if count == -1 { return .some(nil) }
            guard count >= 0, count <= bytes.count else { return nil }
            defer { bytes.removeFirst(Int(count)) }
            return .some(Array(bytes.prefix(Int(count))))
        }

        mutating func text() -> String?? {
            guard let data = data() else { return nil }
            return .some(data.map { String(decoding: $0, as: UTF8.self) })
        }
    }
}
