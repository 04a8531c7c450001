import Transport

/// Finds out whether the files that TLS needs can be used, before anything is served.
enum TLSFiles {
    /// What is wrong with them, as refusals of the keys that name them.
    static func findings(_ settings: Settings) -> [ConfigFinding] {
        guard let tls = settings.tls else { return [] }
        do throws(TLSFailure) {
            _ = try TLSServer(tls)
            return []
        } catch {
            return [refusal("gateway_settings.tls", error)]
        }
    }

    private static func refusal(_ path: String, _ failure: TLSFailure) -> ConfigFinding {
        ConfigFinding(position: nil, path: path, verdict: .refused, meaning: failure.description)
    }
}

extension LoadedConfiguration {
    /// The same, with what is wrong with the files that it names.
    func checkingFiles() -> LoadedConfiguration {
        LoadedConfiguration(settings: settings, findings: findings + TLSFiles.findings(settings))
    }
}
