/// Some of a list, and how many there are in all.
package struct Page<Item: Sendable>: Sendable {
    package let count: Int
    package let items: [Item]

    package init(count: Int, items: [Item]) {
        self.count = count
        self.items = items
    }
}

/// Which part of a list, in which order.
package struct Window<Order: Hashable & Sendable>: Hashable, Sendable {
    package var order: Order
    package var isDescending = false
    package var offset = 0
    package var limit = 50

    package init(order: Order) { self.order = order }
}
