import ArgumentParser
import Etcd
import RebootLock
import TransportSecurity

/// Options of every command and the daemon for reaching the semaphore. Each may also be set in the environment, as
/// `LOCKSMITHCTL_ENDPOINT` or, for the daemon, `LOCKSMITHD_ENDPOINT`.
struct LocksmithOptions: ParsableArguments {
    @Option(help: ArgumentHelp("An etcd to ask; may be repeated, or name several between commas.", valueName: "url"))
    var endpoint: [String] = []
    @Option(name: .customLong("etcd-cafile"), help: "The authority that etcd's certificate is checked with.")
    var authority: String?
    @Option(name: .customLong("etcd-certfile"), help: "The certificate to show etcd.")
    var certificate: String?
    @Option(name: .customLong("etcd-keyfile"), help: "Its key.")
    var privateKey: String?
    @Option(name: .customLong("etcd-username"), help: .hidden)
    var username: String?
    @Option(name: .customLong("etcd-password"), help: .hidden)
    var password: String?
    @Flag(help: .hidden)
    var debug = false
    @Option(help: "The group of machines whose semaphore is meant; without it, the one of all.")
    var group: String?

    /// The options, filled up from the environment.
    ///
    /// - Parameter prefix: `LOCKSMITHCTL` or `LOCKSMITHD`.
    func lock(_ prefix: String, _ environment: [String: String]) throws -> RebootLock {
        func setting(_ option: String?, _ name: String) -> String? {
            option ?? environment["\(prefix)_\(name)"].flatMap { $0.isEmpty ? nil : $0 }
        }
        guard setting(username, "ETCD_USERNAME") == nil, setting(password, "ETCD_PASSWORD") == nil else {
            throw LocksmithError(
                "etcd's users are not spoken for here; use a certificate: -etcd-certfile, -etcd-keyfile"
            )
        }
        let files = TLSFiles(
            authority: .init("-etcd-cafile", setting(authority, "ETCD_CAFILE")),
            certificate: .init("-etcd-certfile", setting(certificate, "ETCD_CERTFILE")),
            key: .init("-etcd-keyfile", setting(privateKey, "ETCD_KEYFILE")),
        )
        let tls: TLSIdentity?
        do { tls = try files.identity() } catch { throw LocksmithError(error.description) }
        let named = endpoint.isEmpty ? [environment["\(prefix)_ENDPOINT"] ?? ""] : endpoint
        let endpoints = named.joined(separator: ",").filter { $0 != " " }.split(separator: ",").map(String.init)
        let scheme = tls == nil ? "http" : "https"
        let etcd = EtcdHTTPClient(
            endpoints: endpoints.isEmpty ? ["\(scheme)://127.0.0.1:2379", "\(scheme)://127.0.0.1:4001"] : endpoints,
            requestTimeout: .seconds(5),
            tls: tls,
        )
        return RebootLock(etcd: etcd, group: setting(group, "GROUP") ?? "")
    }
}

/// Failure of locksmith, for people.
struct LocksmithError: Error, CustomStringConvertible {
    var description: String

    init(_ description: String) { self.description = description }
}
