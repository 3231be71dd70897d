import Fleetctl

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

exit(await FleetctlMain.run(Array(CommandLine.arguments.dropFirst())))
