import API
import GatewayCore
import Telemetry

extension Settings {
    /// The deployments of the file that do not serve, and why.
    var disabled: [Readiness.Disabled] {
        configured.compactMap { configured in
            configured.disabledReason.map {
                Readiness.Disabled(
                    id: configured.deployment.id, model: configured.deployment.model, why: $0)
            }
        }
    }

    /// Tells which deployments of the file do not serve, and why.
    func warnOfDisabled(in log: Log) {
        for configured in configured {
            guard let reason = configured.disabledReason else { continue }
            log.write(.warning, "deployment disabled") { line in
                line.text("deployment", configured.deployment.id)
                line.text("model", configured.deployment.model)
                line.text("why", reason)
            }
        }
    }
}
