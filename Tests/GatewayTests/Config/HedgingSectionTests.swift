import GatewayCore
import Testing

@testable import Gateway

/// Second attempts are made when somebody has said so, and how often.
@Suite struct HedgingSectionTests {
    @Test(arguments: [("off", false), ("on", true), ("true", true), ("{}", true)])
    func readsWhetherItIsOn(text: String, isOn: Bool) {
        let loaded = ConfigSample.loadAfterModels("gateway_settings: {hedging: \(text)}")
        #expect(loaded.isAccepted, "\(loaded.refusals)")
        #expect(loaded.settings.routing.hedging.isOn == isOn)
        #expect(loaded.settings.routing.hedging.quantile == 0.95)
        #expect(loaded.settings.routing.hedging.shareMax == 0.05)
    }

    @Test func readsWhenAndHowOften() {
        let loaded = ConfigSample.loadAfterModels(
            "gateway_settings: {hedging: {quantile: 0.9, at_most: 0.1}}")
        #expect(loaded.settings.routing.hedging.isOn)
        #expect(loaded.settings.routing.hedging.quantile == 0.9)
        #expect(loaded.settings.routing.hedging.shareMax == 0.1)
        #expect(ConfigSample.loadAfterModels("").settings.routing.hedging.isOn == false)
    }

    @Test(arguments: ["quantile: 1", "quantile: 0.1", "at_most: 2", "after: 1s"])
    func refusesWhatMakesNoSense(entry: String) {
        let loaded = ConfigSample.loadAfterModels("gateway_settings: {hedging: {\(entry)}}")
        #expect(!loaded.isAccepted)
    }
}
