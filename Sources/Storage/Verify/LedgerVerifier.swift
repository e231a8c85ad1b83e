package import Domain

/// What `ledger verify` found.
package struct VerifyReport: Sendable {
    /// Two figures that should agree and do not.
    package struct Difference: Hashable, Sendable {
        /// What was compared: `grant 3: held`, `call 0191…: leaf`.
        package let subject: String
        package let stored: String
        package let derived: String

        package init(subject: String, stored: String, derived: String) {
            self.subject = subject
            self.stored = stored
            self.derived = derived
        }
    }

    package var calls = 0
    package var grants = 0
    package var keyLimits = 0
    package var charged: Int128 = 0
    /// Calls that hold money now; not errors.
    package var open: [CallID] = []
    /// Calls closed by a policy because their process died, and not settled since.
    package var uncertain: [CallID] = []
    package var quarantined: [CallID] = []
    package var differences: [Difference] = []

    package var isProven: Bool { differences.isEmpty }
}

/// Derives every balance and sum again from calls and entries, as of one snapshot, beside a running server.
///
/// Proves: on each grant and key limit `funded = available + held + captured + forfeited`, `held` = Σ parts of open and
/// uncertain calls, `captured` = Σ charges + Σ corrections and refunds, `funded` = Σ openings, top-ups and carry-overs;
/// roll-ups = Σ of closed calls, in every dimension; each closed call has its leaf, and the leaf fits the row.
package enum LedgerVerifier {
    /// How many differences are kept; one is enough to fail.
    private static let differenceLimit = 1_000

    /// - Parameter progress: called every 100,000 calls with how many were read.
    package static func verify(
        _ database: any Database,
        progress: @escaping (Int) -> Void = { _ in }
    ) throws -> VerifyReport {
        try database.read { connection in
            var pass = Pass(connection: connection, progress: progress)
            try pass.readEntries()
            try pass.readLeaves()
            try pass.readCalls()
            try pass.compareLanes()
            try pass.compareRollups()
            pass.report.quarantined = try connection.query("SELECT call_id FROM quarantine ORDER BY id") {
                $0.callID(0)
            }
            .compactMap(\.self)
            return pass.report
        }
    }

    /// What a roll-up adds up.
    private struct Sums {
        var requests: Int128 = 0
        var charge: Int128 = 0
        var cost: Int128 = 0
        var excess: Int128 = 0
        var inputTokens: Int128 = 0
        var outputTokens: Int128 = 0
        var isSaturated = false

        mutating func add(charge: Int128, cost: Int128, excess: Int128, inputTokens: Int128, outputTokens: Int128) {
            requests += 1
            self.charge += charge
            self.cost += cost
            self.excess += excess
            self.inputTokens += inputTokens
            self.outputTokens += outputTokens
        }
    }

    private struct Pass {
        let connection: any SQLConnection
        let progress: (Int) -> Void
        var report = VerifyReport()
        var held: [Lane: Int128] = [:]
        var captured: [Lane: Int128] = [:]
        var funded: [Lane: Int128] = [:]
        /// Per dimension and id.
        var sums: [[Int64: Sums]] = Array(repeating: [:], count: Rollups.Dimension.allCases.count)
        /// The bill leaves of each call, newest last.
        var leaves: [CallID: (replica: Int64, number: Int64, hash: [UInt8])] = [:]
        var corrections: [CallID: Int128] = [:]

        mutating func differ(
            _ subject: String,
            stored: some CustomStringConvertible,
            derived: some CustomStringConvertible
        ) {
            guard report.differences.count < differenceLimit else { return }
            report.differences.append(
                .init(subject: subject, stored: stored.description, derived: derived.description)
            )
        }

        mutating func readEntries() throws {
            let statement = try connection.prepare(
                "SELECT lane, lane_id, kind, amount, call_id FROM ledger_entries ORDER BY id"
            )
            defer { statement.reset() }
            while try statement.step() {
                let lane: Lane =
                    statement.int64(0) == 1 ? .grant(GrantID(statement.int64(1))) : .key(APIKeyID(statement.int64(1)))
                let amount = Int128(statement.int64(3))
                switch EntryKind(rawValue: statement.int64(2)) {
                case .opening, .topUp, .carryOver: funded[lane, default: 0] += amount
                case .correction, .refund:
                    captured[lane, default: 0] += amount
                    if case .grant = lane, let call = statement.callID(4) { corrections[call, default: 0] += amount }
                case .reduction, .expiry, .deactivation: break
                case nil: differ("entry of \(lane)", stored: statement.int64(2), derived: "a known kind")
                }
            }
        }

        mutating func readLeaves() throws {
            let statement = try connection.prepare(
                "SELECT replica_id, number, count, data FROM audit_leaves WHERE kind = 1 ORDER BY replica_id, number"
            )
            defer { statement.reset() }
            var replica: Int64 = -1
            var next: Int64 = 0
            while try statement.step() {
                let number = statement.int64(1)
                if statement.int64(0) != replica {
                    replica = statement.int64(0)
                    next = 0
                }
                if number != next { differ("leaves of replica \(replica)", stored: number, derived: next) }
                let count = statement.int64(2)
                next = number + count
                let data = statement.blob(3)
                guard data.count == Int(clamping: count) * 48 else {
                    differ("leaf \(replica)/\(number): bytes", stored: data.count, derived: count * 48)
                    continue
                }
                for index in 0..<Int(clamping: count) {
                    let entry = data[(index * 48)..<(index * 48 + 48)]
                    guard let id = Array(entry.prefix(16)).withUnsafeBytes({ CallID(bytes: $0) }) else { continue }
                    leaves[id] = (replica, number + Int64(index), Array(entry.suffix(32)))
                }
            }
        }

        mutating func readCalls() throws {
            let statement = try connection.prepare(
                "SELECT id, state, user_id, key_id, model_id, route_id, group_id, price_version_id, price_multiplier, hold, parts, input_tokens, cache_read_tokens, cache_write_5m_tokens, cache_write_1h_tokens, output_tokens, reasoning_tokens, audio_input_tokens, audio_output_tokens, image_input_tokens, charge, cost, excess, flags, created_at, ended_at, leaf, provider_id FROM api_requests ORDER BY id"
            )
            defer { statement.reset() }
            while try statement.step() {
                report.calls += 1
                if report.calls % 100_000 == 0 { progress(report.calls) }
                guard let id = statement.callID(0), let state = CallState(rawValue: statement.int64(1)),
                    let parts = statement.bytes(10, HoldParts.decode)
                else {
                    differ("call row \(report.calls)", stored: "unreadable", derived: "a call")
                    continue
                }
                let flags = BillFlags(rawValue: statement.int64(23))
                switch state {
                case .open, .uncertain:
                    report.open.append(id)
                    for part in parts { held[part.lane, default: 0] += Int128(part.amount.picoDollars) }
                case .captured, .voided:
                    if flags.contains(.chargedByPolicy), !flags.contains(.corrected) { report.uncertain.append(id) }
                    closed(id, state: state, parts: parts, flags: flags, statement)
                }
            }
        }

        private mutating func closed(
            _ id: CallID,
            state: CallState,
            parts: [HoldPart],
            flags: BillFlags,
            _ row: any SQLStatement
        ) {
            let charge = row.money(20)
            let net = Int128(charge.picoDollars) + (corrections[id] ?? 0)
            // What a policy charged stays in the row; a void that came later took it back by a correction.
            if state == .voided, net != 0 { differ("call \(id): voided charge", stored: dollars(net), derived: "0") }
            report.charged += net
            var left = charge.picoDollars
            for part in parts {
                switch part.lane {
                case .grant:
                    let share = min(left, part.amount.picoDollars)
                    left -= share
                    captured[part.lane, default: 0] += Int128(share)
                case .key: captured[part.lane, default: 0] += Int128(min(charge.picoDollars, part.amount.picoDollars))
                }
            }
            if left != 0 { differ("call \(id): charge beyond its parts", stored: charge, derived: left) }
            for dimension in Rollups.Dimension.allCases {
                let key: Int64 =
                    switch dimension {
                    case .all: 0
                    case .user: row.int64(2)
                    case .key: row.int64(3)
                    case .model: row.int64(4)
                    case .provider: row.int64(27)
                    case .group: row.int64(6)
                    }
                sums[Int(dimension.rawValue)][key, default: Sums()].add(
                    charge: net,
                    cost: Int128(row.int64(21)),
                    excess: Int128(row.int64(22)),
                    inputTokens: Int128(row.int64(11)),
                    outputTokens: Int128(row.int64(15))
                )
            }
            compareLeaf(id, state: state, flags: flags, row)
        }

        private mutating func compareLeaf(_ id: CallID, state: CallState, flags: BillFlags, _ row: any SQLStatement) {
            guard let leaf = leaves[id] else { return differ("call \(id): leaf", stored: "none", derived: "one") }
            if leaf.number != row.optionalInt64(26) {
                differ("call \(id): leaf number", stored: row.optionalInt64(26) ?? -1, derived: leaf.number)
            }
            var usage = Usage()
            for (index, tokenClass) in [
                TokenClass.input, .cacheRead, .cacheWrite5m, .cacheWrite1h, .output, .reasoning, .audioInput,
                .audioOutput, .imageInput,
            ].enumerated() { usage.set(tokenClass, to: row.int64(11 + index), .reported) }
            guard let multiplier = try? Multiplier(basisPoints: row.int64(8)) else {
                return differ("call \(id): multiplier", stored: row.int64(8), derived: "basis points")
            }
            let derived = AuditLeaves.leaf(
                id: id,
                state: state,
                userID: row.id(2),
                keyID: row.id(3),
                modelID: row.id(4),
                routeID: row.id(5),
                groupID: row.id(6),
                priceVersionID: row.id(7),
                multiplier: multiplier,
                hold: row.money(9),
                usage: usage,
                charge: row.money(20),
                cost: row.money(21),
                excess: row.money(22),
                flags: flags,
                startedAt: row.instant(24),
                endedAt: row.instant(25)
            )
            if Array(derived) != leaf.hash { differ("call \(id): leaf", stored: "another bill", derived: "this row") }
        }

        mutating func compareLanes() throws {
            let grants = try connection.query(
                "SELECT id, funded, available, held, captured, forfeited FROM quota_grants ORDER BY id"
            ) { ($0.int64(0), $0.int64(1), $0.int64(2), $0.int64(3), $0.int64(4), $0.int64(5)) }
            report.grants = grants.count
            for (id, funded, available, held, captured, forfeited) in grants {
                compare(.grant(GrantID(id)), "grant \(id)", funded, available, held, captured, forfeited)
            }
            let limits = try connection.query(
                "SELECT key_id, funded, available, held, captured, forfeited FROM api_key_limits ORDER BY key_id"
            ) { ($0.int64(0), $0.int64(1), $0.int64(2), $0.int64(3), $0.int64(4), $0.int64(5)) }
            report.keyLimits = limits.count
            for (id, funded, available, held, captured, forfeited) in limits {
                compare(.key(APIKeyID(id)), "limit of key \(id)", funded, available, held, captured, forfeited)
            }
            for lane in Set(self.held.keys).union(self.captured.keys) where !seen.contains(lane) {
                differ("\(lane)", stored: "no such lane", derived: "held or charged by calls")
            }
        }

        private var seen: Set<Lane> = []

        init(connection: any SQLConnection, progress: @escaping (Int) -> Void) {
            self.connection = connection
            self.progress = progress
        }

        private mutating func compare(
            _ lane: Lane,
            _ name: String,
            _ funded: Int64,
            _ available: Int64,
            _ held: Int64,
            _ captured: Int64,
            _ forfeited: Int64
        ) {
            seen.insert(lane)
            let sum = Int128(available) + Int128(held) + Int128(captured) + Int128(forfeited)
            if sum != Int128(funded) {
                differ("\(name): funded", stored: dollars(Int128(funded)), derived: dollars(sum))
            }
            for (what, stored, derived) in [
                ("held", held, self.held[lane] ?? 0), ("captured", captured, self.captured[lane] ?? 0),
                ("funded by entries", funded, self.funded[lane] ?? 0),
            ] where Int128(stored) != derived {
                differ("\(name): \(what)", stored: dollars(Int128(stored)), derived: dollars(derived))
            }
            for (what, amount) in [
                ("available", available), ("held", held), ("captured", captured), ("forfeited", forfeited),
            ]
            where amount < 0 { differ("\(name): \(what)", stored: dollars(Int128(amount)), derived: "not negative") }
        }

        mutating func compareRollups() throws {
            var stored: [[Int64: Sums]] = Array(repeating: [:], count: Rollups.Dimension.allCases.count)
            // Summed in two halves, for SQLite's SUM fails on overflow.
            let halves = ["charge", "corrections", "cost", "excess", "input_tokens", "output_tokens"]
                .map { "SUM(\($0) / 1000000), SUM(\($0) % 1000000)" }.joined(separator: ", ")
            let rows = try connection.prepare(
                "SELECT dimension, dimension_id, SUM(requests), MAX(is_saturated), \(halves) FROM usage_rollups GROUP BY dimension, dimension_id"
            )
            defer { rows.reset() }
            func sum(_ index: Int) -> Int128 {
                Int128(rows.int64(4 + 2 * index)) * 1_000_000 + Int128(rows.int64(5 + 2 * index))
            }
            while try rows.step() {
                guard let dimension = Rollups.Dimension(rawValue: rows.int64(0)) else { continue }
                stored[Int(dimension.rawValue)][rows.int64(1)] = Sums(
                    requests: Int128(rows.int64(2)),
                    charge: sum(0) + sum(1),
                    cost: sum(2),
                    excess: sum(3),
                    inputTokens: sum(4),
                    outputTokens: sum(5),
                    isSaturated: rows.bool(3)
                )
            }
            for dimension in Rollups.Dimension.allCases {
                let index = Int(dimension.rawValue)
                for id in Set(sums[index].keys).union(stored[index].keys).sorted() {
                    let have = stored[index][id] ?? Sums()
                    let want = sums[index][id] ?? Sums()
                    let name = "roll-up \(dimension) \(id)"
                    for (what, stored, derived) in [
                        ("requests", have.requests, want.requests),
                        ("input tokens", have.inputTokens, want.inputTokens),
                        ("output tokens", have.outputTokens, want.outputTokens),
                    ] where stored != derived {
                        differ("\(name): \(what)", stored: stored, derived: derived)
                    }
                    // A sum that no longer fits stands still and says so.
                    if have.isSaturated { continue }
                    for (what, stored, derived) in [
                        ("charge", have.charge, want.charge), ("cost", have.cost, want.cost),
                        ("excess", have.excess, want.excess),
                    ] where stored != derived {
                        differ("\(name): \(what)", stored: dollars(stored), derived: dollars(derived))
                    }
                }
            }
        }

        private func dollars(_ picos: Int128) -> String {
            Int64(exactly: picos).map { Money(picoDollars: $0).description } ?? "\(picos) pico-dollars"
        }
    }
}
