import CLibvirt

extension Connection {
    /// Calls `body` with every network, active or not.
    package func forEachNetwork(_ body: (borrowing Network) throws(LibvirtError) -> Void) throws(LibvirtError) {
        let action = "list the networks at \(uri)"
        var list: UnsafeMutablePointer<OpaquePointer?>?
        let count = virConnectListAllNetworks(try open(for: action), &list, 0)
        guard count >= 0 else { throw LibvirtError.last(action) }
        var failure: LibvirtError?
        for handle in takeHandles(list, count: count) {
            // Adopted even after a failure, so that every handle is freed.
            do {
                let network = try Network(adopting: handle, action)
                if failure == nil { try body(network) }
            } catch {
                failure = failure ?? error
            }
        }
        if let failure { throw failure }
    }

    /// The network of a name; ``LibvirtError/Code/notFound`` when there is none.
    package func network(named name: String) throws(LibvirtError) -> Network {
        let action = "find network \(name)"
        return try Network(adopting: virNetworkLookupByName(try open(for: action), name), action)
    }

    /// The network of a UUID; ``LibvirtError/Code/notFound`` when there is none.
    package func network(uuid: String) throws(LibvirtError) -> Network {
        let action = "find network \(uuid)"
        return try Network(adopting: virNetworkLookupByUUIDString(try open(for: action), uuid), action)
    }

    /// Defines a network, or changes the definition of the one that has its name and UUID.
    ///
    /// - Throws: ``LibvirtError/Code/exists`` when a network has the name and another UUID, or the reverse.
    package func defineNetwork(_ xml: String, name: String) throws(LibvirtError) -> Network {
        let action = "define network \(name)"
        return try Network(adopting: virNetworkDefineXML(try open(for: action), xml), action)
    }
}
