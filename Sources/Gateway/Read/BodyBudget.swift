import Synchronization

/// Bytes of bodies held at a time, over all connections: who may send or be sent a large one may many at once.
final class BodyBudget: Sendable {
    private let limit: Int
    private let held = Atomic<Int>(0)

    init(limit: Int) { self.limit = limit }

    /// Returns false, and takes nothing, where the budget is used up.
    func take(_ bytes: Int) -> Bool {
        if held.wrappingAdd(bytes, ordering: .relaxed).newValue <= limit { return true }
        giveBack(bytes)
        return false
    }

    func giveBack(_ bytes: Int) { held.wrappingSubtract(bytes, ordering: .relaxed) }
}

/// What one body has taken of a budget; given back with the last reference to it, wherever that ends.
final class BudgetShare {
    private let budget: BodyBudget
    private var takenBytes = 0

    init(of budget: BodyBudget) { self.budget = budget }

    deinit { budget.giveBack(takenBytes) }

    /// Returns false, and takes nothing, where the budget is used up.
    func take(_ bytes: Int) -> Bool {
        guard budget.take(bytes) else { return false }
        takenBytes += bytes
        return true
    }
}
