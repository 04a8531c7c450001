import Synchronization
import Telemetry
import Testing

@testable import Gateway

/// One part that cannot be read again must not keep the others from it.
@Suite struct ReloadListTests {
    private struct Failure: Error {}

    @Test func runsEveryPartInOrder() {
        let list = ReloadList()
        let ran = Mutex<[String]>([])
        let log = Log(level: .error, format: .json, descriptor: -1)
        #expect(list.run(log: log))
        list.add("first") { ran.withLock { $0.append("first") } }
        #expect(list.run(log: log))
        list.add("second") { throw Failure() }
        list.add("third") { ran.withLock { $0.append("third") } }
        #expect(!list.run(log: log))
        #expect(ran.withLock { $0 } == ["first", "first", "third"])
    }
}
