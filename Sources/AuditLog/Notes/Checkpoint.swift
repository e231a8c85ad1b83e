/// What a log says of itself at one moment: which log, how many leaves, their root (C2SP tlog-checkpoint).
package struct Checkpoint: Hashable, Sendable {
    package let origin: String
    package let size: UInt64
    package let root: TreeHash

    package init(origin: String, size: UInt64, root: TreeHash) {
        self.origin = origin
        self.size = size
        self.root = root
    }

    /// Nil unless the text is a checkpoint; lines below the root are extensions, which say nothing here.
    package init?(text: String) {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.count >= 4, lines.last == "", !lines[0].isEmpty,
            lines[3..<(lines.count - 1)].allSatisfy({ $0 != "" }),
            let size = UInt64(lines[1]), size <= Int64.max, size.description == lines[1],
            let root = Base64.decode(lines[2]).flatMap({ TreeHash($0[...]) })
        else { return nil }
        self.init(origin: String(lines[0]), size: size, root: root)
    }

    package var text: String { "\(origin)\n\(size)\n\(root)\n" }
}
