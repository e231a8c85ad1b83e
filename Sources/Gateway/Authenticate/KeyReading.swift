import Domain

extension KeyDigester {
    /// The digest of a presented key. Any text is digested, so that a wrong form takes as long as a wrong key.
    func digest(of key: Substring) -> KeyDigest {
        var key = key
        return key.withUTF8 { digest(UnsafeRawBufferPointer($0)) }
    }
}
