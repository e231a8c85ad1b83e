import HTTPTypes
import Hummingbird

/// The cookies of a browser's sign-in. The prefix `__Host-` has browsers refuse one that another host, or plain http
/// beyond loopback, tries to set.
enum CookieJar {
    static let access = "__Host-tokenaudit-access"
    static let refresh = "__Host-tokenaudit-refresh"
    /// Read by our own page, which sends it back as a header; another origin can read neither.
    static let csrf = "__Host-tokenaudit-csrf"

    /// Nil where it is not there, or there twice: then nobody knows whose the other one is.
    static func value(of name: String, in headers: HTTPFields) -> String? {
        var found: String?
        for line in headers[values: .cookie] {
            for pair in line.split(separator: ";") {
                let pair = pair.drop { $0 == " " }
                guard let equals = pair.firstIndex(of: "="), pair[..<equals] == name else { continue }
                guard found == nil else { return nil }
                found = String(pair[pair.index(after: equals)...])
            }
        }
        return found?.isEmpty == false ? found : nil
    }

    static func set(_ name: String, to value: String, seconds: Int64, in headers: inout HTTPFields) {
        let scope = name == csrf ? "" : "; HttpOnly"
        let text = "\(name)=\(value); Path=/; Max-Age=\(max(0, seconds)); Secure\(scope); SameSite=Strict"
        headers.append(HTTPField(name: .setCookie, value: text))
    }

    static func clear(in headers: inout HTTPFields) {
        for name in [access, refresh, csrf] { set(name, to: "", seconds: 0, in: &headers) }
    }
}
