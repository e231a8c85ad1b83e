/// What a route leads from and to; neither is ever edited.
package struct RouteEnds: Hashable, Sendable {
    package let model: Int64
    package let provider: Int64

    package init(model: Int64, provider: Int64) {
        self.model = model
        self.provider = provider
    }
}
