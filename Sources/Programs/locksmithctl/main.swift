import Locksmith

await LocksmithMain.run(CommandLine.arguments)
