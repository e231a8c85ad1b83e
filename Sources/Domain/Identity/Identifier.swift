/// A row's number, typed by what it names so that a user's id never passes for a grant's.
package struct Identifier<Entity>: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let rawValue: Int64

    @inlinable
    package init(_ rawValue: Int64) { self.rawValue = rawValue }

    @inlinable
    package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }

    package var description: String { String(rawValue) }
}

package enum Entity {
    package enum User {}
    package enum APIKey {}
    package enum Provider {}
    package enum Model {}
    package enum Route {}
    package enum ModelGroup {}
    package enum PriceVersion {}
    package enum Quota {}
    package enum Grant {}
    package enum Replica {}
    package enum Session {}
    package enum Alert {}
    package enum AlertChannel {}
    package enum AlertDelivery {}
}

package typealias UserID = Identifier<Entity.User>
package typealias APIKeyID = Identifier<Entity.APIKey>
package typealias ProviderID = Identifier<Entity.Provider>
package typealias ModelID = Identifier<Entity.Model>
package typealias RouteID = Identifier<Entity.Route>
package typealias ModelGroupID = Identifier<Entity.ModelGroup>
package typealias PriceVersionID = Identifier<Entity.PriceVersion>
package typealias QuotaID = Identifier<Entity.Quota>
package typealias GrantID = Identifier<Entity.Grant>
package typealias ReplicaID = Identifier<Entity.Replica>
package typealias AlertID = Identifier<Entity.Alert>
package typealias AlertChannelID = Identifier<Entity.AlertChannel>
package typealias AlertDeliveryID = Identifier<Entity.AlertDelivery>
