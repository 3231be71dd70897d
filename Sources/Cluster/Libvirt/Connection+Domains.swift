import CLibvirt

extension Connection {
    /// Calls `body` with every domain, running or not, by name.
    package func forEachDomain(_ body: (borrowing Domain) throws(LibvirtError) -> Void) throws(LibvirtError) {
        let action = "list the domains at \(uri)"
        var list: UnsafeMutablePointer<OpaquePointer?>?
        let count = virConnectListAllDomains(try open(for: action), &list, 0)
        guard count >= 0 else { throw LibvirtError.last(action) }
        var failure: LibvirtError?
        for handle in takeHandles(list, count: count) {
            // Adopted even after a failure, so that every handle is freed.
            do {
                let domain = try Domain(adopting: handle, action)
                if failure == nil { try body(domain) }
            } catch {
                failure = failure ?? error
            }
        }
        if let failure { throw failure }
    }

    /// The domain of a name; ``LibvirtError/Code/notFound`` when there is none.
    package func domain(named name: String) throws(LibvirtError) -> Domain {
        let action = "find domain \(name)"
        return try Domain(adopting: virDomainLookupByName(try open(for: action), name), action)
    }

    /// Defines a domain, or changes the definition of the one that has its name and UUID.
    ///
    /// - Parameters:
    ///   - xml: the domain's XML.
    ///   - name: for error messages.
    ///   - validate: against libvirt's schema, which takes some milliseconds.
    /// - Throws: ``LibvirtError/Code/exists`` when a domain has the name and another UUID, or the reverse.
    package func defineDomain(
        _ xml: String,
        name: String,
        validate: Bool = false
    ) throws(LibvirtError) -> Domain {
        let action = "define domain \(name)"
        let flags = validate ? VIR_DOMAIN_DEFINE_VALIDATE.rawValue : 0
        return try Domain(adopting: virDomainDefineXMLFlags(try open(for: action), xml, flags), action)
    }

    /// The flags that take everything with a definition, as far as this connection's driver knows them.
    package func undefineFlags() throws(LibvirtError) -> UndefineFlags {
        UndefineFlags.all(driver: try driver(), version: try version())
    }

    /// The driver's name: `LXC`, `QEMU`, `TEST`.
    package func driver() throws(LibvirtError) -> String {
        let action = "ask \(uri) for its driver"
        guard let name = virConnectGetType(try open(for: action)) else { throw LibvirtError.last(action) }
        return String(cString: name)
    }

    /// The version of libvirt at the other end, as `major * 1_000_000 + minor * 1_000 + release`.
    package func version() throws(LibvirtError) -> UInt {
        let action = "ask \(uri) for its version"
        var version: UInt = 0
        guard virConnectGetLibVersion(try open(for: action), &version) == 0 else { throw LibvirtError.last(action) }
        return version
    }

    /// Returns the capabilities of the host and its hypervisor, as XML.
    package func capabilities() throws(LibvirtError) -> String {
        let action = "ask \(uri) for its capabilities"
        guard let xml = virConnectGetCapabilities(try open(for: action)) else { throw LibvirtError.last(action) }
        return takeString(xml)
    }
}
