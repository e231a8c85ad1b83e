@testable import Domain

/// What goes wrong, at random, for as long as clients ask.
extension ReplicaSimulation {
    mutating func goWrong(_ fault: Event) {
        if case .start(let machine) = fault {
            if machines[machine].process == nil { start(machine) }
            return
        }
        guard now < asksUntil else { return }
        agenda.add(fault, at: now + random.int(1_000_000...12_000_000))
        if case .slowLog = fault {
            count("slow log")
            logIsSlowUntil = now + random.int(200_000...9_000_000)
            return
        }
        let machine = Int(random.int(0...Int64(machines.count - 1)))
        guard let process = machines[machine].process else { return }
        switch fault {
        case .crash:
            count("crash")
            processes[process].isAlive = false
            machines[machine].process = nil
            let clients =
                processes[process].waiting.map(\.client) + processes[process].running.values.map(\.client).sorted()
            let unanswered = processes[process].unsettled.values.filter { !$0.isSpooled }.compactMap(\.client).sorted()
            let inFlight = transactions.values.flatMap { transaction -> [Int] in
                guard case .admit(let calls) = transaction.work, transaction.process == process, !transaction.isTold
                else { return [] }
                return calls.map(\.client)
            }
            loseConnections(of: process)
            for client in clients + unanswered + inFlight.sorted() { answered(client, "cut off") }
            // Soon, or when others have long decided.
            agenda.add(
                .start(machine: machine),
                at: now + random.int(random.oneIn(2) ? 500_000...3_000_000 : 17_000_000...40_000_000)
            )
        case .stall:
            count("stall")
            let until = now + random.int(random.oneIn(2) ? 100_000...4_000_000 : 16_000_000...40_000_000)
            if random.oneIn(2) {
                processes[process].stallsInTransaction = until
            } else {
                processes[process].stalledUntil = until
            }
        case .cut:
            count("cut")
            processes[process].cutUntil =
                now + random.int(random.oneIn(2) ? 500_000...5_000_000 : 16_000_000...30_000_000)
            loseConnections(of: process)
        default: break
        }
    }
}
