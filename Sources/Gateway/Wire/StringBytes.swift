extension String {
    /// The text's UTF-8 in one piece: reading it byte by byte through `utf8` costs several times as much.
    @inline(__always)
    func withUTF8Bytes<Value>(_ body: (UnsafeBufferPointer<UInt8>) -> Value) -> Value {
        if let value = utf8.withContiguousStorageIfAvailable(body) { return value }
        var copy = self
        return copy.withUTF8(body)
    }
}
