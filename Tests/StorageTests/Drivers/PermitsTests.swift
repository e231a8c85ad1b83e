import Dispatch
import Testing

@testable import Storage

@Suite("permits")
struct PermitsTests {
    @Test("as many are given as there are, then one waits in vain, as long as it was told to")
    func counts() {
        let permits = Permits(2)
        #expect(permits.take(withinMilliseconds: 0))
        #expect(permits.take(withinMilliseconds: 0))
        let before = DispatchTime.now().uptimeNanoseconds
        #expect(!permits.take(withinMilliseconds: 1_030))
        #expect((1_030..<10_000).contains((DispatchTime.now().uptimeNanoseconds - before) / 1_000_000))
        permits.give()
        #expect(permits.take(withinMilliseconds: 0))
        #expect(!permits.take(withinMilliseconds: 0))
    }

    @Test("whoever waits is woken by one that is given, each by one")
    func wakes() async {
        let permits = Permits(0)
        let taken = await withTaskGroup(of: Bool.self) { group in
            for number in 0..<4 {
                group.addTask {
                    await withCheckedContinuation { continuation in
                        DispatchQueue(label: "permits.\(number)").async {
                            continuation.resume(returning: permits.take(withinMilliseconds: 20_000))
                        }
                    }
                }
            }
            for _ in 0..<4 { permits.give() }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(taken == [true, true, true, true])
        #expect(!permits.take(withinMilliseconds: 0))
    }
}
