import Dispatch
import Domain
import Testing

@testable import Storage

@Suite("password threads") struct PasswordsTests {
    private static let longest = String(repeating: "p", count: 1_024)

    @Test(
        "a password matches what was made of it, nobody's hash matches nothing",
        arguments: ["correct horse battery", "пароль-пароль-пароль", longest]
    )
    func roundTrip(password: String) async throws {
        let passwords = Passwords(logRounds: 8)
        let stored = try #require(await passwords.hash(password))
        #expect(!stored.contains(password))
        #expect(await passwords.matches(password, stored: stored) == true)
        #expect(await passwords.matches(password + "x", stored: stored) == false)
        #expect(await passwords.matches(password, stored: nil) == false)
        #expect(await passwords.matches(password, stored: "x") == false)
    }

    @Test("more than 1,024 bytes are nobody's password, and are not hashed")
    func tooLong() async throws {
        let passwords = Passwords(logRounds: 8)
        #expect(await passwords.hash(Self.longest + "p") == nil)
        let ofNothing = try #require(await passwords.hash(""))
        #expect(await passwords.matches(Self.longest + "p", stored: ofNothing) == false)
    }

    @Test("an unknown user's check costs what a real one costs")
    func sameWork() async throws {
        let passwords = Passwords(logRounds: PasswordHash.logRounds)
        let stored = try #require(await passwords.hash("correct horse battery"))
        let nobodys = PasswordHash.nobodys(logRounds: PasswordHash.logRounds)
        func parameters(_ text: String) -> Substring { text.split(separator: "$")[1] }
        #expect(parameters(stored) == "ln=17,r=8,p=1" && parameters(nobodys) == parameters(stored))
        #expect(nobodys.utf8.count == stored.utf8.count)
    }

    @Test("what finds no thread and no place in the queue is refused; the others come to their turn")
    func bounded() async {
        let threads = BoundedThreads(label: "test", width: Passwords.width, waiting: Passwords.waiting)
        let gate = DispatchSemaphore(value: 0)
        let asked = 50
        let outcomes = await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<asked {
                group.addTask {
                    let turn: Bool? = try? await threads.run {
                        gate.wait()
                        gate.signal()
                        return true
                    }
                    return turn == true
                }
            }
            var outcomes: [Bool: Int] = [:]
            // Those that find no room answer at once; the others wait for the gate.
            for _ in 0..<(asked - 34) { outcomes[await group.next() ?? true, default: 0] += 1 }
            #expect(outcomes == [false: asked - 34])
            gate.signal()
            for await outcome in group { outcomes[outcome, default: 0] += 1 }
            return outcomes
        }
        #expect(outcomes == [true: 34, false: asked - 34])
        // All have gone: there is room again.
        #expect((try? await threads.run { 7 }) == 7)
    }

    @Test("what waits too long for a thread is refused, and never done")
    func impatient() async {
        let threads = BoundedThreads(label: "test", width: 1, waiting: 8, patienceMilliseconds: 1)
        let gate = DispatchSemaphore(value: 0)
        await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<2 {
                group.addTask {
                    let turn: Bool? = try? await threads.run {
                        gate.wait()
                        return true
                    }
                    return turn == true
                }
            }
            // Whichever came first has the thread, and waits for the gate.
            #expect(await group.next() == false)
            gate.signal()
            #expect(await group.next() == true)
        }
        #expect((try? await threads.run { 3 }) == 3)
    }
}
