import Basics
import Testing

@Suite struct AddressTests {
    @Test(arguments: ["0.0.0.0", "10.71.3.1", "255.255.255.255"])
    func addressesComeBack(_ text: String) {
        #expect(IPv4Address(text)?.description == text)
    }

    @Test(arguments: ["", "1.2.3", "1.2.3.4.5", "1.2.3.256", "01.2.3.4", "1.2.3.+4", "1.2.3.٤", "1..2.3", " 1.2.3.4"])
    func whatIsNoAddress(_ text: String) {
        #expect(IPv4Address(text) == nil)
    }

    @Test(arguments: ["10.0.0.1/24", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/08", "10.0.0.0", "10.0.0.0/"])
    func whatIsNoBlock(_ text: String) {
        #expect(CIDRv4(text) == nil)
    }

    @Test func blocksKnowTheirBounds() throws {
        let block = try #require(CIDRv4("10.71.3.0/24"))
        #expect("\(block.gateway) \(block.broadcast) \(block.netmask)" == "10.71.3.1 10.71.3.255 255.255.255.0")
        let inside = try #require(IPv4Address("10.71.3.200"))
        #expect(block.contains(inside))
        #expect(CIDRv4(around: inside, prefix: 24) == block)
        #expect(CIDRv4(around: inside, prefix: 40).description == "10.71.3.200/32")
        #expect(CIDRv4(around: inside, prefix: -1).description == "0.0.0.0/0")
        let wide = try #require(CIDRv4("10.64.0.0/10"))
        #expect(wide.overlaps(block) && block.overlaps(wide))
        let neighbour = try #require(CIDRv4("10.71.4.0/24"))
        #expect(!block.overlaps(neighbour))
    }
}
