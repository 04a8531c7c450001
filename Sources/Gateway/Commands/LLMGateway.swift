import ArgumentParser

/// The executable's commands.
@main
struct LLMGateway: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "llm-gateway",
        abstract: "A gateway between services and their language models.",
        discussion: "Example: llm-gateway serve --config config.yaml",
        version: Version.text,
        subcommands: [
            ServeCommand.self, CheckCommand.self, KeysCommand.self, SpendCommand.self,
            ExportCommand.self,
            BackupCommand.self, ImportCommand.self, MigrateCommand.self, VersionCommand.self,
        ])

    static func main() {
        ProcessSignals.surviveFullFiles()
        main(nil)
    }
}

/// Which build this is.
enum Version {
    static let text = "0.1.0"
}

/// `llm-gateway version`
struct VersionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "version", abstract: "Print the version.",
        discussion: "Example: llm-gateway version")

    func run() throws { Output.line("llm-gateway \(Version.text)") }
}
