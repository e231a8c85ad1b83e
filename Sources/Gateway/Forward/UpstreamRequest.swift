import Domain
import NIOHTTP1

/// The head of what goes upstream: ours, plus the client's open list.
enum UpstreamRequest {
    static func head(_ head: RequestHead, to provider: Provider, bodyBytes: Int) -> HTTPRequestHead {
        var headers = HTTPHeaders()
        headers.reserveCapacity(head.forwarded.count + 6)
        headers.add(name: "Host", value: provider.baseURL.authority)
        if let credential = provider.credential {
            headers.add(name: "Authorization", value: "Bearer " + credential.secret)
        }
        headers.add(name: "Accept-Encoding", value: "identity")
        if !head.userAgent.isEmpty { headers.add(name: "User-Agent", value: head.userAgent) }
        for (name, value) in head.forwarded { headers.add(name: name, value: value) }
        headers.add(name: "Content-Length", value: String(bodyBytes))
        // `/v1` is the dialect's own prefix, and part of the provider's base URL.
        let path = provider.baseURL.path + head.endpoint.path.dropFirst(3)
        return HTTPRequestHead(version: .http1_1, method: .POST, uri: path, headers: headers)
    }
}
