import Basics
import Glibc
import TestKit
import Testing

/// The names that others have for an architecture and its parts.
@Suite struct ArchitectureTests {
    /// What the scripts' own table says, as `name=value`.
    private func scripts(_ name: String) async throws -> [String] {
        let names =
            "qemu_architecture kernel_package emulator emulator_package machine_type console processor firmware_package"
        let command = """
            . '\(Checkout.path)/Scripts/lib/architecture.sh' && architecture \(name) || exit
            for name in \(names); do eval "echo $name=\\$$name"; done
            """
        let ran = try await ShellCommand.run(command)
        #expect(ran.exitCode == 0, "\(ran.output)")
        return ran.output.split(separator: "\n").map(String.init)
    }

    @Test(arguments: Architecture.allCases)
    func scriptsSayTheSame(_ architecture: Architecture) async throws {
        #expect(
            try await scripts(architecture.debianName) == [
                "qemu_architecture=\(architecture.libvirtName)", "kernel_package=\(architecture.kernelPackage)",
                "emulator=\(architecture.emulator)", "emulator_package=\(architecture.emulatorPackage)",
                "machine_type=\(architecture.machineType)", "console=\(architecture.console)",
                "processor=\(architecture.emulatedProcessor ?? "")",
                "firmware_package=\(architecture.firmware?.package ?? "")",
            ]
        )
    }

    @Test func scriptsRefuseOthers() async throws {
        let ran = try await ShellCommand.run(". '\(Checkout.path)/Scripts/lib/architecture.sh' && architecture riscv64")
        #expect(ran.exitCode == 1)
    }

    @Test func thisProgramIsOfTheArchitectureThatRunsIt() {
        var system = utsname()
        #expect(uname(&system) == 0)
        let machine = withUnsafeBytes(of: &system.machine) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        #expect(machine == Architecture.current.libvirtName)
    }

    @Test func areFoundByTheNamesOfLibvirt() {
        #expect(Architecture(libvirtName: "x86_64") == .amd64)
        #expect(Architecture(libvirtName: "aarch64") == .arm64)
        #expect(Architecture(libvirtName: "armv7l") == nil)
    }
}
