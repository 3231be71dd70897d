import TestKit
import Testing

@Suite struct RealEtcdTests {
    @Test func aClusterOfThreeSurvivesTheDeathOfAMember() async throws {
        try await RealEtcd.with(members: 3) { etcd in
            etcd.kill(0)
            let port = etcd.members[1].clientPort
            try await eventually("a write is accepted") {
                let path = "/v2/keys/greeting?value=hello"
                return await Loopback.http("PUT", port: port, path: path)?.status == 201
            }
            try await etcd.restart(0)
            let port0 = etcd.members[0].clientPort
            let answer = await Loopback.http(port: port0, path: "/v2/keys/greeting?quorum=true")
            #expect(answer?.body.contains("hello") == true)
        }
    }
}
