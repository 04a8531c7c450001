import API
import GatewayCore
import GatewayPrimitives
import Telemetry

/// Reads the configuration again, and puts its models and its rules of routing in place of those
/// that are served. Calls in flight keep what they began with.
///
/// Used on the main thread. A configuration that is refused changes nothing.
final class ModelReload: Sendable {
    /// Reads the configuration.
    typealias Load = @Sendable () -> LoadedConfiguration

    private let load: Load
    private let models: ModelBook
    private let readiness: Readiness
    private let log: Log

    /// Why a configuration is not taken over.
    struct Refused: Error, CustomStringConvertible {
        let description: String
    }

    init(models: ModelBook, readiness: Readiness, log: Log, load: @escaping Load) {
        self.models = models
        self.readiness = readiness
        self.log = log
        self.load = load
    }

    /// Throws what is wrong with the configuration; then the models before it stay.
    func read() throws(Refused) {
        let loaded = load()
        guard loaded.isAccepted else {
            let reasons = loaded.findings.filter { $0.verdict == .refused }.map(\.text)
            throw Refused(description: reasons.joined(separator: "; "))
        }
        let settings = loaded.settings
        let counts = models.replace(file: settings)
        readiness.replace(disabled: settings.disabled)
        log.write(.info, "models replaced") { line in
            line.number("deployments", settings.deployments.count)
            line.number("new_or_changed", counts.changed)
            line.number("gone", counts.gone)
        }
        settings.warnOfDisabled(in: log)
    }
}
