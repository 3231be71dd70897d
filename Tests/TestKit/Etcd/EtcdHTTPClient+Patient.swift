import Etcd
import TransportSecurity

extension EtcdHTTPClient {
    /// Client that gives an answer half a minute: for tests of what etcd answers, not of when.
    ///
    /// On a busy host the ordinary two seconds are over before a process of the test's own has had its turn.
    package static func patient(_ endpoints: [String], tls: TLSIdentity? = nil) -> EtcdHTTPClient {
        EtcdHTTPClient(endpoints: endpoints, requestTimeout: .seconds(30), tls: tls)
    }
}
