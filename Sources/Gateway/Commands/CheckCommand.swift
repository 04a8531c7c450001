import ArgumentParser

/// `llm-gateway check`: what each key of a configuration means here.
struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Say what each key of a configuration means: honoured, ignored or refused.",
        discussion: """
            Example: llm-gateway check --config config.yaml --strict
            Exit status: 0 when the gateway starts with it, else 1.
            """)

    @Option(help: "The configuration, in YAML.")
    var config: String

    @Flag(help: "Refuse what would be ignored.")
    var strict = false

    func run() throws {
        let loader = ConfigLoader(
            environment: ProcessEnvironment.variables, readFile: File.read)
        let report = CheckReport(loaded: loader.load(config).checkingFiles(), isStrict: strict)
        for line in report.lines { Output.line(line) }
        if !report.isAccepted { throw ExitCode(ExitStatus.refused) }
    }
}
