import Basics
import Testing

@testable import Flannel

/// The network's configuration, as the original's documents show it.
@Suite struct NetworkConfigTests {
    @Test func takesWhatIsLeftOutAsTheOriginalDoes() throws {
        let config = try NetworkConfig(json: #"{ "Network": "10.1.0.0/16" }"#)
        #expect(config.subnetLength == 24)
        #expect("\(config.first) \(config.last)" == "10.1.1.0/24 10.1.255.0/24")
        #expect(config.subnetCount == 255)
        #expect(config.backend == .vxlan(number: 1, port: 8472))
    }

    @Test func readsEveryKey() throws {
        let config = try NetworkConfig(
            json: """
                {"Network": "10.0.0.0/8", "SubnetLen": 20, "SubnetMin": "10.10.0.0", "SubnetMax": "10.99.0.0",
                 "Backend": {"Type": "vxlan", "VNI": 7, "Port": 4789, "DirectRouting": true}}
                """
        )
        #expect("\(config.network) \(config.first) \(config.last)" == "10.0.0.0/8 10.10.0.0/20 10.99.0.0/20")
        #expect(config.backend == .vxlan(number: 7, port: 4789))
        #expect(config.gives(config.subnet(at: config.subnetCount - 1)))
        #expect(config.subnet(at: config.subnetCount - 1) == config.last)
        #expect(
            try NetworkConfig(json: #"{"network":"10.1.2.3/16","backend":{"type":"host-gw"}}"#).backend == .hostGateway
        )
    }

    @Test(arguments: [
        ("10.1.0.0/22", 24, 3), ("10.1.0.0/23", 25, 3), ("10.1.0.0/28", 30, 3), ("10.1.0.0/16", 24, 255),
    ])
    func fitsSmallNetworks(network: String, length: Int, count: Int) throws {
        let config = try NetworkConfig(json: #"{"Network": "\#(network)"}"#)
        #expect(config.subnetLength == length)
        #expect(config.subnetCount == count)
    }

    @Test(arguments: [
        ("10.1.0.0/16", "is no JSON such as"),
        ("{}", "\"Network\" is missing"),
        (#"{"Network": "10.1.0.0"}"#, "and not one such as 10.1.0.0/16"),
        (#"{"Network": "10.1.0.0/29"}"#, "too small"),
        (#"{"Network": "10.1.0.0/24", "SubnetLen": 25}"#, "not from 26 to 30"),
        (#"{"Network": "10.1.0.0/16", "SubnetMin": "10.2.0.0"}"#, "begins no /24 of 10.1.0.0/16"),
        (#"{"Network": "10.1.0.0/16", "SubnetMin": "10.1.0.1"}"#, "begins no /24 of 10.1.0.0/16"),
        (#"{"Network": "10.1.0.0/16", "SubnetMin": "10.1.9.0", "SubnetMax": "10.1.8.0"}"#, "is after"),
        (#"{"Network": "10.1.0.0/16", "Backend": {"Type": "udp"}}"#, "the back end \"udp\" is not there"),
        (#"{"Network": "10.1.0.0/16", "Backend": {"Type": "vxlan", "VNI": 16777216}}"#, "\"VNI\" is 16777216"),
        (#"{"Network": "10.1.0.0/16", "Backend": {"Type": "vxlan", "Port": 70000}}"#, "\"Port\" is 70000"),
        (#"{"Network": "10.1.0.0/16", "Backend": {"Type": "vxlan", "GBP": true}}"#, "\"GBP\""),
    ])
    func saysWhatIsWrong(json: String, part: String) {
        let error = #expect(throws: FlannelError.self) { try NetworkConfig(json: json) }
        #expect(error?.description.contains(part) == true, "\(error?.description ?? "")")
    }
}
