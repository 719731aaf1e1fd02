import ArgumentParser
import Foundation
import Lab

/// `huiyika-lab`: the demonstration.
@main
struct LabCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "huiyika-lab",
        abstract: "Networks on this machine: to look at, to drive end to end, to measure.",
        subcommands: [Demo.self, Bench.self, Printer.self])
}

struct Demo: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Start head office and three tills with data in them.")

    @Flag(help: "Drive the main job end to end and stop.")
    var once = false

    @Option(help: "The folder everything lies in; emptied first.")
    var folder: String

    @Option(help: "The folder of setup.json and catalogue.csv.")
    var demo = "deploy/demo"

    @Option(help: "Where the month's exports go.")
    var out = "out"

    @Option(help: "The first of the ports that are used.")
    var firstPort = 8600

    @Option(help: "Months of history, the present one included; all before it are closed.")
    var months = 3

    func validate() throws {
        guard (1...12).contains(months) else { throw ValidationError("--months is 1 to 12") }
        guard !once || months > 1 else {
            throw ValidationError("--once refuses a refund of last month and needs --months 2")
        }
    }

    func run() async throws {
        let (once, folder, demo, out) = (once, folder, demo, out)
        let (firstPort, months) = (firstPort, months)
        let programs = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
        do {
            try await StopSignal.ending {
                let demonstration = try Demonstration(
                    folder: URL(filePath: folder).absoluteURL, programs: programs.absoluteURL,
                    demo: URL(filePath: demo), out: URL(filePath: out).absoluteURL,
                    firstPort: firstPort, months: months)
                try await once ? demonstration.runOnce() : demonstration.keepRunning()
            }
        } catch is CancellationError {
            throw ExitCode(once ? 1 : 0)
        } catch is LabError {
            throw ExitCode(1)
        }
    }
}

struct Bench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract:
            "Measure head office's ingest beside PostgreSQL's own tools, then what a customer waits for."
    )

    @Flag(help: "Only what a customer waits for at the till.")
    var counter = false

    @Option(help: "The folder everything lies in; emptied first.")
    var folder: String

    @Option(help: "The folder of setup.json and catalogue.csv.")
    var demo = "deploy/demo"

    @Option(help: "The first of the ports that are used.")
    var firstPort = 9500

    func run() async throws {
        let programs = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
        let (folder, demo) = (URL(filePath: folder).absoluteURL, URL(filePath: demo))
        let (counter, firstPort) = (counter, firstPort)
        try await StopSignal.ending {
            if !counter {
                try await IngestMeasurement(
                    folder: folder, programs: programs.absoluteURL, demo: demo,
                    firstPort: firstPort
                ).run()
            }
            try await CounterMeasurement(
                folder: folder, programs: programs.absoluteURL, demo: demo, firstPort: firstPort
            ).run()
        }
    }
}

struct Printer: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract:
            "A virtual receipt printer on a TCP port: keeps each paper as bytes, text and picture.",
        discussion: """
            Words in the file `condition` of the folder are the printer's troubles: off, frozen, slow, mute, paper-out, \
            cover-open, near-end, cutter-stuck. An empty file means that all is well.
            """)

    @Option(help: "The port it listens on.")
    var port = 9_100

    @Option(help: "The folder of papers.")
    var out: String

    @Option(help: "Width of the paper in millimetres: 58 or 80.")
    var width = 80

    @Flag(help: "Draw each paper as PNG as well, by Chromium.")
    var pictures = false

    func validate() throws {
        guard width == 58 || width == 80 else { throw ValidationError("width is 58 or 80") }
    }

    func run() async throws {
        let printer = try PrinterFolder(
            port: port, width: width, folder: URL(filePath: out).absoluteURL,
            drawsPictures: pictures
        ) { slip in
            print(slip.text + (slip.isWhole ? "- - - cut - - -" : "~ ~ ~ torn ~ ~ ~"))
        }
        print("printer of \(width) mm on port \(port); papers in \(out)")
        await StopSignal.wait()
        printer.close()
    }
}

/// Ctrl-C, or a stop by the system.
enum StopSignal {
    /// Runs a piece of work that ends what it started when its task is cancelled; a stop cancels it.
    ///
    /// - Refuses: `CancellationError` when stopped, or what the work throws.
    static func ending(_ work: @escaping @Sendable () async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await work() }
            group.addTask {
                await wait()
                throw CancellationError()
            }
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    /// Returns when the program is asked to stop, or when the task is cancelled.
    static func wait() async {
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self)
        let sources = [SIGINT, SIGTERM].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler { continuation.yield() }
            source.resume()
            return source
        }
        for await _ in stream { break }
        sources.forEach { $0.cancel() }
    }
}
