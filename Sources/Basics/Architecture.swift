/// A processor architecture that nodes can have, with the names that Debian, libvirt, QEMU and Linux have for its parts.
///
/// Everything that depends on the architecture asks this type. `Scripts/lib/architecture.sh` is its counterpart for
/// shell scripts, and a test compares both.
package enum Architecture: String, Sendable, Hashable, CaseIterable {
    case amd64
    case arm64

    /// The architecture of this program. Nodes run the node programs of the same build, so it is theirs as well, on
    /// whichever host they are.
    package static let current: Architecture = {
        #if arch(x86_64)
            .amd64
        #elseif arch(arm64)
            .arm64
        #else
            #error("Slipway knows neither a kernel nor a machine type for this architecture: see Architecture")
        #endif
    }()

    /// Finds an architecture by libvirt's name for it.
    package init?(libvirtName: String) {
        guard let found = Self.allCases.first(where: { $0.libvirtName == libvirtName }) else { return nil }
        self = found
    }

    /// The name that dpkg and mmdebstrap have for it.
    package var debianName: String { rawValue }

    /// The name that libvirt, QEMU and `uname -m` have for it.
    package var libvirtName: String {
        switch self {
        case .amd64: "x86_64"
        case .arm64: "aarch64"
        }
    }

    /// Debian's package of the kernel for virtual machines.
    package var kernelPackage: String { "linux-image-cloud-\(debianName)" }

    /// Linux's name of the first serial port of ``machineType``.
    package var console: String {
        switch self {
        case .amd64: "ttyS0"
        case .arm64: "ttyAMA0"
        }
    }

    // MARK: Virtual machines

    /// QEMU's program.
    package var emulator: String { "qemu-system-\(libvirtName)" }

    /// Debian's package of ``emulator``.
    package var emulatorPackage: String {
        switch self {
        case .amd64: "qemu-system-x86"
        case .arm64: "qemu-system-arm"
        }
    }

    /// The kind of machine that QEMU makes, by the name that stands for its newest version.
    package var machineType: String {
        switch self {
        case .amd64: "q35"
        case .arm64: "virt"
        }
    }

    /// The processor that QEMU emulates, by libvirt's name; nil where its default runs every image. The default of `virt`
    /// is a 32-bit one, and the emulation of `max` takes many times as long.
    package var emulatedProcessor: String? {
        switch self {
        case .amd64: nil
        case .arm64: "cortex-a57"
        }
    }

    /// Firmware of a machine whose disk has a boot loader; nil where QEMU's own BIOS starts it.
    package var firmware: Firmware? {
        switch self {
        case .amd64: nil
        case .arm64: Firmware(package: "qemu-efi-aarch64", path: "/usr/share/AAVMF/AAVMF_CODE.fd")
        }
    }

    /// UEFI firmware, which libvirt finds by itself where it is installed.
    package struct Firmware: Sendable, Hashable {
        /// Debian's package of it.
        package let package: String
        /// Path of the package's code.
        package let path: String
    }

    /// The processor's features by which it runs virtual machines, and the kernel's module for each; empty where the
    /// processor's features do not say it.
    package var virtualization: [(feature: String, module: String)] {
        switch self {
        case .amd64: [("vmx", "kvm_intel"), ("svm", "kvm_amd")]
        case .arm64: []
        }
    }

    /// True where a machine has ACPI without UEFI, and with it a power button. libvirt refuses ACPI without UEFI on arm64.
    package var hasACPIWithoutFirmware: Bool { self == .amd64 }

    /// True where a machine's interrupts come by an APIC, which libvirt has a switch for.
    package var hasAPIC: Bool { self == .amd64 }
}
