import Foundation
import GatewayCore
import GatewayPrimitives
import TestSupport
import Testing
import Transport

@testable import API

/// LiteLLM's endpoints of keys, as its clients use them.
struct KeyEndpointsTests {
    private let directory = DirectoryHarness()
    private let harness: APIHarness

    init() throws {
        harness = try APIHarness(
            usesLiteLLMStatuses: true, management: [.keys(directory.administration)],
            directory: directory.directory)
    }

    private func post(
        _ path: String, _ body: String, key: String = APIHarness.masterKey
    ) async -> InProcessResponse {
        await harness.post(path, body, key: key)
    }

    /// Makes a key and returns its secret.
    private func generate(_ body: String = "{}") async throws -> String {
        let answer = await post("/key/generate", body)
        #expect(answer.status == 200, "\(answer.text)")
        return try #require(answer.string("key"))
    }

    @Test func theAnswerHasTheKeyAndWhatWasAskedFor() async throws {
        let answer = await post(
            "/key/generate",
            """
            {"team_id": "team-backend", "key_alias": "backend-team-key",
             "models": ["demo", "talk"], "max_budget": 100, "budget_duration": "monthly",
             "rpm_limit": 100, "tpm_limit": 500000, "metadata": {"owner": "ü", "tags": ["x"]},
             "duration": "30d", "model_rpm_limit": {"demo": 5},
             "model_max_budget": {"demo": {"budget_limit": 0.5, "time_period": "1d"}}}
            """)
        #expect(answer.status == 200)
        let object = try #require(answer.object)
        let secret = try #require(object["key"] as? String)
        #expect(object["key_name"] as? String == "sk-..." + secret.suffix(4))
        let token = DirectoryHarness.hash(secret).hexadecimal
        #expect(object["token"] as? String == token && object["token_id"] as? String == token)
        #expect(object["team_id"] as? String == "team-backend")
        #expect(object["max_budget"] as? Int == 100 && object["tpm_limit"] as? Int == 500_000)
        #expect(object["budget_duration"] as? String == "monthly")
        #expect(object["budget_reset_at"] as? String == "2023-12-01T00:00:00.000Z")
        #expect(object["expires"] as? String == "2023-12-14T22:13:20.000Z")
        #expect(object["tags"] as? [String] == ["x"])
        #expect(object.at("model_rpm_limit.demo") as? Int == 5)
        #expect(object.at("model_max_budget.demo.max_budget") as? Double == 0.5)
        #expect(object["models"] as? [String] == ["demo", "talk"])
        let call = await harness.chat("demo", key: secret)
        #expect(call.status == 200)
        let other = await harness.chat("steps", key: secret)
        #expect(other.status == 403 && other.string("error.type") == "key_model_access_denied")
    }

    @Test func aKeyIsInEffectUntilItIsBlockedOrDeleted() async throws {
        let secret = try await generate()
        #expect(await harness.chat("demo", key: secret).status == 200)
        let blocked = await post("/key/block", #"{"key": "\#(secret)"}"#)
        #expect(blocked.object?["blocked"] as? Bool == true)
        #expect(!blocked.text.contains(secret), "a secret is shown once")
        let refused = await harness.chat("demo", key: secret)
        #expect(refused.status == 401 && refused.string("error.type") == "auth_error")
        let hash = DirectoryHarness.hash(secret).hexadecimal
        _ = await post("/key/unblock", #"{"key": "\#(hash)"}"#)
        #expect(await harness.chat("demo", key: secret).status == 200)
        let deleted = await post("/key/delete", #"{"keys": ["\#(hash)"]}"#)
        #expect(deleted.object?["deleted_keys"] as? [String] == [hash])
        #expect(await harness.chat("demo", key: secret).status == 401)
        let gone = await post("/key/delete", #"{"keys": ["\#(hash)"]}"#)
        #expect(gone.status == 404)
        let info = await harness.get("/key/info?key=\(hash)")
        #expect(info.string("info.status") == "deleted")
    }

    @Test func aKeyEndsAfterItsDuration() async throws {
        // The directory's clock stands; the pipeline's is at its own beginning.
        let secret = try await generate(#"{"duration": "1s"}"#)
        let principal = directory.principal(of: Secret(secret))
        let moment = directory.administration.moment.nanoseconds
        #expect(principal?.expiresAt?.nanoseconds == moment + 1_000_000_000)
    }

    @Test func aRegeneratedKeyHasTheNewSecretAndTheOldLimits() async throws {
        let secret = try await generate(#"{"rpm_limit": 7}"#)
        let hash = DirectoryHarness.hash(secret).hexadecimal
        let answer = await post(
            "/key/\(hash)/regenerate", #"{"grace_period": "1h", "tpm_limit": 9}"#)
        #expect(answer.status == 200, "\(answer.text)")
        let fresh = try #require(answer.string("key"))
        #expect(fresh != secret)
        #expect(answer.number("rpm_limit") == 7 && answer.number("tpm_limit") == 9)
        #expect(answer.number("rotation_count") == 1)
        #expect(await harness.chat("demo", key: fresh).status == 200)
        let old = try #require(directory.principal(of: Secret(secret)))
        #expect(old.keyID == hash && old.expiresAt != nil)
        // Its own key, without a name.
        let again = await post("/key/regenerate", "{}", key: fresh)
        #expect(again.status == 403, "it belongs to nobody, and so may not change anything")
    }

    @Test func infoEchoesWhatWasAskedAndKeepsTheSecret() async throws {
        let secret = try await generate(#"{"key_alias": "a", "metadata": {"k": [1]}}"#)
        let own = await harness.get("/key/info", key: secret)
        #expect(own.string("info.key_alias") == "a")
        let asked = await harness.get("/key/info?key=\(secret)")
        #expect(asked.string("key") == secret && asked.object?.at("info.token") == nil)
        #expect(asked.object?.at("info.metadata.k") as? [Int] == [1])
        let many = await post("/v2/key/info", #"{"keys": ["\#(secret)"]}"#)
        #expect(many.status == 200 && many.text.contains(#""key_alias":"a""#))
        let stranger = try await generate()
        let hidden = await harness.get("/key/info?key=\(secret)", key: stranger)
        #expect(hidden.status == 404)
    }

    @Test func listsArePagedAndShowHashes() async throws {
        for index in 0..<12 { _ = try await generate(#"{"key_alias": "k\#(index)"}"#) }
        let first = await harness.get("/key/list?size=5&page=3")
        #expect(first.number("total_count") == 12 && first.number("total_pages") == 3)
        #expect((first.object?["keys"] as? [String])?.count == 2)
        let whole = await harness.get("/key/list?return_full_object=true&key_alias=k3")
        let keys = whole.object?["keys"] as? [NSDictionary]
        #expect(keys?.count == 1 && keys?.first?["key_alias"] as? String == "k3")
        let aliases = await harness.get("/key/aliases?size=3")
        #expect(aliases.object?["aliases"] as? [String] == ["k0", "k1", "k10"])
    }

    @Test func updatesChangeWhatTheyNameAndClearWhatIsNull() async throws {
        let secret = try await generate(
            #"{"rpm_limit": 5, "max_budget": 1, "duration": "1h", "key_alias": "u"}"#)
        let answer = await post(
            "/key/update",
            #"{"key": "\#(secret)", "rpm_limit": null, "tpm_limit": 8, "duration": "-1"}"#)
        #expect(answer.status == 200, "\(answer.text)")
        #expect(answer.object?["rpm_limit"] is NSNull && answer.number("tpm_limit") == 8)
        #expect(answer.object?["expires"] is NSNull && answer.number("max_budget") == 1)
        let bulk = await post(
            "/key/bulk_update",
            """
            {"keys": [{"key_alias": "u", "tpm_limit": 3}, {"key_alias": "nobody", "tpm_limit": 1},
             {"key_alias": "u", "rpm_limit": "many"}]}
            """)
        #expect(bulk.number("total_requested") == 3, "\(bulk.text)")
        #expect((bulk.object?["successful_updates"] as? [NSDictionary])?.count == 1)
        #expect((bulk.object?["failed_updates"] as? [NSDictionary])?.count == 2)
    }

    @Test(arguments: [
        #"{"guardrails": ["pii"]}"#, #"{"object_permission": {"a": 1}}"#,
        #"{"rpm_limit_type": "dynamic"}"#,
        #"{"allowed_routes": ["/chat/completions"]}"#, #"{"organization_id": "o"}"#,
        #"{"max_bugdet": 5}"#, #"{"max_budget": "much"}"#, #"{"budget_duration": "soon"}"#,
        #"{"duration": "soon"}"#, #"{"rpm_limit": -1}"#, #"{"key": "sk-short"}"#,
        #"{"models": "demo"}"#, #"{"budget_id": "none"}"#, #"{"key_type": "x"}"#, "[]", "{",
        #"{"duration": "0s"}"#, #"{"key_alias": ""}"#, #"{"budget_duration": "10s"}"#,
        #"{"budget_duration": "13mo"}"#,
    ])
    func whatCannotBeHonouredIsRefused(_ body: String) async throws {
        let answer = await post("/key/generate", body)
        #expect(answer.status == 422 || answer.status == 400, "\(answer.text)")
        #expect(directory.administration.read { $0.keys.isEmpty })
    }

    private static let insideBudgets: [(body: String, named: [String])] = [
        (
            #"{"model_max_budget": {"m1": {"max_budget": "0.01", "budget_duration": "1d"}}}"#,
            ["model_max_budget.m1.max_budget", #"`"0.01"`"#]
        ),
        (#"{"model_max_budget": {"m1": {"rpm_limit": "1"}}}"#, ["m1.rpm_limit", #"`"1"`"#]),
        (
            #"{"model_max_budget": {"m1": {"max_budgt": 0.01, "rpm_limit": 1}}}"#,
            ["model_max_budget.m1.max_budgt"]
        ),
        (#"{"model_max_budget": {"m1": {}}}"#, ["model_max_budget.m1.max_budget"]),
        (
            #"{"model_max_budget": {"m1": {"max_budget": 1, "budget_duration": "10s"}}}"#,
            ["m1.budget_duration", "10s"]
        ),
        (
            #"{"model_max_budget": {"m1": {"max_budget": 1, "budget_limit": 2}}}"#,
            ["m1.budget_limit"]
        ),
        (#"{"model_max_budget": {"m1": "0.01"}}"#, ["model_max_budget.m1", #"`"0.01"`"#]),
        (#"{"model_max_budget": {"m1": -1}}"#, ["model_max_budget.m1", "-1"]),
        (
            #"{"budget_limits": [{"budget_duration": "1d", "max_budgt": 0.01}]}"#,
            ["budget_limits[0].max_budgt", "budget_limits[0].max_budget"]
        ),
        (#"{"budget_limits": [{}]}"#, ["budget_limits[0].max_budget"]),
        (#"{"model_rpm_limit": {"m1": -1}}"#, ["model_rpm_limit.m1", "-1", "1000000000000"]),
        (#"{"model_tpm_limit": {"m1": "5"}}"#, ["model_tpm_limit.m1", #"`"5"`"#]),
        (#"{"rpm_limit": -1}"#, ["rpm_limit", "from 0 to 1000000000000"]),
    ]

    @Test(arguments: insideBudgets)
    func whatCannotBeReadInsideABudgetIsNamed(body: String, named: [String]) async throws {
        let answer = await post("/key/generate", body)
        #expect(answer.status == 422 || answer.status == 400, "\(answer.text)")
        let text = answer.text.replacingOccurrences(of: #"\""#, with: #"""#)
        for name in named { #expect(text.contains(name), "\(answer.text)") }
        #expect(directory.administration.read { $0.keys.isEmpty })
    }

    @Test func modelBudgetsAreTakenInEveryFormOfLiteLLM() async throws {
        let answer = await post(
            "/key/generate",
            """
            {"model_max_budget": {"a": 0.5, "b": {"budget_limit": 1, "time_period": "1d"},
             "c": {"rpm_limit": 3}}, "budget_limits": [{"max_budget": 2, "reset_at": "x"}]}
            """)
        #expect(answer.status == 200, "\(answer.text)")
        let object = try #require(answer.object)
        #expect(object.at("model_max_budget.a.max_budget") as? Double == 0.5)
        #expect(object.at("model_max_budget.b.budget_duration") as? String == "1d")
        #expect(object.at("model_rpm_limit.c") as? Int == 3)
        #expect(object.at("budget_limits.0.max_budget") as? Int == 2)
    }

    @Test func anUnknownKeyIsNamedByItsEnd() async throws {
        let known = try await generate()
        let answer = await post(
            "/key/delete", #"{"keys": ["\#(known)", "sk-nobodys-key-0123456789-AbCd"]}"#)
        #expect(answer.status == 404 && answer.text.contains("sk-...AbCd"), "\(answer.text)")
        #expect(await harness.chat("demo", key: known).status == 200, "none was deleted")
    }

    @Test func fieldsThatSayNothingAreNoTrouble() async throws {
        _ = try await generate(
            #"{"guardrails": [], "object_permission": null, "auto_rotate": false, "spend": 0}"#)
    }

    @Test func anAliasIsUnique() async throws {
        _ = try await generate(#"{"key_alias": "a"}"#)
        let answer = await post("/key/generate", #"{"key_alias": "a"}"#)
        #expect(answer.status == 400 && answer.string("error.type") == "bad_request_error")
    }

    @Test func keyTypesOpenWhatTheySay() async throws {
        let models = try await generate(#"{"key_type": "llm_api"}"#)
        #expect(await harness.chat("demo", key: models).status == 200)
        #expect(await harness.get("/key/info", key: models).status == 403)
        let managing = try await generate(#"{"allowed_routes": ["management_routes"]}"#)
        #expect(await harness.chat("demo", key: managing).status == 403)
        #expect(await harness.get("/key/info", key: managing).status == 200)
    }

    @Test func serviceAccountsNeedATeam() async throws {
        let refused = await post("/key/service-account/generate", "{}")
        #expect(refused.status == 422)
        let made = await post("/key/service-account/generate", #"{"team_id": "t"}"#)
        #expect(made.status == 200 && made.object?["user_id"] is NSNull)
    }
}
