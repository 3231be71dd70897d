import CSystemd
import Glibc

/// A received message, read from front to back. Confined to the connection's thread.
final class BusMessage {
    private let message: OpaquePointer

    init(owning message: OpaquePointer) { self.message = message }

    deinit { sd_bus_message_unref(message) }

    /// The call this answers.
    var replyCookie: UInt64? {
        var cookie: UInt64 = 0
        return sd_bus_message_get_reply_cookie(message, &cookie) >= 0 ? cookie : nil
    }

    var isSignal: Bool { sd_bus_message_is_signal(message, nil, nil) > 0 }
    var path: String { sd_bus_message_get_path(message).map { String(cString: $0) } ?? "" }
    var interface: String { sd_bus_message_get_interface(message).map { String(cString: $0) } ?? "" }
    var member: String { sd_bus_message_get_member(message).map { String(cString: $0) } ?? "" }

    /// The D-Bus error this answer is, if it is one.
    func error(for operation: String) -> SystemdError? {
        guard let error = sd_bus_message_get_error(message)?.pointee, let name = error.name else { return nil }
        let dbusName = String(cString: name)
        let text = error.message.map { String(cString: $0) } ?? dbusName
        return SystemdError(.refused, operation: operation, dbusName: dbusName, message: text)
    }

    // MARK: Reading

    func string() throws(BusFailure) -> String { try text(SD_BUS_TYPE_STRING) }
    func objectPath() throws(BusFailure) -> String { try text(SD_BUS_TYPE_OBJECT_PATH) }

    func uint32() throws(BusFailure) -> UInt32 {
        var value: UInt32 = 0
        try basic(SD_BUS_TYPE_UINT32, &value)
        return value
    }

    func bool() throws(BusFailure) -> Bool {
        var value: Int32 = 0
        try basic(SD_BUS_TYPE_BOOLEAN, &value)
        return value != 0
    }

    /// Reads an array, one element by each call of the body.
    func array<T>(of contents: String, _ element: () throws(BusFailure) -> T) throws(BusFailure) -> [T] {
        guard try enter(SD_BUS_TYPE_ARRAY, contents) else { return [] }
        var elements: [T] = []
        while sd_bus_message_at_end(message, 0) == 0 { elements.append(try element()) }
        try check(sd_bus_message_exit_container(message))
        return elements
    }

    func structure<T>(of contents: String, _ body: () throws(BusFailure) -> T) throws(BusFailure) -> T {
        guard try enter(SD_BUS_TYPE_STRUCT, contents) else { throw BusFailure(code: EBADMSG) }
        let value = try body()
        try check(sd_bus_message_exit_container(message))
        return value
    }

    /// Reads a variant that holds a property.
    func variant() throws(BusFailure) -> PropertyValue {
        var type: CChar = 0
        var contents: UnsafePointer<CChar>?
        try check(sd_bus_message_peek_type(message, &type, &contents))
        let signature = contents.map { String(cString: $0) } ?? ""
        guard try enter(SD_BUS_TYPE_VARIANT, signature) else { throw BusFailure(code: EBADMSG) }
        let value = try value(signature)
        try check(sd_bus_message_exit_container(message))
        return value
    }

    private func value(_ signature: String) throws(BusFailure) -> PropertyValue {
        switch signature {
        case "s", "o": return .string(try text(Int(signature.utf8.first ?? 0)))
        case "as": return .strings(try array(of: "s") { () throws(BusFailure) in try string() })
        case "b": return .bool(try bool())
        case "u": return .unsigned(UInt64(try uint32()))
        case "t": return .unsigned(try number(SD_BUS_TYPE_UINT64, 0 as UInt64))
        case "q": return .unsigned(UInt64(try number(SD_BUS_TYPE_UINT16, 0 as UInt16)))
        case "i": return .signed(Int64(try number(SD_BUS_TYPE_INT32, 0 as Int32)))
        case "x": return .signed(try number(SD_BUS_TYPE_INT64, 0 as Int64))
        case "(ss)":
            // Read one after the other, as in what a unit's LoadError is: the error's name and its text.
            return .strings(
                try structure(of: "ss") { () throws(BusFailure) in
                    let first = try string()
                    return [first, try string()]
                }
            )
        case "d": return .double(try number(SD_BUS_TYPE_DOUBLE, 0 as Double))
        default: throw BusFailure(code: EOPNOTSUPP)
        }
    }

    private func number<T: BitwiseCopyable>(_ type: Int, _ zero: T) throws(BusFailure) -> T {
        var value = zero
        try basic(type, &value)
        return value
    }

    private func text(_ type: Int) throws(BusFailure) -> String {
        var value: UnsafePointer<CChar>?
        try basic(type, &value)
        return value.map { String(cString: $0) } ?? ""
    }

    private func basic(_ type: Int, _ value: UnsafeMutableRawPointer) throws(BusFailure) {
        let code = sd_bus_message_read_basic(message, CChar(type), value)
        try check(code == 0 ? -EBADMSG : code)
    }

    private func enter(_ type: Int, _ contents: String) throws(BusFailure) -> Bool {
        let code = sd_bus_message_enter_container(message, CChar(type), contents)
        try check(code)
        return code > 0
    }

    private func check(_ code: Int32) throws(BusFailure) {
        if code < 0 { throw BusFailure(code: code) }
    }
}
