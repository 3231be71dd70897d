import Etcd
import FleetState

/// Changes in etcd that are asked for again while etcd cannot make them: a leader changes, a member restarts. Each must
/// do no harm when it is made twice, since an error says nothing of what etcd did before it.
extension Executor {
    /// A change of etcd's members. etcd takes one only once its members have been connected for five seconds, so a
    /// refusal is asked again, too.
    func retryingMembers(
        _ failure: String,
        pause: Duration = .milliseconds(250),
        say: @escaping @Sendable (String) -> Void,
        _ change: @escaping @Sendable () async throws -> Void,
    ) async throws {
        try await retrying(failure, pause: pause, while: { $0 is EtcdError }, say: say, change)
    }

    /// A read or change of what is in etcd.
    func retryingKeys(
        _ failure: String,
        say: @escaping @Sendable (String) -> Void,
        _ change: @escaping @Sendable () async throws -> Void,
    ) async throws {
        try await retrying(failure, pause: .milliseconds(100), while: Self.isTransient, say: say, change)
    }

    /// Returns whether the same request may succeed a little later, by the error's code.
    static func isTransient(_ error: any Error) -> Bool {
        switch error {
        case let error as EtcdError: error.isTransient
        case let error as RegistryError: error.isTransient
        default: false
        }
    }

    private func retrying(
        _ failure: String,
        pause: Duration,
        while isTransient: @escaping @Sendable (any Error) -> Bool,
        say: @escaping @Sendable (String) -> Void,
        _ change: @escaping @Sendable () async throws -> Void,
    ) async throws {
        let said = Latest("")
        let done = try await Waiting.until(limits.etcd, pause: pause) { () -> Bool? in
            do {
                try await change()
                return true
            } catch let error where isTransient(error) {
                try Task.checkCancellation()
                if said.update("\(error)") { say("\(error)") }
                return nil
            }
        }
        guard done == nil else { return }
        throw ProvisioningError("\(failure) within \(limits.etcd)", evidence: [said.value])
    }
}
