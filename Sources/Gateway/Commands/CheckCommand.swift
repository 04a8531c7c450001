import ArgumentParser
import Foundation
import GatewayCore

/// `llm-gateway check`: what each key of a configuration means here.
struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Say what each key of a configuration means: honoured, ignored or refused.",
        discussion: "Example: llm-gateway check --config config.yaml --strict")

    @Option(help: "The configuration, in YAML.")
    var config: String

    @Flag(help: "Refuse what would be ignored.")
    var strict = false

    func run() throws {
        var loader = ConfigLoader(environment: ProcessInfo.processInfo.environment)
        loader.load(path: config)
        for finding in loader.findings { Output.line(finding.text) }
        Output.line("")
        for deployment in loader.settings.deployments {
            Output.line(
                "deployment \(deployment.id): model \(deployment.model), provider "
                    + "\(deployment.provider.rawValue), weight \(deployment.weight)")
        }
        for deployment in loader.settings.disabled {
            Output.line(
                "deployment \(deployment.id): model \(deployment.model), disabled: "
                    + deployment.reason)
        }
        let ignored = loader.findings.count { $0.verdict == .ignored }
        if loader.isRefused || (strict && ignored > 0) { throw ExitCode(1) }
    }
}
