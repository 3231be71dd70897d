import CLibvirt

/// Bounds of a domain that runs, until they are lifted or it is off.
extension Domain {
    /// Bounds the processor time of the running domain.
    ///
    /// - Parameter percent: of one processor; nil for no bound.
    package func limitProcessor(_ percent: Int?) throws(LibvirtError) {
        // Microseconds of each period of 100 ms; libvirt takes a negative number for none.
        let quota = percent.map { Int64($0) * 1000 } ?? -1
        try setting("bound the processor of", [(VIR_DOMAIN_SCHEDULER_VCPU_QUOTA, .signed(quota))]) {
            handle,
            bounds,
            count in
            virDomainSetSchedulerParametersFlags(handle, bounds, count, VIR_DOMAIN_AFFECT_LIVE.rawValue)
        }
    }

    /// Bounds the memory of the running domain: a container's by its cgroup, a virtual machine's by its balloon.
    ///
    /// - Parameter percent: of the memory that it was defined with; nil for all of it.
    package func limitMemory(_ percent: Int?) throws(LibvirtError) {
        let whole = virDomainGetMaxMemory(handle)
        guard whole > 0 else { throw LibvirtError.last("read the memory of domain \(name)") }
        let kibibytes = percent.map { whole / 100 * UInt($0) } ?? whole
        try check(virDomainSetMemoryFlags(handle, kibibytes, VIR_DOMAIN_AFFECT_LIVE.rawValue), "bound the memory of")
    }

    /// Gives the running domain that much memory, of the largest amount that it was started with.
    package func setMemory(mebibytes: Int) throws(LibvirtError) {
        let flags = VIR_DOMAIN_AFFECT_LIVE.rawValue
        try check(virDomainSetMemoryFlags(handle, UInt(mebibytes) << 10, flags), "set the memory of")
    }

    /// Bounds what the running virtual machine reads from and writes to a disk, both together.
    ///
    /// - Parameters:
    ///   - target: name of the disk in the machine, such as `vda`.
    ///   - bytesPerSecond: 0 for no bound.
    ///   - operationsPerSecond: 0 for no bound.
    package func limitDisk(
        _ target: String,
        bytesPerSecond: UInt64,
        operationsPerSecond: UInt32,
    ) throws(LibvirtError) {
        let bounds: [(String, Bound)] = [
            (VIR_DOMAIN_BLOCK_IOTUNE_TOTAL_BYTES_SEC, .unsigned(bytesPerSecond)),
            (VIR_DOMAIN_BLOCK_IOTUNE_TOTAL_IOPS_SEC, .unsigned(UInt64(operationsPerSecond))),
        ]
        try setting("bound the disk of", bounds) { handle, bounds, count in
            virDomainSetBlockIoTune(handle, target, bounds, count, VIR_DOMAIN_AFFECT_LIVE.rawValue)
        }
    }

    /// Bounds what the running container reads from and writes to a block device of its host, each by itself.
    ///
    /// - Parameters:
    ///   - device: path of the device.
    ///   - bytesPerSecond: 0 for no bound.
    ///   - operationsPerSecond: 0 for no bound.
    package func limitDevice(
        _ device: String,
        bytesPerSecond: UInt64,
        operationsPerSecond: UInt32,
    ) throws(LibvirtError) {
        let bounds: [(String, Bound)] = [
            (VIR_DOMAIN_BLKIO_DEVICE_READ_BPS, .text("\(device),\(bytesPerSecond)")),
            (VIR_DOMAIN_BLKIO_DEVICE_WRITE_BPS, .text("\(device),\(bytesPerSecond)")),
            (VIR_DOMAIN_BLKIO_DEVICE_READ_IOPS, .text("\(device),\(operationsPerSecond)")),
            (VIR_DOMAIN_BLKIO_DEVICE_WRITE_IOPS, .text("\(device),\(operationsPerSecond)")),
        ]
        try setting("bound the disk of", bounds) { handle, bounds, count in
            virDomainSetBlkioParameters(handle, bounds, count, VIR_DOMAIN_AFFECT_LIVE.rawValue)
        }
    }

    // MARK: What there is

    /// Returns whether the processor time of the running domain is bounded.
    package func isProcessorBounded() throws(LibvirtError) -> Bool {
        let bounds = try parameters("read the bounds of the processor of") { handle, bounds, count in
            virDomainGetSchedulerParametersFlags(handle, bounds, count, VIR_DOMAIN_AFFECT_LIVE.rawValue)
        }
        return try bounds.signed(VIR_DOMAIN_SCHEDULER_VCPU_QUOTA).map { $0 > 0 } ?? false
    }

    /// Returns whether what the running virtual machine reads from and writes to a disk is bounded.
    package func isDiskBounded(_ target: String) throws(LibvirtError) -> Bool {
        let bounds = try parameters("read the bounds of the disk of") { handle, bounds, count in
            virDomainGetBlockIoTune(handle, target, bounds, count, VIR_DOMAIN_AFFECT_LIVE.rawValue)
        }
        return try bounds.unsigned(VIR_DOMAIN_BLOCK_IOTUNE_TOTAL_BYTES_SEC).map { $0 > 0 } ?? false
    }

    /// Returns whether what the running container reads from and writes to devices of its host is bounded.
    package func areDevicesBounded() throws(LibvirtError) -> Bool {
        let bounds = try parameters("read the bounds of the disk of") { handle, bounds, count in
            virDomainGetBlkioParameters(handle, bounds, count, VIR_DOMAIN_AFFECT_LIVE.rawValue)
        }
        return try bounds.text(VIR_DOMAIN_BLKIO_DEVICE_WRITE_BPS).map { !$0.isEmpty } ?? false
    }

    /// Reads typed parameters. Of scheduler and disks libvirt sends 16 at most; what is asked for comes first.
    private func parameters(
        _ action: StaticString,
        _ get: (virDomainPtr, virTypedParameterPtr?, UnsafeMutablePointer<Int32>) -> Int32,
    ) throws(LibvirtError) -> TypedParameters {
        let parameters = TypedParameters(capacity: 16)
        try check(get(handle, parameters.start, &parameters.count), action)
        return parameters
    }

    // MARK: Setting

    /// Value of one of libvirt's typed parameters.
    private enum Bound {
        case signed(Int64)
        case unsigned(UInt64)
        case text(String)
    }

    /// Describes bounds as libvirt wants them, and has them set.
    ///
    /// - Parameter action: what is done, for errors.
    private func setting(
        _ action: StaticString,
        _ bounds: [(name: String, value: Bound)],
        _ set: (virDomainPtr, virTypedParameterPtr?, Int32) -> Int32,
    ) throws(LibvirtError) {
        var parameters: virTypedParameterPtr?
        var (count, capacity): (Int32, Int32) = (0, 0)
        defer { virTypedParamsFree(parameters, count) }
        for (name, value) in bounds {
            let result =
                switch value {
                case .signed(let number): virTypedParamsAddLLong(&parameters, &count, &capacity, name, number)
                case .unsigned(let number): virTypedParamsAddULLong(&parameters, &count, &capacity, name, number)
                case .text(let text): virTypedParamsAddString(&parameters, &count, &capacity, name, text)
                }
            try check(result, "describe a bound for")
        }
        try check(set(handle, parameters, count), action)
    }
}

/// Typed parameters that libvirt has filled in.
private final class TypedParameters {
    let start: virTypedParameterPtr
    var count: Int32

    init(capacity: Int32) {
        count = capacity
        start = .allocate(capacity: Int(capacity))
        start.initialize(repeating: virTypedParameter(), count: Int(capacity))
    }

    deinit {
        virTypedParamsClear(start, count)
        start.deallocate()
    }

    /// A number; nil where there is no such parameter.
    func signed(_ name: String) throws(LibvirtError) -> Int64? {
        var value: Int64 = 0
        return try isThere(virTypedParamsGetLLong(start, count, name, &value)) ? value : nil
    }

    /// A number; nil where there is no such parameter.
    func unsigned(_ name: String) throws(LibvirtError) -> UInt64? {
        var value: UInt64 = 0
        return try isThere(virTypedParamsGetULLong(start, count, name, &value)) ? value : nil
    }

    /// A text; nil where there is no such parameter.
    func text(_ name: String) throws(LibvirtError) -> String? {
        var value: UnsafePointer<CChar>?
        guard try isThere(virTypedParamsGetString(start, count, name, &value)) else { return nil }
        return value.map { String(cString: $0) }
    }

    private func isThere(_ result: Int32) throws(LibvirtError) -> Bool {
        guard result >= 0 else { throw LibvirtError.last("read a bound of a domain") }
        return result == 1
    }
}
