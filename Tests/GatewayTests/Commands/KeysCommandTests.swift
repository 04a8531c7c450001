import ArgumentParser
import Foundation
import GatewayCore
import Testing

@testable import Gateway

/// `llm-gateway keys`, as far as no gateway is asked.
struct KeysCommandTests {
    private static func key(_ id: String, alias: String? = nil) -> RemoteKey {
        RemoteKey(
            key: nil, token: id, keyId: id, keyName: "sk-...abcd", keyAlias: alias, teamId: "core",
            userId: nil, models: [], spend: Decimal(string: "0.000012")!, maxBudget: 100,
            budgetDuration: "monthly", expires: nil, status: "active")
    }

    private static let known = [
        key("aaaaaaaa11" + String(repeating: "0", count: 54), alias: "one"),
        key("aaaaaaaa22" + String(repeating: "0", count: 54), alias: "two"),
    ]

    @Test func keysAreFoundByIDsTheirBeginningsAndAliases() throws {
        let found = try KeysRevokeCommand.find(
            ids: ["AAAAAAAA1", Self.known[1].keyId], aliases: ["two"], in: Self.known)
        #expect(found.map(\.keyAlias) == ["one", "two"], "each once")
    }

    @Test(arguments: [(["aaaaaaaa"], []), (["bbbbbbbb"], []), ([], ["three"])])
    func whatStandsForNoneOrSeveralIsRefused(ids: [String], aliases: [String]) {
        #expect {
            _ = try KeysRevokeCommand.find(ids: ids, aliases: aliases, in: Self.known)
        } throws: {
            ($0 as? RemoteFailure)?.kind == .declined
        }
    }

    @Test(arguments: [
        ["sk-0123456789abcdef"], ["short"], ["nothexnothex"], [],
    ])
    func aSecretIsNoArgument(arguments: [String]) {
        #expect(throws: (any Error).self) { _ = try KeysRevokeCommand.parse(arguments) }
    }

    @Test func theTableTellsMoneyExactly() {
        let lines = KeysListCommand.table(Self.known)
        #expect(lines.count == 3 && lines[0].hasPrefix("ID "))
        #expect(lines[1].hasPrefix("aaaaaaaa1100"))
        #expect(lines[1].contains("0.000012") && lines[1].contains("100/monthly"))
    }

    private func failure(
        _ arguments: [String], _ environment: [String: String]
    ) throws -> RemoteFailure? {
        let options = try RemoteOptions.parse(arguments)
        do throws(RemoteFailure) {
            _ = try options.client(environment)
            return nil
        } catch { return error }
    }

    @Test func theKeyComesFromTheEnvironmentOrAFile() throws {
        let file = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString).path
        defer { try? FileManager.default.removeItem(atPath: file) }
        try "sk-0123456789abcdef\n".write(toFile: file, atomically: true, encoding: .utf8)
        #expect(try failure(["--key-file", file], [:]) == nil)
        #expect(try failure([], ["LLM_GATEWAY_ADMIN_KEY": "sk-0123456789abcdef"]) == nil)
        #expect(try failure([], ["LITELLM_MASTER_KEY": "sk-0123456789abcdef"]) == nil)
        #expect(try failure([], [:])?.kind == .usage)
        try "not a key".write(toFile: file, atomically: true, encoding: .utf8)
        let bad = try #require(try failure(["--key-file", file], [:]))
        #expect(bad.kind == .usage && !bad.message.contains("not a key"))
        #expect(try failure(["--url", "gateway"], ["LITELLM_MASTER_KEY": "sk-1"])?.kind == .usage)
    }

    @Test func whoDoesNotAnswerIsToldApart() throws {
        // Nobody listens there: a port below those that are given out.
        let options = try RemoteOptions.parse(["--url", "http://127.0.0.1:1", "--timeout", "5"])
        let client = try options.client(["LITELLM_MASTER_KEY": "sk-0123456789abcdef"])
        do throws(RemoteFailure) {
            _ = try client.get("/key/list")
            Issue.record("somebody answered")
        } catch {
            #expect(error.kind == .unreachable && error.message.contains("127.0.0.1:1"))
            #expect(error.exitStatus == 2 && !error.message.contains("sk-"))
        }
    }
}
