import Foundation
import GatewayCore
import GatewayPrimitives
import Telemetry
import TestSupport
import Testing

@testable import API
@testable import Gateway

/// What the executable serves of the management is what its documentation says.
@Suite struct ManagementTests {
    /// The rows of the table in Management.md, such as `GET /routes any key`.
    private static func documented() throws -> [String] {
        try rows().compactMap { cells in
            cells.count == 3 && cells[1].hasPrefix("/") ? cells.joined(separator: " ") : nil
        }
    }

    /// The cells of all tables of the page.
    private static func rows() throws -> [[String]] {
        let page = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../Sources/Gateway/Documentation.docc/Management.md")
        let lines = try String(contentsOf: page, encoding: .utf8).split(separator: "\n")
        return lines.map { line in
            line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
        }
    }

    /// The rows of the table of AdminService's methods, such as `CreateTeam admin`.
    private static func documentedMethods() throws -> [String] {
        try rows().compactMap { cells in
            cells.count == 2 && AdminService.methods.contains { $0.name == cells[0] }
                ? cells.joined(separator: " ") : nil
        }
    }

    @Test func everyMethodStandsInTheDocumentation() throws {
        let served = AdminService.methods.map { "\($0.name) \($0.rule.rawValue)" }
        #expect(try Self.documentedMethods() == served)
    }

    /// No route without its rule, and no rule that nobody can read.
    @Test func everyRouteStandsInTheDocumentation() throws {
        let folder = FileManager.default.temporaryDirectory
            .appending(path: "management-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let loaded = ConfigSample.load(
            ConfigSample.models, overrides: SettingsOverrides(dataDirectory: folder))
        try #require(loaded.isAccepted, "\(loaded.refusals)")
        let log = Log(level: .error, format: .json, descriptor: 2)
        let composition = try Composition(
            settings: loaded.settings, log: log, startedAt: WallTime(nanoseconds: 1))
        defer { composition.close() }
        let harness = PipelineHarness(attempts: [])
        let probe = DeploymentProbe(
            providers: [:], observer: harness.observer,
            accountant: PipelineHarness.accountant(clock: harness.clock), clock: harness.clock,
            timeout: .seconds(1), seed: 1)
        let table = ManagementTable(
            composition.managementGroups(
                pipeline: harness.pipeline, clock: harness.clock, probe: probe))
        let served = table.routes.map {
            "\($0.method.token) \($0.pattern.text) \($0.rule.rawValue)"
        }
        let documented = try Self.documented()
        #expect(Set(served).symmetricDifference(documented).sorted() == [])
        #expect(served.count == Set(served).count, "a route stands twice in the table")
        #expect(documented.count == Set(documented).count, "a route stands twice on the page")
    }
}
