import Domain
import HTTPTypes
import Hummingbird

/// `/api/me/playground-key`: what the console's playground calls models with, kept in the page's memory.
struct PlaygroundKeyRoutes: Sendable {
    let administration: Administration

    var operations: [Operation] {
        [
            .guarded(
                .post,
                "/api/me/playground-key",
                atLeast: .user,
                """
                Gives one's own key of the playground a new secret for 15 minutes, shown this once; the one before works to \
                its own end, unless the session ends first.
                """,
                body: .nothing,
                gives: .created(PlaygroundKeyAnswer.shape)
            ) { asked, caller in
                try await asked.expectNothing()
                let new = try await administration.keys.renewPlayground(of: caller.user, by: caller.actor)
                guard let end = new.key.expiresAt else { throw ControlError.internalError }
                return JSONAnswer.created(
                    PlaygroundKeyAnswer(new: new, expiresAt: end),
                    at: "/api/me/keys",
                    id: new.key.id
                )
            }
        ]
    }
}
