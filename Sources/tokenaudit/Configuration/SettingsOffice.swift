import Domain
import Storage

/// Shows settings and changes those that may change while servers run.
struct SettingsOffice: SettingsDesk {
    let live: LiveSettings
    let store: SettingStore

    var liveNames: [String] { SettingKey.live.map(\.path) }

    func settings() async throws(DeskError) -> SettingList { list(try await store.stored()) }

    func change(
        _ values: [String: String?],
        if precondition: Precondition,
        by actor: Actor
    ) async throws(DeskError) -> SettingList {
        for (name, text) in values.sorted(by: { $0.key < $1.key }) { try live.check(name, text) }
        return list(try await store.change(values, if: precondition, by: actor))
    }

    private func list(_ stored: StoredSettings) -> SettingList {
        SettingList(items: live.records(stored), updatedAt: stored.updatedAt)
    }
}
