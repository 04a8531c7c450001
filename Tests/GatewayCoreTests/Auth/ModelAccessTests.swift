import GatewayCore
import Storage
import TestSupport
import Testing

/// Which models a key may use follows from the key, its user, its team and its place in the team:
/// all of them must allow a model.
struct ModelAccessTests {
    struct Row: Sendable, CustomStringConvertible {
        let key: [String]
        var user: [String]?
        var team: [String]?
        var member: [String]?
        let allowed: [String]
        let refused: [String]
        var description: String { "\(key) \(user ?? []) \(team ?? []) \(member ?? [])" }
    }

    static let rows = [
        Row(key: [], allowed: ["a", "b"], refused: []),
        Row(key: ["a"], allowed: ["a"], refused: ["ab", "b"]),
        Row(key: ["a*"], allowed: ["a", "ab"], refused: ["b"]),
        Row(key: ["*"], allowed: ["a", "b"], refused: []),
        Row(key: ["all-proxy-models"], allowed: ["a", "b"], refused: []),
        Row(key: ["no-default-models"], allowed: [], refused: ["a", "b"]),
        // `fast` is an access group that `b` is in.
        Row(key: ["fast"], allowed: ["b"], refused: ["a"]),
        Row(key: ["a", "b"], team: ["b", "c"], allowed: ["b"], refused: ["a", "c"]),
        Row(key: ["all-team-models"], team: ["b"], allowed: ["b"], refused: ["a"]),
        Row(key: [], user: ["a"], allowed: ["a"], refused: ["b"]),
        Row(key: [], user: ["a"], team: ["b"], allowed: [], refused: ["a", "b"]),
        Row(key: [], user: ["no-default-models"], allowed: [], refused: ["a"]),
        Row(key: [], user: ["no-default-models"], team: ["b"], allowed: ["b"], refused: ["a"]),
        Row(key: [], user: [], team: [], member: ["b"], allowed: ["b"], refused: ["a"]),
    ]

    @Test(arguments: rows) func everyLevelMustAllowAModel(_ row: Row) async throws {
        let harness = DirectoryHarness()
        var records: [RecordChange] = []
        let stamp = RecordStamp(
            createdAt: harness.administration.moment, createdBy: "test", isConfigured: true)
        if let models = row.user {
            var settings = UserSettings()
            settings.models = models
            records.append(.user(UserRecord(id: "u", settings: settings, stamp: stamp)))
        }
        if let models = row.team {
            var settings = TeamSettings()
            settings.models = models
            records.append(.team(TeamRecord(id: "t", settings: settings, stamp: stamp)))
        }
        if let models = row.member {
            var settings = MembershipSettings()
            settings.models = models
            records.append(
                .membership(
                    MembershipRecord(teamID: "t", userID: "u", settings: settings, stamp: stamp)))
        }
        let filled = DirectoryHarness(configured: records)
        let issued = try await filled.key { settings in
            settings.models = row.key
            settings.userID = row.user == nil ? nil : "u"
            settings.teamID = row.team == nil ? nil : "t"
        }
        let principal = try #require(filled.principal(of: issued.secret))
        for model in row.allowed {
            #expect(principal.mayUse(model: model, groups: model == "b" ? ["fast"] : []))
        }
        for model in row.refused {
            #expect(!principal.mayUse(model: model, groups: model == "b" ? ["fast"] : []))
        }
    }
}
