/// Where `os.environ/NAME` is looked up: the process's environment, then `environment_variables`.
struct ConfigEnvironment: Sendable {
    private let process: [String: String]
    /// What the file adds; LiteLLM lets the process's own variables win.
    private let file: [String: String]

    init(process: [String: String], file: [String: String] = [:]) {
        self.process = process
        self.file = file
    }

    /// A variable that is set; an empty one counts as not set.
    subscript(name: String) -> String? {
        let value = process[name] ?? file[name]
        return value?.isEmpty == true ? nil : value
    }

    /// The environment with the variables of a file added.
    func adding(_ variables: [String: String]) -> ConfigEnvironment {
        ConfigEnvironment(process: process, file: file.merging(variables) { own, _ in own })
    }

    /// The variable that a value names, if it is of the form `os.environ/NAME`.
    static func variable(in text: String) -> String? {
        let prefix = "os.environ/"
        guard text.hasPrefix(prefix), text.count > prefix.count else { return nil }
        return String(text.dropFirst(prefix.count))
    }
}
