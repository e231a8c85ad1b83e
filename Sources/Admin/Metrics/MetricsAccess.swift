package import Domain
import HTTPTypes
import Hummingbird

/// Who may read metrics: this host itself, whoever comes from an address that is named, and whoever has the token.
package struct MetricsAccess: Sendable {
    private let addresses: [AddressRange]
    private let token: Credential?

    /// This host alone.
    package static let local = MetricsAccess(addresses: [], token: nil)

    package init(addresses: [AddressRange], token: Credential?) {
        self.addresses = addresses
        self.token = token
    }

    func allows(_ request: Request, _ context: ControlPlane.Context) -> Bool {
        if let token, let given = Self.bearer(request), ConstantTime.isEqual(given.utf8, token.secret.utf8) {
            return true
        }
        // What came through a proxy that is not believed may come from anywhere.
        if Transport(request, context) == .local { return true }
        guard context.isPeerTrusted || !Transport.isForwarded(request) else { return false }
        guard let address = context.clientAddress.address else { return false }
        return addresses.contains { $0.contains(address) }
    }

    private static func bearer(_ request: Request) -> Substring? {
        var presented = PresentedKey()
        for value in request.headers[values: .authorization] { presented.read(authorization: value) }
        return presented.key
    }
}
