import GatewayCore
import TestSupport
import Testing

/// Users are made with what belongs to them, or not at all.
struct UserAdministrationTests {
    /// The bound of keys holds for a key that comes with its user, as for any other.
    @Test func aUserWhoseKeyIsOneTooManyIsNotMade() async throws {
        var limits = DirectoryLimits()
        limits.keysMax = 1
        let harness = DirectoryHarness(limits: limits)
        _ = try await harness.key()
        await #expect(throws: GatewayError.self) {
            _ = try await harness.administration.createUser(
                UserSettings(), id: "late", key: KeySettings(), by: DirectoryHarness.admin)
        }
        #expect(harness.administration.users(by: DirectoryHarness.admin).isEmpty)
    }
}
