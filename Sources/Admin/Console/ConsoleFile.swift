import CConsole
import Domain
import HTTPTypes
import Hummingbird
import NIOCore

/// One file of the console as `Scripts/console.py` built it, and as it is answered.
struct ConsoleFile: Sendable {
    let mediaType: String
    /// A strong entity tag, with its quotes.
    let tag: String
    let plain: ByteBuffer
    /// The same by gzip; made once, when it was built.
    let packed: ByteBuffer

    /// By their paths below the root: `index.html`, `assets/main-….js`.
    static let all: [String: ConsoleFile] = {
        var files: [String: ConsoleFile] = [:]
        for index in 0..<Int(console_file_count) {
            guard let file = console_file_at(UInt(index))?.pointee else { continue }
            files[String(cString: file.path)] = ConsoleFile(
                mediaType: String(cString: file.media_type),
                tag: String(cString: file.tag),
                plain: ByteBuffer(bytes: UnsafeBufferPointer(start: file.plain, count: Int(file.plain_bytes))),
                packed: ByteBuffer(bytes: UnsafeBufferPointer(start: file.packed, count: Int(file.packed_bytes)))
            )
        }
        return files
    }()

    /// - Parameter isLasting: what the path names never changes, since its name would.
    func response(to request: Request, isLasting: Bool) -> Response {
        var fields: HTTPFields = [
            .contentType: mediaType,
            .eTag: tag,
            .vary: "Accept-Encoding",
            .cacheControl: isLasting ? "public, max-age=31536000, immutable" : "no-cache",
            .contentSecurityPolicy: Self.policy,
            .xFrameOptions: "DENY",
            .referrerPolicy: "same-origin",
            .crossOriginOpenerPolicy: "same-origin",
        ]
        if Self.matches(request.headers[values: .ifNoneMatch], tag) {
            return Response(status: .notModified, headers: fields)
        }
        let isPacked = Self.takesGzip(request.headers[values: .acceptEncoding])
        if isPacked { fields[.contentEncoding] = "gzip" }
        let body = isPacked ? packed : plain
        fields[.contentLength] = String(body.readableBytes)
        return Response(status: .ok, headers: fields, body: .init(byteBuffer: body))
    }

    /// Scripts and styles of ours alone, none of them in the page; nothing is sent or shown elsewhere; no script makes markup
    /// of text.
    private static let policy = """
        default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
        base-uri 'none'; form-action 'self'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'
        """

    /// RFC 9110 §13.1.2: any of the tags, compared weakly.
    static func matches(_ fields: [String], _ tag: String) -> Bool {
        fields.contains { field in
            field.split(separator: ",").contains { item in
                let item = String(item).trimmed
                return item == "*" || item == tag || item == "W/" + tag
            }
        }
    }

    /// RFC 9110 §12.5.3: named, or covered by `*`, and not with a weight of nothing.
    static func takesGzip(_ fields: [String]) -> Bool {
        var covered = false
        for item in fields.joined(separator: ",").prefix(1_000).split(separator: ",") {
            let parts = item.split(separator: ";").map { $0.filter { $0 != " " }.lowercased() }
            guard let name = parts.first else { continue }
            let isRefused = parts.dropFirst().contains {
                $0.hasPrefix("q=0") && $0.dropFirst(2).allSatisfy { "0.".contains($0) }
            }
            if name == "gzip" { return !isRefused }
            if name == "*" { covered = !isRefused }
        }
        return covered
    }
}

extension HTTPField.Name {
    fileprivate static let referrerPolicy = HTTPField.Name("Referrer-Policy")!
    fileprivate static let crossOriginOpenerPolicy = HTTPField.Name("Cross-Origin-Opener-Policy")!
    fileprivate static let xFrameOptions = HTTPField.Name("X-Frame-Options")!
}
