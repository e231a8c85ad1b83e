import Testing

@testable import Domain

@Suite("Base URLs")
struct BaseURLTests {
    @Test(
        "takes scheme, host, port and a plain path",
        arguments: [
            ("https://api.openai.com/v1", "https://api.openai.com/v1", "api.openai.com"),
            ("https://API.OpenAI.com/v1/", "https://api.openai.com/v1", "api.openai.com"),
            ("http://127.0.0.1:9100/v1", "http://127.0.0.1:9100/v1", "127.0.0.1:9100"),
            ("http://localhost", "http://localhost", "localhost"),
            ("https://example.com:443///", "https://example.com", "example.com"),
            ("http://example.com:443", "http://example.com:443", "example.com:443"),
            ("http://[::1]:8080/v1", "http://[::1]:8080/v1", "[::1]:8080"),
            ("https://[2001:DB8::1]", "https://[2001:db8::1]", "[2001:db8::1]"),
            (
                "https://x.example/openai/deployments/a_b-c.d~1", "https://x.example/openai/deployments/a_b-c.d~1",
                "x.example"
            ),
        ]
    )
    func accepts(text: String, canonical: String, authority: String) throws {
        let url = try BaseURL(parsing: text)
        #expect(url.description == canonical)
        #expect(url.authority == authority)
        #expect(try BaseURL(parsing: url.description) == url)
    }

    @Test(
        "refuses everything that two parsers might read differently",
        arguments: [
            ("", .scheme), ("example.com", .scheme), ("ftp://example.com", .scheme), ("file:///etc/passwd", .scheme),
            ("gopher://example.com", .scheme), ("HTTPS://example.com", .scheme), (" https://example.com", .scheme),
            ("//example.com", .scheme), ("https:/example.com", .scheme), ("javascript:alert(1)", .scheme),
            ("https://user@host", .userInfo), ("https://user:secret@host/v1", .userInfo), ("http://@host", .userInfo),
            ("https://", .host), ("https:///v1", .host), ("https://:8080", .host), ("https://ex ample.com", .host),
            ("https://exämple.com", .host), ("https://example.com\\@evil.com", .userInfo),
            ("https://example.com\\evil", .host), ("https://example.com?x", .host), ("https://example.com#x", .host),
            ("https://a..b", .host), ("https://.a", .host), ("https://exa%6dple.com", .host),
            // Lower-cased, the Kelvin sign would be an ASCII k.
            ("https://\u{212A}.com", .host), ("https://example.com\r\nX: y", .host), ("https://example.com\0", .host),
            ("https://[::1", .host), ("https://[example.com]", .host), ("https://[::1]x", .host), ("https://[]", .host),
            ("https://[fe80::1%25eth0]", .host), ("https://[v1.a:b]", .host),
            ("https://host:", .port), ("https://host:0", .port), ("https://host:65536", .port),
            ("https://host:-1", .port),
            ("https://host:8 0", .port), ("https://host:99999999999999999999", .port), ("https://a:80:80", .port),
            ("https://host/v1?key=1", .path), ("https://host/v1#a", .path), ("https://host/a/../b", .path),
            ("https://host/./a", .path), ("https://host/..", .path), ("https://host/a//b", .path),
            ("https://host/%2e%2e", .path), ("https://host/a b", .path), ("https://host/a\\b", .path),
            ("https://host/\u{e9}", .path), ("https://host/a\r\nX: y", .path),
        ] as [(String, BaseURL.Problem)]
    )
    func refuses(text: String, problem: BaseURL.Problem) {
        #expect(throws: problem) { try BaseURL(parsing: text) }
    }
}
