import Domain
import NIOCore

/// The beginning of a body, as the pieces in which it passed.
struct KeptPieces: Sendable {
    /// A piece keeps the memory that it lies in: up to so many times its own size, beyond that it is copied, or a stream
    /// of short events would keep a read's whole buffer for each.
    private static let largestWaste = 4

    private let mostBytes: Int
    private var pieces: [ByteBuffer] = []
    /// The last piece is ours to write on.
    private var isGathering = false
    private(set) var keptBytes = 0
    private(set) var wholeBytes: Int64 = 0
    private(set) var isTruncated = false

    init(mostBytes: Int) { self.mostBytes = mostBytes }

    mutating func append(_ bytes: ByteBuffer, from budget: BodyBudget) {
        wholeBytes += Int64(bytes.readableBytes)
        let count = min(bytes.readableBytes, mostBytes - keptBytes)
        guard !isTruncated, count > 0, budget.take(count) else {
            isTruncated = isTruncated || bytes.readableBytes > 0
            return
        }
        isTruncated = count < bytes.readableBytes
        keptBytes += count
        guard let piece = bytes.getSlice(at: bytes.readerIndex, length: count) else { return }
        if bytes.storageCapacity <= count * Self.largestWaste {
            pieces.append(piece)
            isGathering = false
        } else if isGathering {
            pieces[pieces.count - 1].writeImmutableBuffer(piece)
        } else {
            var gathered = ByteBufferAllocator().buffer(capacity: count)
            gathered.writeImmutableBuffer(piece)
            pieces.append(gathered)
            isGathering = true
        }
    }

    func bytes() -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(keptBytes)
        for piece in pieces { bytes.append(contentsOf: piece.readableBytesView) }
        return bytes
    }

    func captured(_ bytes: [UInt8]) -> CapturedBody {
        CapturedBody(bytes: bytes, wholeBytes: wholeBytes, isTruncated: isTruncated)
    }
}
