import Testing

@testable import Gateway

/// sd_listen_fds(3): what is meant for another process, or is no number, is left alone.
@Suite struct SupervisorSocketsTests {
    @Test(arguments: [
        (["LISTEN_PID": "7", "LISTEN_FDS": "2"], Int32(3)..<5),
        (["LISTEN_PID": "8", "LISTEN_FDS": "2"], 3..<3),
        (["LISTEN_PID": "7"], 3..<3), (["LISTEN_FDS": "2"], 3..<3), ([:], 3..<3),
        (["LISTEN_PID": "7", "LISTEN_FDS": "0"], 3..<3),
        (["LISTEN_PID": "7", "LISTEN_FDS": "-1"], 3..<3),
        (["LISTEN_PID": "7", "LISTEN_FDS": "two"], 3..<3),
        (["LISTEN_PID": "7", "LISTEN_FDS": "2147483647"], 3..<3),
    ])
    func areThoseMeantForThisProcess(environment: [String: String], descriptors: Range<Int32>) {
        #expect(
            SupervisorSockets.descriptors(environment, processID: 7) == descriptors)
    }
}
