import Etcd
import TestKit
import Testing

@Suite(.timeLimit(.minutes(5)))
struct EtcdContractTests {
    @Test(arguments: EtcdContract.all)
    func fake(_ contract: EtcdContract) async throws {
        try await contract.check(FakeEtcd(), "/contract/")
    }

    @Test func real() async throws {
        try await RealEtcd.with { server in
            let etcd = EtcdHTTPClient.patient(server.clientURLs)
            for contract in EtcdContract.all { try await contract.check(etcd, "/\(contract.name)/") }
        }
    }
}

extension EtcdContract: CustomTestStringConvertible {
    var testDescription: String { name }
}
