import CSystemd
import Glibc

/// One sd-bus connection. Not `Sendable`: only the thread of its ``SystemdBus`` ever holds one.
final class BusConnection {
    private let bus: OpaquePointer

    /// Begins to connect; what is sent is kept until the connection stands.
    init(_ address: BusAddress) throws(SystemdError) {
        var created: OpaquePointer?
        guard sd_bus_new(&created) >= 0, let bus = created else {
            throw Self.unreachable(address, ENOMEM)
        }
        self.bus = bus
        var code = sd_bus_set_address(bus, address.address)
        if code >= 0 { code = sd_bus_set_bus_client(bus, address.isBus ? 1 : 0) }
        if code >= 0 { code = sd_bus_start(bus) }
        // The deinitialiser releases the bus: all properties are set.
        guard code >= 0 else { throw Self.unreachable(address, -code) }
    }

    deinit { sd_bus_flush_close_unref(bus) }

    /// Sends a method call.
    /// - Returns: the cookie its answer will carry, or the errno of a connection that is lost.
    func send(_ call: BusCall) -> Result<UInt64, BusFailure> {
        var created: OpaquePointer?
        let code = sd_bus_message_new_method_call(
            bus,
            &created,
            call.destination,
            call.path,
            call.interface,
            call.method
        )
        guard code >= 0, let message = created else { return .failure(BusFailure(code: code)) }
        defer { sd_bus_message_unref(message) }
        for argument in call.arguments {
            let code = argument.append(to: message)
            guard code >= 0 else { return .failure(BusFailure(code: code)) }
        }
        var cookie: UInt64 = 0
        let sent = sd_bus_send(bus, message, &cookie)
        return sent < 0 ? .failure(BusFailure(code: sent)) : .success(cookie)
    }

    enum Event {
        case message(BusMessage)
        /// Something was done; ask again.
        case progress
        case idle
        case lost(BusFailure)
    }

    /// Reads, writes, and hands out at most one message.
    func process() -> Event {
        var received: OpaquePointer?
        let code = sd_bus_process(bus, &received)
        if code < 0 { return .lost(BusFailure(code: code)) }
        if let received { return .message(BusMessage(owning: received)) }
        return code == 0 ? .idle : .progress
    }

    /// Events to wait for until ``process()`` has something to do.
    var wait: BusThread.Wait {
        let events = sd_bus_get_events(bus)
        var limit = UInt64.max
        sd_bus_get_timeout(bus, &limit)
        return BusThread.Wait(
            descriptor: sd_bus_get_fd(bus),
            events: events < 0 ? Int16(POLLIN) : Int16(events),
            deadline: Self.instant(atMonotonicMicroseconds: limit),
        )
    }

    /// sd-bus counts in microseconds of `CLOCK_MONOTONIC`.
    private static func instant(atMonotonicMicroseconds limit: UInt64) -> ContinuousClock.Instant? {
        guard limit != .max else { return nil }
        var now = timespec()
        clock_gettime(CLOCK_MONOTONIC, &now)
        let elapsed = Int64(now.tv_sec) * 1_000_000 + Int64(now.tv_nsec) / 1000
        return ContinuousClock.now + .microseconds(Int64(clamping: limit) - elapsed)
    }

    private static func unreachable(_ address: BusAddress, _ code: Int32) -> SystemdError {
        let hint =
            code == ENOENT || code == ECONNREFUSED
            ? "; is systemd running here, and its bus up?"
            : code == EACCES || code == EPERM ? "; are you root?" : ""
        return SystemdError(
            .unreachable,
            operation: "connect to \(address)",
            message: errnoText(code) + hint,
        )
    }
}

/// sd-bus's way to say no: a negative errno.
struct BusFailure: Error {
    var code: Int32

    var text: String { errnoText(code < 0 ? -code : code) }
}
