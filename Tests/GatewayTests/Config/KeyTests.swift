import GatewayCore
import Testing

@testable import Gateway

/// Whoever has a key spends money: no gateway without one, and none that is easily guessed.
@Suite struct KeyTests {
    @Test func refusesToServeEverybody() {
        let loaded = ConfigSample.load(ConfigSample.models, environment: [:])
        let finding = loaded.finding("general_settings.master_key")
        #expect(finding?.verdict == .refused)
        #expect(finding?.meaning.contains("LITELLM_MASTER_KEY") == true)
    }

    @Test func takesTheMasterKeyFromTheEnvironment() {
        let loaded = ConfigSample.load(ConfigSample.models)
        #expect(loaded.isAccepted)
        #expect(loaded.settings.masterKey?.reveal() == ConfigSample.key)
    }

    @Test func theFileWinsOverTheEnvironment() {
        let other = "sk-Another0neOfEnough1ength"
        let loaded = ConfigSample.loadAfterModels("general_settings: {master_key: \(other)}")
        #expect(loaded.settings.masterKey?.reveal() == other)
    }

    @Test(arguments: [
        ("sk-1234", "well-known"), ("sk-tooshort", "fewer than 16"),
        ("sk-aaaaaaaaaaaaaaaaaaaaaaaa", "pattern"), ("sk-litellm-master-key", "well-known"),
        ("no-prefix-but-long-enough", "begin with `sk-`"), ("sk-with a space inside", "ASCII"),
    ])
    func refusesWeakMasterKeys(key: String, why: String) {
        let loaded = ConfigSample.loadAfterModels("general_settings: {master_key: '\(key)'}")
        let finding = loaded.finding("general_settings.master_key")
        #expect(finding?.verdict == .refused)
        #expect(finding?.meaning.contains(why) == true)
        #expect(!loaded.findings.contains { $0.text.contains(key) })
    }

    @Test(arguments: [("sk-1234", true), ("1234", false)])
    func takesWeakOnesWhenTold(key: String, isTaken: Bool) {
        let loaded = ConfigSample.loadAfterModels(
            "general_settings: {master_key: '\(key)'}\n"
                + "gateway_settings: {allow_weak_master_key: true}")
        #expect(loaded.isAccepted == isTaken)
    }

    @Test func readsStaticKeys() {
        // As `printf sk-test-0123456789abcdef | sha256sum` prints it.
        let loaded = ConfigSample.load(
            ConfigSample.models + """
                gateway_settings:
                  keys:
                    - key: sk-test-0123456789abcdef
                      alias: plain
                      models: [demo, "gpt-*"]
                    - key_hash: \(Self.otherHash)
                """, environment: [:])
        #expect(loaded.isAccepted, "\(loaded.refusals)")
        #expect(loaded.settings.keys.map(\.alias) == ["plain", "key-2"])
        #expect(loaded.settings.keys.map(\.models) == [["demo", "gpt-*"], []])
        #expect(loaded.settings.keys[0].hash == KeyStrength.hash(hexadecimal: Self.plainHash))
        #expect(loaded.settings.keys[1].hash == KeyStrength.hash(of: "sk-other-0123456789abcdef"))
        #expect(loaded.settings.masterKey == nil)
    }

    private static let plainHash =
        "c871f067542d565c57ebb8b54f99afe326644dceeb5c05fc2209a8161a52875e"
    private static let otherHash =
        "c6334c7846071ed8a7230d8d92839ab7bf2b1c16badb39f54b36bc69b0395f82"

    /// Limits and budgets of a static key, in our words and in LiteLLM's.
    @Test func readsWhatAKeyIsHeldTo() throws {
        let loaded = ConfigSample.loadAfterModels(
            """
            gateway_settings:
              teams: [{id: t1, alias: platform, max_budget: 100, budget_duration: monthly}]
              keys:
                - key: sk-test-0123456789abcdef
                  team: t1
                  limits: {rpm: 10, tpm: 2000, max_parallel: 3}
                  max_budget: 0.5
                  soft_budget: 0.25
                  budget_duration: 1d
                  budgets: [{max_budget: 5, budget_duration: 30d}]
                - {key: sk-test-9876543210fedcba, rpm_limit: 1, max_parallel_requests: 2}
            """)
        #expect(loaded.isAccepted, "\(loaded.refusals)")
        let keys = loaded.settings.keys
        #expect(
            keys[0].limits
                == LimitSet(requestsPerMinute: 10, tokensPerMinute: 2000, requestsAtOnce: 3))
        #expect(
            keys[0].budgets == [
                BudgetSpec(
                    window: .daily, max: Money(dollars: "0.5"), soft: Money(dollars: "0.25")),
                BudgetSpec(window: .monthly, max: Money(dollars: "5")),
            ])
        #expect(keys[0].teamID == "t1")
        #expect(keys[1].limits == LimitSet(requestsPerMinute: 1, requestsAtOnce: 2))
        let team = try #require(loaded.settings.teams.first)
        #expect(team.standing.name == "platform")
        #expect(
            team.standing.budgets == [BudgetSpec(window: .monthly, max: Money(dollars: "100"))])
    }

    @Test(arguments: [
        ("[{key: sk-short}]", "fewer than 16"),
        ("[{key_hash: abc}]", "64 hexadecimal digits"),
        ("[{key: sk-test-0123456789abcdef, key_hash: \(plainHash)}]", "either key or key_hash"),
        ("[{key: sk-test-0123456789abcdef, limits: {rps: 1}}]", "no such key"),
        ("[{key: sk-test-0123456789abcdef, limits: {rpm: many}}]", "a whole number"),
        ("[{key: sk-test-0123456789abcdef, max_budget: -1}]", "an amount in US dollars"),
        (
            "[{key: sk-test-0123456789abcdef, max_budget: 1, budget_duration: 1y}]",
            "a length from 30s to 1mo"
        ),
        ("[{key: sk-test-0123456789abcdef, team: nobody}]", "the id of one of"),
        ("[{key: sk-test-0123456789abcdef, alias: master}]", "alias `master` is taken"),
        ("[{key: sk-test-0123456789abcdef}, {key_hash: \(plainHash)}]", "the same key"),
        ("[{key: \(ConfigSample.key)}]", "also stands in gateway_settings.keys"),
        ("[{key: sk-test-0123456789abcdef, modles: [a]}]", "no such key"),
    ])
    func refusesKeysThatCannotBeMeant(keys: String, why: String) {
        let loaded = ConfigSample.loadAfterModels("gateway_settings: {keys: \(keys)}")
        #expect(loaded.refusals.contains { $0.contains(why) }, "\(loaded.refusals)")
        #expect(!loaded.refusals.contains { $0.contains("0123456789") })
    }
}
