import Foundation
import LLMGateway
import Testing

/// What clients/conformance/run.py says in the environment.
func variable(_ name: String) -> String {
    guard let value = ProcessInfo.processInfo.environment["LLM_GATEWAY_\(name)"] else {
        fatalError("LLM_GATEWAY_\(name) is not set: clients/conformance/run.py sets it")
    }
    return value
}

/// Connects to one of the addresses.
func connect(
    _ address: String = "ADDRESS", key: String? = nil, _ body: (Gateway) async throws -> Void
) async throws {
    try await withGateway(variable(address), key: key, timeout: .seconds(60), body)
}

/// A test of a cell of the list: writes that it is shown, if the body does not throw.
func show(_ cell: String, _ body: (Gateway) async throws -> Void) async throws {
    try await connect(key: variable("KEY"), body)
    let file = try FileHandle(forWritingTo: URL(filePath: variable("CELLS")))
    try file.seekToEnd()
    try file.write(contentsOf: Data("\(cell)\n".utf8))
    try file.close()
}

/// The error of a call that must fail.
func failure(_ call: () async throws -> Void) async throws -> GatewayError {
    do {
        try await call()
    } catch let error as GatewayError {
        return error
    }
    throw DidNotFail()
}

/// A call did what it should not have done.
private struct DidNotFail: Error {}

/// Reads a stream to its end.
func drain(_ gateway: Gateway, _ model: String, timeout: Duration? = nil) async throws {
    try await gateway.stream(ChatRequest(model: model, "Hello"), timeout: timeout) { stream in
        for try await _ in stream {}
    }
}

/// Asks the tests' surroundings for something; fails if they cannot.
func control(_ path: String) throws -> String {
    let curl = Process()
    curl.executableURL = URL(filePath: "/usr/bin/env")
    curl.arguments = ["curl", "--silent", "--fail", variable("CONTROL") + path]
    let output = Pipe()
    curl.standardOutput = output
    try curl.run()
    let answer = output.fileHandleForReading.readDataToEndOfFile()
    curl.waitUntilExit()
    try #require(curl.terminationStatus == 0)
    return String(decoding: answer, as: UTF8.self)
}
