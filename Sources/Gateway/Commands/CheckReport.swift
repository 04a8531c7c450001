import GatewayCore

/// What `check` says about a configuration. It shows no value but names, addresses and shares.
struct CheckReport {
    let loaded: LoadedConfiguration
    /// Whether what is ignored counts as refused.
    let isStrict: Bool

    /// Whether the gateway would start.
    var isAccepted: Bool { loaded.isAccepted && !(isStrict && count(.ignored) > 0) }

    var lines: [String] {
        keyLines + [""] + (loaded.settings.configured.isEmpty ? [] : deploymentLines + [""])
            + [summary]
    }

    private var keyLines: [String] {
        let isOneFile = Set(loaded.findings.compactMap(\.position?.file)).count < 2
        var table = TextTable(header: ["LINE", "KEY", "VERDICT", "MEANING"])
        for finding in loaded.findings {
            var place = "-"
            if let position = finding.position {
                place = isOneFile ? "\(position.line)" : "\(position.file):\(position.line)"
            }
            table.add([
                place, finding.path.isEmpty ? "-" : finding.path, finding.verdict.rawValue,
                finding.meaning,
            ])
        }
        return table.lines
    }

    private var deploymentLines: [String] {
        var table = TextTable(header: ["MODEL", "DEPLOYMENT", "PROVIDER", "SHARE", "STATE"])
        var totals: [String: Double] = [:]
        for deployment in loaded.settings.deployments {
            totals[deployment.model, default: 0] += deployment.weight
        }
        for configured in loaded.settings.configured {
            let deployment = configured.deployment
            var share = "-"
            var state = "enabled"
            if let reason = configured.disabledReason {
                state = "disabled: \(reason)"
            } else if let total = totals[deployment.model], total > 0 {
                share = "\(Int((deployment.weight / total * 100).rounded())) %"
                if !deployment.apiBase.isEmpty { state += ": \(deployment.apiBase)" }
            }
            table.add([deployment.model, deployment.id, configured.vendor, share, state])
        }
        return table.lines
    }

    private var summary: String {
        let verdict =
            isAccepted
            ? "the gateway starts with it"
            : loaded.isAccepted
                ? "refused, since --strict takes what is ignored as refused"
                : "the gateway does not start with it"
        return "\(count(.honoured)) honoured, \(count(.ignored)) ignored, "
            + "\(count(.refused)) refused: \(verdict)"
    }

    private func count(_ verdict: ConfigFinding.Verdict) -> Int {
        loaded.findings.count { $0.verdict == verdict }
    }
}
