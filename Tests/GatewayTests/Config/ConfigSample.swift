@testable import Gateway

/// Loads configurations from texts.
enum ConfigSample {
    /// A key that is strong enough for any test.
    static let key = "sk-w8Zq3nT5vKx0Rb7Lc2Ya"
    static let environment = ["LITELLM_MASTER_KEY": key]
    /// The least model list.
    static let models = """
        model_list:
          - model_name: demo
            litellm_params: {model: scripted/demo}

        """

    /// Loads `files`, the first of which is `main.yaml`.
    static func load(
        files: [String: String], environment: [String: String] = environment,
        overrides: SettingsOverrides = SettingsOverrides()
    ) -> LoadedConfiguration {
        let loader = ConfigLoader(environment: environment) { path throws(FileError) in
            guard let text = files[path] else { throw FileError("there is no \(path)") }
            return text
        }
        return loader.load("main.yaml", overrides: overrides)
    }

    /// Loads one text as it is.
    static func load(
        _ text: String, environment: [String: String] = environment,
        overrides: SettingsOverrides = SettingsOverrides()
    ) -> LoadedConfiguration {
        load(files: ["main.yaml": text], environment: environment, overrides: overrides)
    }

    /// Loads a text behind the least model list, which takes three lines.
    static func loadAfterModels(
        _ text: String, environment: [String: String] = environment
    ) -> LoadedConfiguration {
        load(models + text, environment: environment)
    }

    /// Loads one deployment from its `litellm_params`, in YAML's flow style.
    static func deployment(
        _ params: String, info: String = "", environment: [String: String] = environment
    ) -> LoadedConfiguration {
        load(
            "model_list:\n  - model_name: m\n    litellm_params: {\(params)}\n"
                + "    model_info: {\(info)}\n",
            environment: environment)
    }
}

extension LoadedConfiguration {
    /// What was found about a key.
    func finding(_ path: String) -> ConfigFinding? { findings.first { $0.path == path } }

    /// All findings that keep the gateway from starting, for the messages of failed tests.
    var refusals: [String] { findings.filter { $0.verdict == .refused }.map(\.text) }
}
