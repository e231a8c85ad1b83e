import Foundation
import NIOCore
import Testing

@testable import Admin

@Suite("the console's files") struct ConsoleTests {
    @Test(
        "what is packed, by what a client says it takes",
        arguments: [
            ("gzip", true), ("br, gzip;q=0.8", true), ("GZIP", true), ("*", true), ("gzip;q=0, *", false),
            ("*;q=0", false),
            ("br", false), ("", false), ("gzip; q=0.000", false), ("identity, *;q=0.1", true), (";q=1,gzip", true),
        ]
    )
    func packing(field: String, isPacked: Bool) {
        #expect(ConsoleFile.takesGzip(field.isEmpty ? [] : [field]) == isPacked)
    }

    @Test(
        "what a browser has already",
        arguments: [
            (#""a""#, true), (#"W/"a""#, true), (#""b", "a""#, true), ("*", true), (#""b""#, false), ("a", false),
            ("", false),
        ]
    )
    func matching(field: String, isSame: Bool) {
        #expect(ConsoleFile.matches([field], #""a""#) == isSame)
    }

    @Test("the page names files that are there, each under a name that changes with it")
    func files() throws {
        let page = try #require(ConsoleFile.all["index.html"])
        let text = String(buffer: page.plain)
        let names = text.matches(of: #/\/(assets\/[^"]+)"/#).map { String($0.1) }
        #expect(names.count >= 4)
        for name in names { #expect(ConsoleFile.all[name] != nil, "\(name)") }
        for (path, file) in ConsoleFile.all {
            #expect(file.plain.readableBytes > 0 && file.packed.readableBytes > 0, "\(path)")
            #expect(path == "index.html" || path.wholeMatch(of: #/assets\/[\w.]+-[A-Z0-9]{8}\.(js|css|svg)/#) != nil)
        }
        #expect(Set(ConsoleFile.all.values.map(\.tag)).count == ConsoleFile.all.count)
    }

    @Test("the page is served at the addresses that it knows, and at no other")
    func pages() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let table = try String(contentsOf: root.appending(path: "Console/src/pages.ts"), encoding: .utf8)
        let known = table.matches(of: #/path: "([^"]+)"/#).map { String($0.1) }
        #expect(Set(known) == Set(ConsoleRoutes.pages) && known.count == ConsoleRoutes.pages.count)
        #expect(ConsoleRoutes.methods(at: "/requests/1") == ["GET", "HEAD"])
        for path in ["/nowhere", "/requestsx", "/assets/none.js", "/assets/", "/api"] {
            #expect(ConsoleRoutes.methods(at: path) == nil, "\(path)")
        }
    }
}
