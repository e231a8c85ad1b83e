package import Domain

/// What the routes of providers, models, prices and model groups work with.
package struct CatalogDesk: Sendable {
    let providers: any Providers
    let models: any Models
    let prices: any Prices
    let groups: any ModelGroups
    let client: ProviderClient

    package init(
        providers: any Providers,
        models: any Models,
        prices: any Prices,
        groups: any ModelGroups,
        client: ProviderClient
    ) {
        self.providers = providers
        self.models = models
        self.prices = prices
        self.groups = groups
        self.client = client
    }

    func operations(showing usage: ListUsage) -> [Operation] {
        ProviderRoutes(catalog: self, usage: usage).operations
            + ModelRecordRoutes(catalog: self, usage: usage).operations
            + PriceImportRoutes(catalog: self).operations + PriceRoutes(catalog: self).operations
            + GroupRoutes(catalog: self).operations
    }
}
