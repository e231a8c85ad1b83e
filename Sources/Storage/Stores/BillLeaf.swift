import Crypto
import Domain

/// A bill as the audit tree testifies it: all of a closed call's row but what may be erased (address, agent, the client's
/// own id), and what a correction added to it.
struct BillLeaf {
    let id: CallID
    let userID: UserID
    let keyID: APIKeyID
    let modelID: ModelID
    let routeID: RouteID
    let providerID: ProviderID
    let groupID: ModelGroupID
    let priceVersionID: PriceVersionID
    let multiplier: Multiplier
    let endpoint: Int64
    let isStreamed: Bool
    let hold: Money
    let parts: [HoldPart]
    let outputLimit: Int64
    let estimatedInputTokens: Int64
    let estimatedInputPrice: Money
    let startedAt: Instant

    var state: CallState
    var usage: Usage
    var charge: Money
    /// What a settlement after a policy added to the charge, signed.
    var correction: Money
    var cost: Money
    var excess: Money
    var flags: BillFlags
    var statusCode: Int64
    var durationMilliseconds: Int64
    var firstByteMilliseconds: Int64?
    var endedAt: Instant

    /// SHA-256 over a zero byte and the words in their order, big-endian (RFC 6962 §2.1).
    var digest: SHA256Digest {
        var hash = SHA256()
        withUnsafeTemporaryAllocation(of: Int64.self, capacity: 48) { words in
            var count = 0
            eachWord { _, word in
                words[count] = word.bigEndian
                count += 1
            }
            withUnsafeBytes(of: UInt8(0)) { hash.update(bufferPointer: $0) }
            hash.update(bufferPointer: UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(words)[..<(count * 8)]))
        }
        for part in parts {
            let (kind, lane) = part.lane.words
            withUnsafeBytes(of: (kind.bigEndian, lane.bigEndian, part.amount.picoDollars.bigEndian)) {
                hash.update(bufferPointer: $0)
            }
        }
        return hash.finalize()
    }

    /// The same words under names, for whoever hashes them again.
    var words: [SignedLeaf.Word] {
        var words: [SignedLeaf.Word] = []
        eachWord { words.append(.init(name: $0(), value: $1)) }
        for (index, part) in parts.enumerated() {
            let (kind, lane) = part.lane.words
            for (name, value) in [("lane", kind), ("id", lane), ("amount", part.amount.picoDollars)] {
                words.append(.init(name: "part_\(index + 1)_\(name)", value: value))
            }
        }
        return words
    }

    /// All but the parts. Names are made only where they are asked for.
    @inline(__always)
    private func eachWord(_ put: (@autoclosure () -> String, Int64) -> Void) {
        put("request_id_high", Int64(bitPattern: id.high))
        put("request_id_low", Int64(bitPattern: id.low))
        put("user", userID.rawValue)
        put("key", keyID.rawValue)
        put("model", modelID.rawValue)
        put("route", routeID.rawValue)
        put("provider", providerID.rawValue)
        put("model_group", groupID.rawValue)
        put("price_version", priceVersionID.rawValue)
        put("price_multiplier", multiplier.basisPoints)
        put("endpoint", endpoint)
        put("is_streamed", isStreamed ? 1 : 0)
        put("hold", hold.picoDollars)
        put("output_limit", outputLimit)
        put("estimated_input_tokens", estimatedInputTokens)
        put("estimated_input_price", estimatedInputPrice.picoDollars)
        put("created_at", startedAt.microseconds)
        put("state", state.rawValue)
        for tokenClass in TokenClass.allCases { put("\(tokenClass.name)_tokens", usage[tokenClass]) }
        put("provenance", usage.packedProvenance)
        put("charge", charge.picoDollars)
        put("correction", correction.picoDollars)
        put("cost", cost.picoDollars)
        put("excess", excess.picoDollars)
        put("flags", flags.rawValue)
        put("status_code", statusCode)
        put("duration_ms", durationMilliseconds)
        put("first_byte_ms", firstByteMilliseconds ?? -1)
        put("ended_at", endedAt.microseconds)
        put("parts", Int64(parts.count))
    }
}

extension BillLeaf {
    /// Of a settlement, as it was closed.
    /// - Parameters:
    ///   - charge: what the row says; of a corrected call what the policy had charged.
    ///   - flags: the row's, all of them.
    init(_ settlement: Settlement, closing: Closing, charge: Money, flags: BillFlags) {
        let (call, result) = (settlement.call, settlement.result)
        self.init(
            call,
            groupID: settlement.hold.groupID,
            multiplier: settlement.hold.multiplier,
            hold: settlement.hold.amount,
            parts: closing.parts,
            outputLimit: settlement.hold.outputLimit,
            state: closing.state,
            charge: charge,
            flags: flags,
            endedAt: result.endedAt
        )
        usage = result.usage
        correction = closing.action == .correct ? closing.chargeDelta : .zero
        cost = result.cost
        excess = closing.excess
        statusCode = Int64(result.statusCode)
        durationMilliseconds = result.durationMilliseconds
        firstByteMilliseconds = result.firstByteMilliseconds
    }

    /// Of a call that a policy closed.
    init(_ open: OpenCall, row: LockedCall, closing: Closing, flags: BillFlags, now: Instant) {
        self.init(
            open.call,
            groupID: row.groupID,
            multiplier: row.multiplier,
            hold: open.hold,
            parts: row.parts,
            outputLimit: open.outputLimit,
            state: closing.state,
            charge: closing.charge,
            flags: flags,
            endedAt: now
        )
    }

    private init(
        _ call: CallIntent,
        groupID: ModelGroupID,
        multiplier: Multiplier,
        hold: Money,
        parts: [HoldPart],
        outputLimit: Int64,
        state: CallState,
        charge: Money,
        flags: BillFlags,
        endedAt: Instant
    ) {
        self.init(
            id: call.id,
            userID: call.userID,
            keyID: call.keyID,
            modelID: call.modelID,
            routeID: call.routeID,
            providerID: call.providerID,
            groupID: groupID,
            priceVersionID: call.priceVersionID,
            multiplier: multiplier,
            endpoint: call.endpoint.rawValue,
            isStreamed: call.isStreamed,
            hold: hold,
            parts: parts,
            outputLimit: outputLimit,
            estimatedInputTokens: call.estimatedInputTokens,
            estimatedInputPrice: call.estimatedInputPrice,
            startedAt: call.startedAt,
            state: state,
            usage: Usage(),
            charge: charge,
            correction: .zero,
            cost: .zero,
            excess: .zero,
            flags: flags,
            statusCode: 0,
            durationMilliseconds: 0,
            firstByteMilliseconds: nil,
            endedAt: endedAt
        )
    }
}
