import Domain
import Hummingbird

/// `GET /v1/usage`: a user's quotas, totals and newest bills.
struct UsageRoutes: Sendable {
    static let defaultLimit = 20
    static let largestLimit = 1_000

    let sources: ControlPlane.Sources

    func add(to group: RouterGroup<ControlPlane.Context>) {
        group.get("usage") { request, context in
            let principal = try await KeyAuthentication(sources: sources).principal(of: request, context)
            let limit = try limit(in: request)
            let call = try call(in: request)
            do {
                let report = try await sources.reports.usage(of: principal.userID, limit: limit, request: call)
                return JSONAnswer.response(UsageAnswer(report))
            } catch {
                throw ControlError.unavailable(because: error)
            }
        }
    }

    private func limit(in request: Request) throws -> Int {
        guard let text = request.uri.queryParameters.get("limit") else { return Self.defaultLimit }
        guard text.utf8.count <= 4, text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
            let limit = Int(text), (1...Self.largestLimit).contains(limit)
        else {
            throw ControlError.badParameter("limit", "'limit' must be a whole number from 1 to \(Self.largestLimit).")
        }
        return limit
    }

    private func call(in request: Request) throws -> CallID? {
        guard let text = request.uri.queryParameters.get("request_id") else { return nil }
        guard let id = CallID(parsing: text) else {
            throw ControlError.badParameter("request_id", "'request_id' must be the x-request-id of a call.")
        }
        return id
    }
}
