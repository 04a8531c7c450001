public import GatewayCore

extension RoutingRules {
    /// Other deployments are tried at once; none is asked again, since that would wait, and none is
    /// left alone for a while.
    public static var withoutWaits: RoutingRules {
        var rules = RoutingRules()
        rules.retries.waitMin = .seconds(86_400)
        rules.cooldown.isOn = false
        return rules
    }
}
