import Testing

@testable import AuditLog

@Suite("the tree")
struct TreeTests {
    /// The reference tree of certificate-transparency's merkletree tests.
    static let inputs = [
        "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f",
    ]
    static let roots = [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ]

    static func hash(_ hex: String) -> TreeHash {
        guard let hash = TreeHash(bytes(hex)[...]) else { preconditionFailure("64 digits") }
        return hash
    }

    static func bytes(_ hex: String) -> [UInt8] {
        stride(from: 0, to: hex.count, by: 2).compactMap { UInt8(hex.dropFirst($0).prefix(2), radix: 16) }
    }

    static let reference: StoredTree = {
        var stored = StoredTree()
        for input in inputs { stored.append(.leaf(bytes(input))) }
        return stored
    }()

    @Test("the published roots of the reference tree, leaf by leaf, and of the empty one")
    func publishedRoots() {
        var stored = StoredTree()
        #expect(
            stored.tree.root == Self.hash("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
        )
        for (input, root) in zip(Self.inputs, Self.roots) {
            stored.append(.leaf(Self.bytes(input)))
            #expect(stored.tree.root == Self.hash(root))
        }
    }

    @Test(
        "the published inclusion proofs; leaves count from 1 as there",
        arguments: [
            (1, 1, []),
            (
                1, 8,
                [
                    "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
                    "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                    "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
                ]
            ),
            (
                6, 8,
                [
                    "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
                    "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
                ]
            ),
            (3, 3, ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"]),
            (
                2, 5,
                [
                    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
                    "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                    "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
                ]
            ),
        ] as [(UInt64, UInt64, [String])]
    )
    func publishedInclusions(leaf: UInt64, size: UInt64, path: [String]) throws {
        let made = try TreeProof.inclusion(of: leaf - 1, size: size, in: Self.reference.nodes)
        #expect(made == path.map(Self.hash))
        #expect(
            TreeProof.isIncluded(
                .leaf(Self.bytes(Self.inputs[Int(leaf) - 1])),
                at: leaf - 1,
                size: size,
                root: Self.hash(Self.roots[Int(size) - 1]),
                path: made
            )
        )
    }

    @Test(
        "the published consistency proofs",
        arguments: [
            (1, 1, []),
            (
                1, 8,
                [
                    "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
                    "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                    "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
                ]
            ),
            (
                6, 8,
                [
                    "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
                    "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
                ]
            ),
            (
                2, 5,
                [
                    "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                    "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
                ]
            ),
        ] as [(UInt64, UInt64, [String])]
    )
    func publishedConsistencies(old: UInt64, new: UInt64, path: [String]) throws {
        let made = try TreeProof.consistency(from: old, to: new, in: Self.reference.nodes)
        #expect(made == path.map(Self.hash))
        let (before, after) = (Self.hash(Self.roots[Int(old) - 1]), Self.hash(Self.roots[Int(new) - 1]))
        #expect(TreeProof.isConsistent(from: old, before, to: new, after, path: made))
    }

    @Test("roots, tiles and proofs of all sizes are those of the definitions, and no other proof is taken")
    func definitions() throws {
        let limit = 96
        var naive = NaiveTree()
        var stored = StoredTree()
        for size in 1...limit {
            naive.leaves.append(.leaf([UInt8(size), 7]))
            stored.append(naive.leaves[size - 1])
            let root = naive.root(0..<size)
            #expect(stored.tree.root == root)
            #expect(try GrowingTree(size: UInt64(size), nodes: stored.nodes).root == root)
            for old in 1...size {
                let index = UInt64(old - 1)
                let path = try TreeProof.inclusion(of: index, size: UInt64(size), in: stored.nodes)
                #expect(path == naive.path(old - 1, 0..<size))
                let leaf = naive.leaves[old - 1]
                #expect(TreeProof.isIncluded(leaf, at: index, size: UInt64(size), root: root, path: path))
                #expect(!TreeProof.isIncluded(leaf, at: index + 1, size: UInt64(size), root: root, path: path))
                #expect(!TreeProof.isIncluded(root, at: index, size: UInt64(size) + 1, root: root, path: path))
                #expect(!TreeProof.isIncluded(leaf, at: index, size: UInt64(size), root: root, path: path + [leaf]))
                let proof = try TreeProof.consistency(from: UInt64(old), to: UInt64(size), in: stored.nodes)
                #expect(proof == naive.consistency(old, 0..<size))
                let oldRoot = naive.root(0..<old)
                func isTaken(_ old: UInt64, _ oldRoot: TreeHash, _ path: [TreeHash]) -> Bool {
                    TreeProof.isConsistent(from: old, oldRoot, to: UInt64(size), root, path: path)
                }
                #expect(isTaken(UInt64(old), oldRoot, proof))
                #expect(!isTaken(UInt64(old), .leaf([1]), proof))
                #expect(!isTaken(UInt64(old), oldRoot, proof + [leaf]))
                if !proof.isEmpty { #expect(!isTaken(UInt64(old), oldRoot, proof.dropLast())) }
            }
        }
    }

    @Test("a tree of several levels is read back from its tiles, at its own and older sizes")
    func levels() throws {
        var random = SplitMix(state: 7)
        var naive = NaiveTree()
        var stored = StoredTree()
        let size = 65_537 + Int(random.next() % 600)
        for index in 0..<size {
            naive.leaves.append(.leaf([UInt8(truncatingIfNeeded: index), UInt8(truncatingIfNeeded: index >> 8)]))
            stored.append(naive.leaves[index])
        }
        for level in 0..<4 {
            let count = stored.tiles.keys.filter { $0.level == level }.count
            #expect(UInt64(count) == Tile.count(level: level, size: UInt64(size)))
        }
        let root = naive.root(0..<size)
        #expect(try GrowingTree(size: UInt64(size), nodes: stored.nodes).root == root)
        for old in [1, 256, 257, 65_536] + (0..<20).map({ _ in Int(random.next() % UInt64(size)) + 1 }) {
            let oldRoot = try stored.nodes.range(size: UInt64(old)).root
            let path = try TreeProof.inclusion(of: UInt64(old - 1), size: UInt64(size), in: stored.nodes)
            let leaf = naive.leaves[old - 1]
            #expect(TreeProof.isIncluded(leaf, at: UInt64(old - 1), size: UInt64(size), root: root, path: path))
            let proof = try TreeProof.consistency(from: UInt64(old), to: UInt64(size), in: stored.nodes)
            #expect(TreeProof.isConsistent(from: UInt64(old), oldRoot, to: UInt64(size), root, path: proof))
        }
        #expect(try stored.nodes.range(size: 300).root == naive.root(0..<300))
    }

    @Test("a missing or short tile is said, never guessed")
    func missing() throws {
        var stored = StoredTree()
        for index in 0..<300 { stored.append(.leaf([UInt8(truncatingIfNeeded: index)])) }
        stored.tiles[Tile(level: 0, index: 1)]?.removeLast()
        #expect(throws: TreeError.missing(level: 0, tile: 1)) { try GrowingTree(size: 300, nodes: stored.nodes) }
        stored.tiles[Tile(level: 1, index: 0)] = nil
        #expect(throws: TreeError.missing(level: 1, tile: 0)) { try stored.nodes.range(size: 256) }
        #expect(throws: TreeError.beyond(size: 5)) { try TreeProof.inclusion(of: 5, size: 5, in: stored.nodes) }
    }
}

struct SplitMix {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
