import Foundation
import GatewayCore
import GatewayPrimitives
import Providers
import Telemetry
import Testing
import Transport

@testable import Gateway

/// A configuration is one thing, however many files, variables and flags it is made of.
@Suite struct ConfigLoaderTests {
    private static func sample() throws -> String {
        let url = try #require(
            Bundle.module.url(
                forResource: "litellm-config", withExtension: "yaml", subdirectory: "Fixtures"))
        return try String(contentsOf: url, encoding: .utf8)
    }

    /// What people bring from LiteLLM must start unchanged.
    @Test func startsOnLiteLLMsSample() throws {
        let loaded = ConfigSample.load(try Self.sample())
        #expect(loaded.isAccepted, "\(loaded.refusals)")
        #expect(loaded.settings.configured.count == 6)
        #expect(loaded.settings.deployments.map(\.model) == ["llama-3.1-8b", "llama-3.1-8b"])
        #expect(loaded.settings.routing.retries.count == 3)
        #expect(loaded.settings.masterKey?.reveal() == ConfigSample.key)
        let ignored = loaded.findings.filter { $0.verdict == .ignored }.map(\.path)
        #expect(
            ignored == [
                "litellm_settings.cache",
                "litellm_settings.cache_params", "litellm_settings.success_callback",
                "litellm_settings.failure_callback", "litellm_settings.langfuse_public_key",
                "litellm_settings.langfuse_secret_key", "general_settings.database_url",
            ])
    }

    /// The promise of `check`: no key of a file is left without a word.
    @Test func saysSomethingAboutEveryKey() throws {
        let text = try Self.sample()
        let root = try ConfigFile(
            name: "main.yaml", index: 0, environment: ConfigEnvironment(process: [:])
        ).parse(text)
        let loaded = ConfigSample.load(text)
        let said = Set(loaded.findings.map(\.path))
        func leaves(_ node: ConfigNode, under path: [String]) -> [[String]] {
            let path = node.path.isEmpty ? path : path + [node.path]
            switch node.content {
            case .mapping(let entries): return entries.flatMap { leaves($0.value, under: path) }
            case .sequence(let items): return items.flatMap { leaves($0, under: path) }
            case .scalar, .null: return [path]
            }
        }
        let all = leaves(root, under: [])
        #expect(all.count > 40)
        for path in all { #expect(path.contains(where: said.contains), "\(path.last ?? "")") }
    }

    @Test func showsNoSecret() throws {
        let environment = [
            "LITELLM_MASTER_KEY": ConfigSample.key, "OPENAI_API_KEY": "sk-upstream-hunter2",
        ]
        let loaded = ConfigSample.load(try Self.sample(), environment: environment)
        let lines = CheckReport(loaded: loaded, isStrict: false).lines.joined(separator: "\n")
        for secret in [ConfigSample.key, "hunter2", "litellm:password"] {
            #expect(!lines.contains(secret))
        }
    }

    @Test func variablesOfTheFileStandInForThoseOfTheProcess() {
        let text =
            ConfigSample.models + """
                environment_variables:
                  {GW_HOST: from-file, GW_PORT: "1234", GW_COPY: os.environ/GW_SET}
                gateway_settings:
                  host: os.environ/GW_HOST
                  port: os.environ/GW_PORT
                  data_dir: os.environ/GW_COPY
                """
        let loaded = ConfigSample.load(
            text,
            environment: [
                "LITELLM_MASTER_KEY": ConfigSample.key, "GW_PORT": "4321",
                "GW_SET": "/from/process",
            ])
        #expect(loaded.isAccepted, "\(loaded.refusals)")
        #expect(loaded.settings.host == "from-file")
        #expect(loaded.settings.port == 4321)
        #expect(loaded.settings.dataDirectory == "/from/process")
    }

    @Test func flagsWinOverTheFile() {
        let text =
            ConfigSample.models
            + "gateway_settings: {host: 0.0.0.0, port: 1, loops: 1, data_dir: a}"
        let overrides = SettingsOverrides(
            host: "127.0.0.2", port: 2, loops: 3, dataDirectory: "b")
        let settings = ConfigSample.load(text, overrides: overrides).settings
        #expect(settings.host == "127.0.0.2")
        #expect(settings.port == 2)
        #expect(settings.loops == 3)
        #expect(settings.dataDirectory == "b")
        let unchanged = ConfigSample.load(text).settings
        #expect(unchanged.host == "0.0.0.0")
        #expect(unchanged.port == 1)
    }

    @Test func includesFilesBesideItself() throws {
        let loader = ConfigLoader(environment: ConfigSample.environment) {
            path throws(FileError) in
            let files = [
                "/etc/gw/main.yaml": ConfigSample.models + "include: [models/more.yaml]\n",
                "/etc/gw/models/more.yaml": """
                model_list:
                  - model_name: more
                    litellm_params: {model: scripted/demo}
                gateway_settings: {port: 99}
                include: [../main.yaml, /etc/third.yaml]
                """,
                "/etc/gw/models/../main.yaml": "{}",
                "/etc/third.yaml": "gateway_settings: {log: {level: debug}}",
            ]
            guard let text = files[path] else { throw FileError("there is no \(path)") }
            return text
        }
        let loaded = loader.load("/etc/gw/main.yaml")
        #expect(loaded.isAccepted, "\(loaded.refusals)")
        #expect(loaded.settings.deployments.map(\.model) == ["demo", "more"])
        #expect(loaded.settings.port == 99)
        #expect(loaded.settings.log.level == .debug)
        // Both files have a first deployment; neither's findings hide the other's.
        #expect(loaded.findings.count { $0.path == "model_list[0].model_name" } == 2)
    }

    @Test(arguments: [
        (["main.yaml": "include: [gone.yaml]"], "there is no gone.yaml"),
        (
            [
                "main.yaml": "include: [b.yaml]\ngateway_settings: {port: 1}",
                "b.yaml": "gateway_settings: {port: 2}",
            ], "also set at main.yaml:2:26"
        ),
        (["main.yaml": "include: [b.yaml]", "b.yaml": "a: [\n"], "b.yaml:"),
    ])
    func saysWhatIsWrongWithIncludes(files: [String: String], words: String) {
        let loaded = ConfigSample.load(files: files)
        #expect(loaded.refusals.contains { $0.contains(words) }, "\(loaded.refusals)")
    }

    @Test func survivesFilesThatIncludeEachOther() {
        let loaded = ConfigSample.load(files: [
            "main.yaml": ConfigSample.models + "include: [b.yaml]",
            "b.yaml": "include: [main.yaml]",
        ])
        #expect(loaded.isAccepted, "\(loaded.refusals)")
        #expect(loaded.settings.deployments.count == 1)
    }

    @Test func mergesAnchors() {
        let loaded = ConfigSample.load(
            """
            defaults: &defaults {model: openai/x, api_base: 'http://h:1', rpm: 5}
            model_list:
              - model_name: a
                litellm_params: {<<: *defaults, rpm: 7}
              - model_name: b
                litellm_params: *defaults
            """)
        #expect(loaded.isAccepted, "\(loaded.refusals)")
        #expect(loaded.settings.deployments.map(\.weight) == [7, 5])
    }

    @Test func readsEveryBound() {
        let settings = ConfigSample.loadAfterModels(
            """
            router_settings: {num_retries: 0, timeout: 20, stream_timeout: 3}
            litellm_settings: {request_timeout: 70, num_retries: 9}
            general_settings: {max_request_size_mb: 2}
            gateway_settings:
              limits: {header_bytes_max: 8KiB, header_count_max: 99, streams_per_connection_max: 7,
                connections_max: 1000, message_bytes_max: 1MiB}
              timeouts: {headers: 1s, body: 2s, idle: 3s, write_stall: 4s, connect: 500ms,
                first_token: 6s, between_tokens: 7s, drain: 1m}
              upstream: {connections_per_host_max: 12, event_bytes_max: 8MiB, reply_bytes_max: 9MiB}
              log: {level: warning, format: text, sample: 0.25}
              litellm_statuses: false
              trusted_proxies: [10.0.0.0/8, "2001:db8::1"]
              proxy_protocol: true
            """
        ).settings
        #expect(settings.routing.retries.count == 0)
        #expect(settings.calls.callTimeout == .seconds(70))
        #expect(settings.timeouts.attempt == .seconds(20))
        #expect(settings.timeouts.firstToken == .seconds(6))
        #expect(settings.timeouts.betweenTokens == .seconds(7))
        #expect(settings.server.bodyBytesMax == 2 << 20)
        #expect(settings.server.headerBytesMax == 8 << 10)
        #expect(settings.server.headerCountMax == 99)
        #expect(settings.server.streamsPerConnectionMax == 7)
        #expect(settings.server.connectionsMax == 1_000)
        #expect(settings.messageBytesMax == 1 << 20)
        #expect(settings.server.timeoutHeaders == .seconds(1))
        #expect(settings.server.timeoutBody == .seconds(2))
        #expect(settings.server.timeoutIdle == .seconds(3))
        #expect(settings.server.timeoutWriteStall == .seconds(4))
        #expect(settings.client.timeoutConnect == .milliseconds(500))
        #expect(settings.client.connectionsPerOriginMax == 12)
        #expect(settings.client.idleConnectionsPerOriginMax == 12)
        #expect(settings.replies.eventBytesMax == 8 << 20)
        #expect(settings.replies.replyBytesMax == 9 << 20)
        #expect(settings.timeoutDrain == .seconds(60))
        #expect(settings.log == LogSettings(level: .warning, format: .text, sample: 0.25))
        #expect(!settings.usesLiteLLMStatuses)
        #expect(
            settings.trust.proxies
                == [AddressRange("10.0.0.0/8"), AddressRange("2001:db8::1/128")].compactMap(\.self))
        #expect(settings.trust.expectsHeader)
    }

    @Test func readsTheBoundsAgainstAbuse() {
        let settings = ConfigSample.load(
            ConfigSample.models + """
                gateway_settings:
                  limits:
                    {connections_per_address_max: 9, unwanted_body_bytes_max: 1MiB,
                     outbound_bytes_max: 8KiB, inbound_bytes_max: 16KiB,
                     http2_stream_window_bytes: 1MiB, http2_connection_window_bytes: 2MiB,
                     http2_outbound_bytes_max: 3MiB, http2_continuations_max: 4,
                     http2_resets_burst_max: 5, http2_resets_per_second_max: 6,
                     http2_control_frames_burst_max: 700, http2_control_frames_per_second_max: 8,
                     http2_ping_strikes_max: 0}
                  timeouts:
                    {body_stall: 1s, unwanted_body: 2s, keepalive: 3s, keepalive_answer: 4s,
                     ping_interval_min: 5ms}
                """
        ).settings.server
        #expect(settings.connectionsPerAddressMax == 9)
        #expect(settings.unwantedBodyBytesMax == 1 << 20)
        #expect(settings.outboundHighWaterBytes == 8 << 10)
        #expect(settings.inboundHighWaterBytes == 16 << 10)
        #expect(settings.streamWindowBytes == 1 << 20)
        #expect(settings.connectionWindowBytes == 2 << 20)
        #expect(settings.connectionOutboundBytesMax == 3 << 20)
        #expect(settings.continuationsMax == 4)
        #expect(settings.resetsBurstMax == 5)
        #expect(settings.resetsPerSecondMax == 6)
        #expect(settings.controlFramesBurstMax == 700)
        #expect(settings.controlFramesPerSecondMax == 8)
        #expect(settings.pingStrikesMax == 0)
        #expect(settings.timeoutBodyStall == .seconds(1))
        #expect(settings.timeoutUnwantedBody == .seconds(2))
        #expect(settings.timeoutKeepalive == .seconds(3))
        #expect(settings.timeoutKeepaliveAnswer == .seconds(4))
        #expect(settings.pingIntervalMin == .milliseconds(5))
    }
}
