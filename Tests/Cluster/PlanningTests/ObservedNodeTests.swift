import Foundation
import Planning
import Testing

/// Records of `slipway plan --record` are read by other versions: an observed node is one JSON object, with these keys.
@Suite struct ObservedNodeTests {
    private static let json = """
        {"address":"10.9.0.11","autostart":true,"baseDigest":"b","certificates":{"issued":1795694400,"number":2},\
        "cluster":"demo","configDigest":"c","configParts":{"digests":{"memory":"1f0c22ab"}},\
        "diskGiB":10,"domainName":"demo.worker-2","etcd":"proxy","etcdHistory":"joined:c1","etcdTLS":true,\
        "fleet":"socket","generation":3,"hasDomain":true,"hasStorage":false,"image":{"layer":"l","root":"r"},"index":2,\
        "isTransient":true,"name":"worker-2","phase":"started","power":"off","role":"worker","runtime":"vm"}
        """

    @Test func jsonIsReadAndWrittenAsItWas() throws {
        let node = try JSONDecoder().decode(ObservedNode.self, from: Data(Self.json.utf8))
        #expect(node.name == "worker-2" && node.generation == 3 && node.phase == .started && !node.hasStorage)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        #expect(String(decoding: try encoder.encode(node), as: UTF8.self) == Self.json)
    }

    /// A key of the spec that is missing is named, as one of the details is.
    @Test(arguments: ["role", "power"]) func aMissingKeyIsNamed(_ key: String) throws {
        let whole = try JSONSerialization.jsonObject(with: Data(Self.json.utf8))
        var object = try #require(whole as? [String: Any])
        object[key] = nil
        let data = try JSONSerialization.data(withJSONObject: object)
        let error = #expect(throws: DecodingError.self) { try JSONDecoder().decode(ObservedNode.self, from: data) }
        #expect("\(try #require(error))".contains(key))
    }
}
