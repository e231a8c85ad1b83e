import Domain
import Foundation
import HTTPTypes
import Hummingbird

/// An answer as it is kept for whoever asks the same again.
struct KeptAnswer: Codable {
    /// JSON.
    let body: String
    /// Of the row that it shows, in microseconds.
    let version: Int64
    /// Where what was made is to be found; nil where nothing was.
    let location: String?

    init(_ body: some Encodable, version: Instant, location: String? = nil) {
        self.body = JSONAnswer.text(body)
        self.version = version.microseconds
        self.location = location
    }

    init?(_ bytes: [UInt8]) {
        guard let kept = try? JSONDecoder().decode(KeptAnswer.self, from: Data(bytes)) else { return nil }
        self = kept
    }

    var bytes: [UInt8] { Array(JSONAnswer.text(self).utf8) }

    /// - Parameter isRepeated: told in a header; all else is as it was the first time.
    func response(isRepeated: Bool = false) -> Response {
        var headers = HTTPFields()
        if let location { headers[.location] = location }
        if isRepeated { headers[HTTPField.Name("Idempotency-Replayed")!] = "true" }
        return JSONAnswer.response(
            data: Data(body.utf8),
            status: location == nil ? .ok : .created,
            version: Instant(microseconds: version),
            headers: headers
        )
    }
}
