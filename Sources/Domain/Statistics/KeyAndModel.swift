/// A key and a model in one id: the key's above, the model's in the lowest 24 bits, so that a key's are neighbours.
package enum KeyAndModel {
    package static let largestKey: Int64 = 1 << 39 - 1
    package static let largestModel: Int64 = 1 << 24 - 1

    /// 0 for ids that nobody has who has not given them by hand: they are counted together.
    package static func id(key: Int64, model: Int64) -> Int64 {
        guard (1...largestKey).contains(key), (1...largestModel).contains(model) else { return 0 }
        return key << 24 | model
    }

    /// Of all models with this key; nil for a key that is counted with others.
    package static func ids(ofKey key: Int64) -> ClosedRange<Int64>? {
        guard (1...largestKey).contains(key) else { return nil }
        return key << 24...key << 24 | largestModel
    }

    /// Nil for what was counted together.
    package static func parts(of id: Int64) -> (key: Int64, model: Int64)? {
        id > 0 ? (id >> 24, id & largestModel) : nil
    }
}
