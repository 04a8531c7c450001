import API
import GatewayCore
import Providers
import Telemetry
import Transport

/// What the gateway is to do, in its own types: a configuration that was read and understood.
struct Settings {
    var host = "127.0.0.1"
    var port: UInt16 = 4000
    /// Event loops, and so threads; `nil` means one a core.
    var loops: Int?
    var dataDirectory = "./data"
    /// The key that may use every model.
    var masterKey: Secret?
    var keys: [StaticKey] = []
    var allowsWeakMasterKey = false
    var deployments: [Deployment] = []
    var disabled: [DisabledDeployment] = []
    var server = Limits()
    var client = ClientLimits()
    var messageBytesMax = 4 * 1024 * 1024
    var calls = CallLimits(callTimeout: .seconds(15 * 60), attemptsMax: 3)
    var timeouts = AttemptTimeouts(
        firstToken: .seconds(60), betweenTokens: .seconds(60), attempt: .seconds(10 * 60))
    var timeoutDrain = Duration.seconds(30)
    var usesLiteLLMStatuses = true
    var offersReflection = true
    var log = LogSettings()
}

/// A key that stands in the configuration.
struct StaticKey {
    let hash: KeyHash
    let alias: String
    let models: [String]
}

/// A deployment that is configured and cannot be used.
struct DisabledDeployment {
    let id: String
    let model: String
    let reason: String
}
