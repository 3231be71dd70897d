import Basics
import CloudConfig
import CloudConfigLoading
import Diagnostics
import Systemd

/// coreos-cloudinit: makes a machine what its user-data says.
package struct CloudInit: Sendable {
    /// The original whose behaviour this has, and whose successor it is.
    package static let version = "1.14.0+slipway"

    private let system: System
    /// Prints a line about something that went wrong.
    private let complain: @Sendable (String) -> Void

    package init(_ system: System, complain: @escaping @Sendable (String) -> Void) {
        self.system = system
        self.complain = complain
    }

    /// Does what the command line says.
    ///
    /// - Returns: the exit code: 0, 1 for a failure (or any finding of `-validate`), 2 for a command line that makes no
    ///   sense.
    package func run(_ arguments: [String]) async -> Int32 {
        let options: CloudInitOptions
        do {
            options = try CloudInitOptions(arguments: arguments)
        } catch {
            complain("\(error)\n\(CloudInitOptions.usage)")
            return 2
        }
        if options.printsHelp || options.printsVersion {
            system.show(options.printsHelp ? CloudInitOptions.usage : "coreos-cloudinit \(Self.version)")
            return 0
        }
        do {
            for note in options.notes { system.say(note) }
            let userData = try await SourceSearch(system: system).userData(from: options.sources)
            if options.validates { return try validate(userData) }
            try await setUp(userData, options)
            return 0
        } catch {
            complain("\(error)")
            if error.code == .usage { return 2 }
            return options.ignoresFailure ? 0 : 1
        }
    }

    // MARK: Checking

    private func validate(_ userData: UserData) throws(NodeSetupError) -> Int32 {
        if let fault = userData.fault { throw fault }
        let diagnostics = CloudConfigValidator.validate(userData.bytes, file: userData.file)
        for diagnostic in diagnostics {
            let line = diagnostic.location?.line ?? 0
            complain(
                "\(LogTimestamp.now) line \(line): \(level(diagnostic.severity)): \(diagnostic.message)"
            )
        }
        return diagnostics.isEmpty ? 0 : 1
    }

    private func level(_ severity: Diagnostic.Severity) -> String {
        severity == .note ? "info" : severity.rawValue
    }

    // MARK: Setting up

    private func setUp(_ userData: UserData, _ options: CloudInitOptions) async throws(NodeSetupError) {
        var executor = SetupExecutor(system)
        var stage = SetupResult.Stage.files
        do throws(NodeSetupError) {
            // What an earlier run said must not be taken for this one's word.
            try system.files.remove(SetupResult.path)
            var (plan, fault, isWhole) = try planAsFarAsReadable(userData, options)
            var record: (store: ManifestStore, applied: AppliedManifest)?
            // What cannot be read wholly may still name what was applied before.
            if isWhole, UserDataKind(userData.bytes) == .cloudConfig {
                record = try takeBack(&plan, userData, &executor)
            }
            try await executor.performAll(plan.preparation)
            if let record { try record.store.write(record.applied) }
            let files = outcome(fault, executor, userData)
            try report(SetupResult(stage: .files, error: files?.description))
            try notifyReady()
            if files == nil { stage = .done }
            try await executor.performAll(plan.commands)
            if let error = outcome(fault, executor, userData) { throw error }
            try report(SetupResult(stage: .done, failedJobs: executor.failedJobs))
            // A person who runs this program may do that again.
            guard userData.isMachinesOwn, executor.hasDependents else { return }
            try await executor.startDependents()
            try report(SetupResult(stage: .done, failedJobs: executor.failedJobs))
        } catch {
            let error = located(error, executor.current, userData)
            let result = SetupResult(
                stage: stage,
                failedJobs: executor.failedJobs,
                error: error.description
            )
            do {
                try report(result)
            } catch let second {
                complain("\(second)")
            }
            throw error
        }
    }

    /// The plan, what is wrong with the user-data it was made from, and whether it is a plan for all of that.
    ///
    /// Returns a plan from metadata alone where user-data cannot be read: the system still gets its name and its keys.
    private func planAsFarAsReadable(_ userData: UserData, _ options: CloudInitOptions) throws(NodeSetupError)
        -> (plan: SetupPlan, fault: NodeSetupError?, isWhole: Bool)
    {
        do throws(NodeSetupError) {
            if let fault = userData.fault { throw fault }
            let (plan, fault) = try plan(userData, options)
            return (plan, fault, fault == nil)
        } catch {
            guard userData.metadata != NodeMetadata() else { throw error }
            return (plan(CloudConfig(), userData.metadata, options), error, false)
        }
    }

    /// All that went wrong, as one error; nil where nothing did.
    private func outcome(_ fault: NodeSetupError?, _ executor: SetupExecutor, _ userData: UserData) -> NodeSetupError? {
        let failures = executor.failures.map { located($0.error, $0.effect, userData) }
        let all = (fault.map { [$0] } ?? []) + failures
        guard let first = all.first, all.count > 1 else { return all.first }
        return NodeSetupError(first.code, all.map(\.description).joined(separator: "\n"))
    }

    /// True when a port's unit is there that a version without a record may have written.
    private var hasUnrecordedPorts: Bool {
        SetupPlan.unrecorded.compactMap(\.path).contains { system.files.exists($0) }
    }

    /// Has a plan take back what the same source asked for before and does not any more, and records what it does:
    /// until it is done, also what was there before, so that a run that is cut off loses nothing of it.
    private func takeBack(
        _ plan: inout SetupPlan,
        _ userData: UserData,
        _ executor: inout SetupExecutor,
    ) throws(NodeSetupError) -> (store: ManifestStore, applied: AppliedManifest)? {
        let store = ManifestStore(system.files, source: userData.file)
        let before: SetupPlan.Before
        do {
            let users = try Accounts(system.files).users()
            before = .init(applied: try store.read(), others: try store.others(), users: users)
        } catch {
            system.say("\(error)")
            return nil
        }
        let (whole, applied) = plan.takingBack(
            before,
            isWhole: userData.isMachinesOwn && hasUnrecordedPorts
        )
        let old = before.applied?.items ?? []
        // A machine that a version without a record set up: its files are no originals.
        let isNew = before.applied != nil || !system.files.exists("/home/core/.ssh/authorized_keys.d")
        if isNew {
            let own = old.union(before.others.items).compactMap(\.path)
            executor.keepOriginals(in: store, own: Set(own))
        }
        try store.write(AppliedManifest(old.union(applied.items)))
        plan = whole
        return (store, applied)
    }

    /// The error with the line that asked for what failed.
    private func located(_ error: NodeSetupError, _ effect: Effect?, _ userData: UserData)
        -> NodeSetupError
    {
        guard let effect, UserDataKind(userData.bytes) == .cloudConfig else { return error }
        let place = EffectPlace(String(decoding: userData.bytes, as: UTF8.self), file: userData.file)
        guard let location = place.location(of: effect, isAboutOwner: error.code == .account) else {
            return error
        }
        return NodeSetupError(error.code, "\(location): \(error.message)", cause: error.cause)
    }

    /// The plan, and what is wrong in places with the user-data it is for.
    private func plan(_ userData: UserData, _ options: CloudInitOptions) throws(NodeSetupError)
        -> (SetupPlan, NodeSetupError?)
    {
        switch UserDataKind(userData.bytes) {
        case .cloudConfig: return try plan(cloudConfig: userData, options)
        case .script:
            // The machine gets its name and its keys from the metadata before the script runs.
            let base = plan(CloudConfig(), userData.metadata, options)
            return (base.running(script: try substituted(userData).bytes, workspace: options.workspace), nil)
        case .empty: return (plan(CloudConfig(), userData.metadata, options), nil)
        case .ignition:
            system.say("Detected an Ignition config. Exiting...")
            return (SetupPlan(), nil)
        case .gzip, .unknown:
            throw NodeSetupError(
                .userData,
                "\(userData.file) is no user-data: its first line is neither #cloud-config nor #!"
            )
        }
    }

    private func plan(cloudConfig: UserData, _ options: CloudInitOptions) throws(NodeSetupError)
        -> (SetupPlan, NodeSetupError?)
    {
        let (bytes, isText) = try substituted(cloudConfig)
        guard isText else { throw NodeSetupError(.userData, "\(cloudConfig.file) is not UTF-8 text") }
        let text = String(decoding: bytes, as: UTF8.self)
        let (config, diagnostics) = CloudConfigLoader.usable(text, file: cloudConfig.file)
        let report = DiagnosticRenderer().render(diagnostics, sources: [cloudConfig.file: text]).trimmed
        guard let config else {
            let message = "the cloud-config is wrong, and nothing of it was done"
            throw NodeSetupError(.userData, message, cause: "\n\(report)")
        }
        if !report.isEmpty { system.say(report) }
        guard diagnostics.hasErrors else { return (plan(config, cloudConfig.metadata, options), nil) }
        let message = "the cloud-config is wrong in places, and all but those was applied"
        return (
            plan(config, cloudConfig.metadata, options), NodeSetupError(.userData, message, cause: "\n\(report)")
        )
    }

    /// User-data with the machine's addresses in it; as it was where it is no text.
    private func substituted(_ userData: UserData) throws(NodeSetupError) -> (
        bytes: [UInt8], isText: Bool
    ) {
        guard let original = String(validating: userData.bytes, as: UTF8.self) else {
            return (userData.bytes, false)
        }
        let (text, unknown) = Substitution.apply(
            original,
            try addresses(userData.metadata.addresses, original)
        )
        for token in unknown {
            system.say("\(token) is not known on this machine and leaves nothing behind")
        }
        return (Array(text.utf8), true)
    }

    private func plan(_ config: CloudConfig, _ metadata: NodeMetadata, _ options: CloudInitOptions)
        -> SetupPlan
    {
        var metadata = metadata
        metadata.addresses = metadata.addresses.filled(from: NodeAddresses(environment: system.environment))
        return SetupPlan(config, metadata: metadata, hostname: system.hostname(), keyName: options.keyName)
    }

    /// Returns addresses from the datasource, then this program's environment, then `/etc/environment`.
    private func addresses(_ known: NodeAddresses, _ text: String) throws(NodeSetupError)
        -> NodeAddresses
    {
        guard text.utf8.contains(UInt8(ascii: "$")) else { return known }
        var variables = VariableFile.values(in: try system.files.readText("/etc/environment") ?? "")
        variables.merge(system.environment) { $1 }
        return known.filled(from: NodeAddresses(environment: variables))
    }

    private func report(_ result: SetupResult) throws(NodeSetupError) {
        try system.files.write(SetupResult.path, Array(result.json.utf8))
    }

    private func notifyReady() throws(NodeSetupError) {
        do {
            try system.notifyReady()
        } catch {
            throw NodeSetupError(
                .systemd,
                "systemd does not hear that the machine is ready",
                cause: error.description
            )
        }
    }
}
