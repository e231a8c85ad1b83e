import Domain

/// One direction as it is stored: compressed, then sealed.
struct SealedBody: Sendable {
    /// Nil where there was nothing.
    let data: [UInt8]?
    let wholeBytes: Int64
    /// Before it was compressed.
    let keptBytes: Int64
    let isTruncated: Bool

    init(data: [UInt8]?, wholeBytes: Int64, keptBytes: Int64, isTruncated: Bool) {
        self.data = data
        self.wholeBytes = wholeBytes
        self.keptBytes = keptBytes
        self.isTruncated = isTruncated
    }

    init(sealing body: CapturedBody, with key: BodyKey, at place: SecretPlace) {
        self.init(
            data: body.bytes.isEmpty ? nil : key.seal(Deflate.compress(body.bytes), at: place),
            wholeBytes: body.wholeBytes,
            keptBytes: Int64(body.bytes.count),
            isTruncated: body.isTruncated
        )
    }

    /// - Throws: `SecretError` where it is not what was sealed here.
    func opened(with key: BodyKey, at place: SecretPlace) throws(SecretError) -> CapturedBody {
        var bytes: [UInt8] = []
        if let data {
            let compressed = try key.open(data, at: place)
            guard (1...Self.mostKept).contains(keptBytes),
                let whole = Deflate.decompress(compressed, count: Int(keptBytes))
            else { throw .undecryptable(place: place.description) }
            bytes = whole
        }
        return CapturedBody(bytes: bytes, wholeBytes: wholeBytes, isTruncated: isTruncated)
    }

    /// Room is made before anything is unpacked: a size that somebody changed must not take all there is.
    private static let mostKept: Int64 = 1 << 30
}
