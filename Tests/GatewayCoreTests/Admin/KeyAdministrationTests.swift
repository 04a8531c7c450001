import GatewayCore
import GatewayPrimitives
import Storage
import TestSupport
import Testing

/// Keys are made, changed, replaced and revoked by those who may, as a whole or not at all, and
/// every change is in effect when it is answered.
struct KeyAdministrationTests {
    private func reason(
        _ work: () async throws -> Void
    ) async -> GatewayError.Reason? {
        do {
            try await work()
            return nil
        } catch {
            return (error as? GatewayError)?.reason
        }
    }

    @Test func aKeyWorksAtOnceAndKeepsWhatItWasGiven() async throws {
        let harness = DirectoryHarness()
        let issued = try await harness.key { settings in
            settings.alias = "backend"
            settings.teamID = "team-backend"
            settings.tags = ["nightly"]
            settings.allowance.limits.requestsPerMinute = 100
            settings.allowance.budget = BudgetTerms(
                max: Money(dollars: "100"), duration: "monthly")
        }
        let secret = issued.secret.reveal()
        #expect(secret.hasPrefix("sk-") && secret.utf8.count == 3 + 43)
        #expect(issued.record.hint == "sk-..." + secret.suffix(4))
        let principal = try #require(harness.principal(of: issued.secret))
        #expect(principal.keyID == DirectoryHarness.hash(secret).hexadecimal)
        #expect(principal.name == "backend" && principal.teamID == "team-backend")
        #expect(principal.tags == ["nightly"])
        let key = try #require(principal.standings.first { $0.subject.kind == .key })
        #expect(key.limits.requestsPerMinute == 100)
        #expect(key.budgets == [BudgetSpec(window: .monthly, max: Money(dollars: "100"))])
        // The team that nobody had made was made with it.
        #expect(harness.administration.read { $0.teams["team-backend"] != nil })
        let audit = try await harness.store.audit(limit: 10)
        #expect(audit.map(\.object) == [.key, .team])
    }

    @Test func blockingUnblockingAndExpiryTakeEffectAtOnce() async throws {
        let harness = DirectoryHarness()
        let end = WallTime(nanoseconds: harness.administration.moment.nanoseconds + 5)
        let issued = try await harness.key { $0.expiresAt = end }
        let reference = KeyReference.secret(issued.secret)
        _ = try await harness.administration.setKeyBlocked(
            true, reference, by: DirectoryHarness.admin)
        #expect(harness.principal(of: issued.secret)?.blockedReason != nil)
        _ = try await harness.administration.setKeyBlocked(
            false, reference, by: DirectoryHarness.admin)
        let principal = try #require(harness.principal(of: issued.secret))
        #expect(principal.blockedReason == nil && principal.expiresAt == end)
    }

    @Test func aRevokedKeyIsGoneAndItsAliasIsFree() async throws {
        let harness = DirectoryHarness()
        let issued = try await harness.key { $0.alias = "a" }
        _ = try await harness.administration.revokeKeys(
            [.alias("a")], by: DirectoryHarness.admin)
        #expect(harness.principal(of: issued.secret) == nil)
        #expect(try await harness.store.revokedKey(issued.record.id)?.revokedAt != nil)
        _ = try await harness.key { $0.alias = "a" }
        // Its secret is not used twice: what the old key spent would be the new one's.
        let again = await reason {
            _ = try await harness.administration.createKey(
                KeySettings(), secret: issued.secret, by: DirectoryHarness.admin)
        }
        #expect(again == .alreadyExists)
    }

    @Test func aReplacedSecretWorksUntilItsGraceIsOver() async throws {
        let harness = DirectoryHarness()
        let first = try await harness.key { $0.allowance.limits.requestsPerMinute = 5 }
        let second = try await harness.administration.rotateKey(
            .secret(first.secret), grace: .seconds(60), by: DirectoryHarness.admin)
        let old = try #require(harness.principal(of: first.secret))
        let new = try #require(harness.principal(of: second.secret))
        // Both count as one key.
        #expect(old.keyID == new.keyID && old.standings[0].subject == new.standings[0].subject)
        #expect(new.expiresAt == nil)
        let moment = harness.administration.moment.nanoseconds
        #expect(old.expiresAt?.nanoseconds == moment + 60_000_000_000)
        // Either names it, and so does its id.
        for name in [first.secret, second.secret] {
            let found = try harness.administration.key(.secret(name), by: DirectoryHarness.admin)
            #expect(found.id == first.record.id && found.rotationCount == 1)
        }
        let third = try await harness.administration.rotateKey(
            .hash(first.record.id), by: DirectoryHarness.admin)
        #expect(harness.principal(of: second.secret) == nil)
        #expect(harness.principal(of: first.secret) == nil, "without grace none goes on")
        harness.advance(by: .seconds(61))
        _ = try await harness.administration.rotateKey(
            .secret(third.secret), by: DirectoryHarness.admin)
        #expect(harness.principal(of: first.secret) == nil)
    }

    @Test func whatCannotBeWrittenDoesNotHappen() async throws {
        let harness = DirectoryHarness()
        let issued = try await harness.key()
        harness.store.setFailing(true)
        let failed = await reason {
            _ = try await harness.administration.setKeyBlocked(
                true, .secret(issued.secret), by: DirectoryHarness.admin)
        }
        #expect(failed == .storeUnavailable)
        #expect(harness.principal(of: issued.secret)?.blockedReason == nil)
        harness.store.setFailing(false)
        #expect(
            try harness.administration.key(.secret(issued.secret), by: DirectoryHarness.admin)
                .settings.isBlocked == false)
    }

    @Test func oneBadReferenceRevokesNone() async throws {
        let harness = DirectoryHarness()
        let issued = try await harness.key()
        let refused = await reason {
            _ = try await harness.administration.revokeKeys(
                [.secret(issued.secret), .alias("nobody")], by: DirectoryHarness.admin)
        }
        #expect(refused == .notFound)
        #expect(harness.principal(of: issued.secret) != nil)
    }

    @Test func aStaleVersionChangesNothing() async throws {
        let harness = DirectoryHarness()
        let issued = try await harness.key()
        let reference = KeyReference.secret(issued.secret)
        let seen = issued.record.stamp.version
        let changed = try await harness.administration.updateKey(
            reference, version: seen, by: DirectoryHarness.admin
        ) { (settings) throws(GatewayError) in settings.alias = "one" }
        #expect(changed.stamp.version == seen + 1)
        let stale = await reason {
            _ = try await harness.administration.updateKey(
                reference, version: seen, by: DirectoryHarness.admin
            ) { (settings) throws(GatewayError) in settings.alias = "two" }
        }
        #expect(stale == .changedMeanwhile)
    }

    struct BadSettings: Sendable, CustomStringConvertible {
        let description: String
        let edit: @Sendable (inout KeySettings) -> Void
    }

    static let bad: [BadSettings] = [
        BadSettings(description: "negative") { $0.allowance.limits.requestsPerMinute = -1 },
        BadSettings(description: "duration") { $0.allowance.budget.duration = "fortnight" },
        BadSettings(description: "budget_id") { $0.allowance.budgetID = "none" },
        BadSettings(description: "control") { $0.alias = "a\nb" },
        BadSettings(description: "long") { $0.alias = String(repeating: "a", count: 300) },
        BadSettings(description: "team models without a team") { $0.models = ["all-team-models"] },
        BadSettings(description: "slash") { $0.teamID = "a/b" },
        BadSettings(description: "metadata") {
            $0.metadata = String(repeating: " ", count: 100_000)
        },
    ]

    @Test(arguments: bad) func settingsThatBreakARuleAreRefused(_ bad: BadSettings) async throws {
        let harness = DirectoryHarness()
        let refused = await reason { _ = try await harness.key { bad.edit(&$0) } }
        #expect(refused == .invalidRequest)
        #expect(try await harness.store.audit(limit: 1).isEmpty)
    }

    @Test(arguments: ["short", "sk-short", "sk-aaaaaaaaaaaaaaaaaaaa", "sk-with a blank 0123456"])
    func chosenSecretsThatCanBeGuessedAreRefused(_ secret: String) async throws {
        let harness = DirectoryHarness()
        let refused = await reason {
            _ = try await harness.administration.createKey(
                KeySettings(), secret: Secret(secret), by: DirectoryHarness.admin)
        }
        #expect(refused == .invalidRequest)
    }

    // MARK: - Roles

    /// A user's key, and the user.
    private func user(
        _ id: String, _ role: Role, in harness: DirectoryHarness
    ) async throws -> (Secret, Caller) {
        let issued = try await harness.key { settings in
            settings.userID = id
            settings.role = role
        }
        return (issued.secret, try harness.caller(issued.secret))
    }

    @Test func aUserHasKeysOfItsOwnAndNoOthers() async throws {
        let harness = DirectoryHarness()
        let (_, alice) = try await user("alice", .user, in: harness)
        let other = try await harness.key { $0.userID = "bob" }
        let own = try await harness.administration.createKey(KeySettings(), by: alice)
        #expect(own.record.settings.userID == "alice")
        #expect(harness.administration.keys(by: alice).map(\.id).contains(own.record.id))
        #expect(!harness.administration.keys(by: alice).map(\.id).contains(other.record.id))
        let unseen = await reason {
            _ = try await harness.administration.revokeKeys([.secret(other.secret)], by: alice)
        }
        #expect(unseen == .notFound)
        var forBob = KeySettings()
        forBob.userID = "bob"
        let settings = forBob
        let refused = await reason {
            _ = try await harness.administration.createKey(settings, by: alice)
        }
        #expect(refused == .notAllowed)
        var raised = KeySettings()
        raised.role = .admin
        let role = raised
        #expect(
            await reason { _ = try await harness.administration.createKey(role, by: alice) }
                == .notAllowed)
    }

    @Test func whatAnAdminLaidDownAUserDoesNotLoosen() async throws {
        let harness = DirectoryHarness()
        let (_, alice) = try await user("alice", .user, in: harness)
        let given = try await harness.key { settings in
            settings.userID = "alice"
            settings.isBlocked = true
            settings.allowance.budget.max = Money(dollars: "1")
        }
        let reference = KeyReference.hash(given.record.id)
        for edit: @Sendable (inout KeySettings) -> Void in [
            { $0.isBlocked = false }, { $0.allowance.budget.max = Money(dollars: "2") },
            { $0.userID = "bob" }, { $0.role = .admin }, { $0.teamID = "t" },
        ] {
            let refused = await reason {
                _ = try await harness.administration.updateKey(reference, by: alice) {
                    (settings) throws(GatewayError) in edit(&settings)
                }
            }
            #expect(refused == .notAllowed)
        }
        _ = try await harness.administration.updateKey(reference, by: alice) {
            (settings) throws(GatewayError) in settings.alias = "mine"
        }
        _ = try await harness.administration.rotateKey(reference, by: alice)
    }

    @Test(arguments: [Role.viewer, .userViewer])
    func whoOnlyReadsChangesNothing(_ role: Role) async throws {
        let harness = DirectoryHarness()
        var userSettings = UserSettings()
        userSettings.role = role
        let record = UserRecord(
            id: "v", settings: userSettings,
            stamp: RecordStamp(createdAt: harness.administration.moment, createdBy: "test"))
        let filled = DirectoryHarness(configured: [.user(record)])
        let issued = try await filled.key { $0.userID = "v" }
        let viewer = try filled.caller(issued.secret)
        #expect(viewer.principal.role == role)
        #expect(
            await reason {
                _ = try await filled.administration.createKey(KeySettings(), by: viewer)
            }
                == .notAllowed)
        #expect(
            await reason {
                _ = try await filled.administration.rotateKey(.secret(issued.secret), by: viewer)
            } == .notAllowed)
    }

    @Test func aKeysRoleStaysWithinItsUsers() async throws {
        let harness = DirectoryHarness()
        let (_, caller) = try await user("alice", .admin, in: harness)
        // `alice` was made with the key, as an ordinary user.
        #expect(caller.principal.role == .user)
        let issued = try await harness.key { $0.role = .admin }
        #expect(try harness.caller(issued.secret).principal.role == .admin)
    }

    @Test func keysOfTheConfigurationAreChangedThere() async throws {
        let secret = Secret("sk-configured-0123456789")
        let hash = DirectoryHarness.hash(secret.reveal())
        let stamp = RecordStamp(
            createdAt: WallTime(nanoseconds: 1), createdBy: "configuration", isConfigured: true)
        let harness = DirectoryHarness(configured: [
            .key(KeyRecord(hash: hash, hint: "sk-...", settings: KeySettings(), stamp: stamp))
        ])
        #expect(harness.principal(of: secret) != nil)
        let refused = await reason {
            _ = try await harness.administration.revokeKeys(
                [.secret(secret)], by: DirectoryHarness.admin)
        }
        #expect(refused == .notNow)
    }

    @Test func aHundredThousandKeysAreHeldAndOneOfThemChanges() async throws {
        let stamp = RecordStamp(createdAt: WallTime(nanoseconds: 1), createdBy: "test")
        let records = (0..<100_000).map { index -> RecordChange in
            var settings = KeySettings()
            settings.teamID = "t\(index % 1_000)"
            return .key(
                KeyRecord(
                    hash: KeyHash(words: (UInt64(index), 1, 2, UInt64(index))), hint: "sk-...",
                    settings: settings, stamp: stamp))
        }
        let harness = DirectoryHarness(configured: records)
        for index in [0, 99_999] {
            let hash = KeyHash(words: (UInt64(index), 1, 2, UInt64(index)))
            #expect(harness.directory.principal(of: hash)?.keyID == hash.hexadecimal)
        }
        let last = KeyHash(words: (99_999, 1, 2, 99_999))
        _ = try await harness.administration.setKeyBlocked(
            true, .hash(last.hexadecimal), by: DirectoryHarness.admin)
        #expect(harness.directory.principal(of: last)?.blockedReason != nil)
    }
}
