import Foundation
import GatewayCore
import Testing

@testable import Gateway

/// The first minute with the gateway: it must serve, and its key must stay private.
@Suite struct QuickStartTests {
    private static func withFolder(_ body: (String) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("quick-start-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try body(folder)
    }

    private static func mode(_ path: String) throws -> Int? {
        try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    }

    @Test func makesAKeyOnceThatNobodyElseMayRead() throws {
        try Self.withFolder { folder in
            let overrides = SettingsOverrides(port: 5, dataDirectory: folder)
            let (first, source) = try QuickStart.load([:], overrides: overrides)
            #expect(first.isAccepted, "\(first.refusals)")
            #expect(first.settings.port == 5)
            #expect(first.settings.deployments.map(\.model) == ["demo"])
            #expect(source == .file(folder + "/master-key"))
            #expect(try Self.mode(folder) == 0o700)
            #expect(try Self.mode(folder + "/master-key") == 0o600)
            let key = try #require(first.settings.masterKey?.reveal())
            #expect(key.count == 51)
            let (second, _) = try QuickStart.load([:], overrides: overrides)
            #expect(second.settings.masterKey?.reveal() == key)
            let invitation = QuickStart.invitation(address: "127.0.0.1:5", source)
            #expect(!invitation.contains(key))
            #expect(invitation.contains("$(cat '\(folder)/master-key')"))
            #expect(invitation.contains("grpcurl -plaintext"))
        }
    }

    @Test(arguments: [(0o644, ConfigSample.key, "chmod 600"), (0o600, "sk-1234", "delete it")])
    func refusesAKeyFileThatIsNotSafe(mode: Int, key: String, words: String) throws {
        try Self.withFolder { folder in
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true)
            let isMade = FileManager.default.createFile(
                atPath: folder + "/master-key", contents: Data(key.utf8),
                attributes: [.posixPermissions: mode])
            #expect(isMade)
            let error = #expect(throws: FileError.self) {
                try QuickStart.load([:], overrides: SettingsOverrides(dataDirectory: folder))
            }
            #expect(error?.description.contains(words) == true)
        }
    }

    @Test func takesTheKeyOfTheEnvironmentAndWritesNothing() throws {
        try Self.withFolder { folder in
            let (loaded, source) = try QuickStart.load(
                ConfigSample.environment, overrides: SettingsOverrides(dataDirectory: folder))
            #expect(loaded.settings.masterKey?.reveal() == ConfigSample.key)
            #expect(source == .variable("LITELLM_MASTER_KEY"))
            #expect(!FileManager.default.fileExists(atPath: folder))
        }
    }

    @Test func servesTheVendorsWhoseKeysAreSet() throws {
        var environment = ConfigSample.environment
        environment["OPENAI_API_KEY"] = "sk-upstream"
        let (loaded, _) = try QuickStart.load(environment, overrides: SettingsOverrides())
        #expect(
            loaded.settings.configured.map(\.deployment.model) == [
                "demo", "gpt-4o", "gpt-4o-mini",
            ])
        #expect(loaded.settings.configured[1].disabledReason == nil)
    }

    @Test func quotesPathsForTheShell() {
        #expect(QuickStart.KeySource.file("it's/a key").shell == "$(cat 'it'\\''s/a key')")
    }
}
