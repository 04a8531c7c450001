import GatewayCore
import Transport

/// Where one deployment's requests go, and what goes with them; made once.
protocol DeploymentTarget: AnyObject {
    var origin: Origin { get }

    init(_ deployment: Deployment) throws(UpstreamAddress.Invalid)
}

/// A provider's targets, by the index of their deployment; of deployments that came later, made at
/// their first attempt. Belongs to its provider's loop.
struct DeploymentTargets<Target: DeploymentTarget> {
    private var known: [Int: Target] = [:]
    private let countMax: Int

    /// The targets of the deployments of one kind.
    init(
        _ deployments: [Deployment], of kind: ProviderKind, limits: ProviderLimits
    ) throws(UpstreamAddress.Invalid) {
        countMax = limits.targetsMax
        for deployment in deployments where deployment.provider == kind {
            known[deployment.index] = try Target(deployment)
        }
    }

    mutating func target(of deployment: Deployment) throws(GatewayError) -> Target {
        if let known = known[deployment.index] { return known }
        do throws(UpstreamAddress.Invalid) {
            let target = try Target(deployment)
            // Those of deployments that are gone are few, unless models change all day.
            if known.count >= countMax { known.removeAll() }
            known[deployment.index] = target
            return target
        } catch {
            throw GatewayError(
                .internalFault, origin: .gateway,
                message: "Deployment `\(deployment.id)` has no address: \(error.message)")
        }
    }
}
