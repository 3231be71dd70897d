import CLibvirt
import Glibc

/// A libvirt call that failed: what was tried, and what libvirt said.
package struct LibvirtError: Error, Sendable, Equatable, CustomStringConvertible {
    /// Kind of failure, for programs; open, so that new kinds break no client.
    package struct Code: Sendable, Hashable, CustomStringConvertible {
        private enum Value: String, Sendable {
            case notFound, exists, wrongState, connectionLost, denied, invalidXML, invalidArgument, unsupported, timeout
            case busy, noMetadata, other
        }

        private let value: Value

        /// The domain or network does not exist: the only code that may be read as "gone".
        package static let notFound = Code(value: .notFound)
        /// Another domain or network has the name or the UUID.
        package static let exists = Code(value: .exists)
        /// Not possible in the present state: start of what runs, destroy of what is shut off.
        package static let wrongState = Code(value: .wrongState)
        /// libvirtd could not be reached, or the connection broke: nothing is known about the object.
        package static let connectionLost = Code(value: .connectionLost)
        /// The user may not do that.
        package static let denied = Code(value: .denied)
        /// The XML is malformed, or not valid against libvirt's schema.
        package static let invalidXML = Code(value: .invalidXML)
        /// libvirt refuses an argument.
        package static let invalidArgument = Code(value: .invalidArgument)
        /// The driver does not have this call or this device.
        package static let unsupported = Code(value: .unsupported)
        /// The operation took too long.
        package static let timeout = Code(value: .timeout)
        /// Something else is working on the object.
        package static let busy = Code(value: .busy)
        /// The domain exists, and has no metadata element of the namespace asked for: it is not ours.
        package static let noMetadata = Code(value: .noMetadata)
        /// Any other failure.
        package static let other = Code(value: .other)

        package var description: String { value.rawValue }
    }

    /// Kind of failure, for programs.
    package var code: Code
    /// Attempted action, phrased to follow "cannot": `start domain prod.central-1`.
    package var action: String
    /// libvirt's own message.
    package var message: String
    /// libvirt's error number (`virErrorNumber`), 0 when the failure was found on this side.
    package var number: Int32

    /// `errno` of the system call behind it (libvirt's `int1` of `VIR_ERR_SYSTEM_ERROR`); nil where none failed.
    package var systemNumber: Int32?

    package init(code: Code, action: String, message: String, number: Int32 = 0, systemNumber: Int32? = nil) {
        self.code = code
        self.action = action
        self.message = message
        self.number = number
        self.systemNumber = systemNumber
    }

    /// True when libvirt has no driver for the connection's URI: it says so itself, or the socket of the driver's
    /// daemon does not exist.
    package var isMissingDriver: Bool {
        number == Int32(VIR_ERR_NO_CONNECT.rawValue) || (code == .connectionLost && systemNumber == ENOENT)
    }

    package var description: String {
        let suffix = number == 0 ? "" : " (libvirt error \(number))"
        return "cannot \(action): \(message)\(suffix)\(advice)"
    }

    private var advice: String {
        switch code {
        case .connectionLost: "; is libvirtd running, and is the URI right? `slipway doctor` tells"
        case .denied: "; run as root, or join the group libvirt"
        default: ""
        }
    }

    /// The error of the libvirt call that has just failed on this thread.
    ///
    /// libvirt keeps it by thread: call this in the same synchronous function, with no `await` in between.
    static func last(_ action: String) -> LibvirtError {
        guard let error = virGetLastError()?.pointee else {
            return LibvirtError(code: .other, action: action, message: "libvirt gave no reason")
        }
        let message = error.message.map { String(cString: $0) } ?? "libvirt gave no reason"
        let code = Code(number: error.code, domain: error.domain, message: message)
        let isSystem = error.code == Int32(VIR_ERR_SYSTEM_ERROR.rawValue)
        return LibvirtError(
            code: code,
            action: action,
            message: message,
            number: error.code,
            systemNumber: isSystem ? error.int1 : nil,
        )
    }
}

extension LibvirtError.Code {
    /// - Parameters:
    ///   - number: `virErrorNumber` of `libvirt/virterror.h`.
    ///   - domain: `virErrorDomain`: the part of libvirt that failed.
    init(number: Int32, domain: Int32, message: String) {
        let isClash = message.contains("already exists") || message.contains("already defined")
        if domain == Int32(VIR_FROM_RPC.rawValue) {
            // Whatever the RPC layer of this process says is about the connection, never about the object asked for.
            self = .connectionLost
        } else if let known = Self.byNumber[number] {
            self = known
        } else {
            // The drivers report a clash of names as a plain failed operation.
            self = isClash ? .exists : .other
        }
    }

    private static let byNumber: [Int32: LibvirtError.Code] = {
        let groups: [(LibvirtError.Code, [virErrorNumber])] = [
            (.notFound, [VIR_ERR_NO_DOMAIN, VIR_ERR_NO_NETWORK, VIR_ERR_NO_STORAGE_POOL, VIR_ERR_NO_STORAGE_VOL]),
            (.exists, [VIR_ERR_DOM_EXIST, VIR_ERR_NETWORK_EXIST, VIR_ERR_STORAGE_VOL_EXIST]),
            (.wrongState, [VIR_ERR_OPERATION_INVALID]),
            (
                .connectionLost,
                [
                    VIR_ERR_RPC, VIR_ERR_NO_CONNECT, VIR_ERR_INVALID_CONN, VIR_ERR_UNKNOWN_HOST, VIR_ERR_SSH,
                    VIR_ERR_LIBSSH, VIR_ERR_GNUTLS_ERROR,
                ]
            ),
            (
                .denied,
                [
                    VIR_ERR_AUTH_FAILED, VIR_ERR_AUTH_CANCELLED, VIR_ERR_AUTH_UNAVAILABLE, VIR_ERR_ACCESS_DENIED,
                    VIR_ERR_OPERATION_DENIED,
                ]
            ),
            (.invalidXML, [VIR_ERR_XML_ERROR, VIR_ERR_XML_DETAIL, VIR_ERR_XML_INVALID_SCHEMA]),
            (.invalidArgument, [VIR_ERR_INVALID_ARG]),
            (
                .unsupported,
                [
                    VIR_ERR_NO_SUPPORT, VIR_ERR_CONFIG_UNSUPPORTED, VIR_ERR_ARGUMENT_UNSUPPORTED,
                    VIR_ERR_OPERATION_UNSUPPORTED,
                ]
            ),
            (.timeout, [VIR_ERR_OPERATION_TIMEOUT]),
            (.busy, [VIR_ERR_RESOURCE_BUSY]),
            (.noMetadata, [VIR_ERR_NO_DOMAIN_METADATA]),
        ]
        let pairs = groups.flatMap { code, numbers in numbers.map { (Int32($0.rawValue), code) } }
        return Dictionary(uniqueKeysWithValues: pairs)
    }()
}
