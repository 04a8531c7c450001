import GatewayCore
import Providers
import Transport

/// Finds out whether the files that TLS needs can be used, before anything is served.
enum TLSFiles {
    /// What is wrong with them, as refusals.
    static func findings(_ settings: Settings) -> [ConfigFinding] {
        var findings: [ConfigFinding] = []
        do throws(TLSFailure) {
            if let tls = settings.tls { _ = try TLSServer(tls) }
        } catch {
            findings.append(refusal("gateway_settings.tls", error))
        }
        let client = TLSClient()
        var failed: Set<TLSProfile> = []
        for (deployment, profile) in profiles(of: settings) where !failed.contains(profile) {
            do throws(TLSFailure) {
                try client.prepare(profile)
            } catch {
                failed.insert(profile)
                findings.append(refusal("TLS of deployment \(deployment.id)", error))
            }
        }
        return findings
    }

    /// How each deployment that takes part and is called over TLS is called.
    static func profiles(
        of settings: Settings
    ) -> [(deployment: Deployment, profile: TLSProfile)] {
        settings.deployments.compactMap { deployment in
            guard deployment.apiBase.lowercased().hasPrefix("https://") else { return nil }
            return (deployment, TLSProfile(deployment.security))
        }
    }

    private static func refusal(_ path: String, _ failure: TLSFailure) -> ConfigFinding {
        ConfigFinding(position: nil, path: path, verdict: .refused, meaning: failure.description)
    }
}

extension LoadedConfiguration {
    /// The same, with what is wrong with the files that it names.
    func checkingFiles() -> LoadedConfiguration {
        LoadedConfiguration(
            settings: settings, findings: findings + TLSFiles.findings(settings), files: files)
    }
}
