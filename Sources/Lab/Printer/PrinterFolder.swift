public import Foundation
import Synchronization

/// A virtual printer that keeps its papers in a folder, and does what a file there says.
///
/// Each paper is `slip-NNNN.bin` (the bytes), `.txt` (what can be read), `.svg` (how it looks) and, where Chromium is
/// installed and pictures are wanted, `.png`. The words in the file `condition` (``VirtualPrinter/Trouble``) are the
/// printer's troubles; an empty file, or none, means that all is well.
public final class PrinterFolder: Sendable {
    /// The printer.
    public let printer: VirtualPrinter
    private let folder: URL
    private let isClosed = Mutex(false)

    /// Switches a printer on.
    ///
    /// - Parameter width: of the paper in millimetres, 58 or 80.
    /// - Refuses: `LabError` when the port is taken.
    public init(
        port: Int, width: Int, folder: URL, drawsPictures: Bool = false,
        printed: @escaping @Sendable (PrintedSlip) -> Void = { _ in }
    ) throws {
        self.folder = folder
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let columns = width == 58 ? 32 : 48
        printer = try VirtualPrinter(port: port, width: width) { slip, number in
            let name = "0000\(number)".suffix(4)
            let base = folder.appending(path: "slip-\(name)")
            let picture = PaperPicture.svg(slip, columns: columns)
            try? Data(slip.bytes).write(to: base.appendingPathExtension("bin"))
            try? Data(slip.text.utf8).write(to: base.appendingPathExtension("txt"))
            try? Data(picture.text.utf8).write(to: base.appendingPathExtension("svg"))
            if drawsPictures {
                Self.draw(base, width: picture.width, height: picture.height)
            }
            printed(slip)
        }
        watch()
    }

    /// Switches it off for good.
    public func close() {
        isClosed.withLock { $0 = true }
        printer.close()
    }

    /// Draws a kept paper as PNG.
    ///
    /// - Returns: nil where no Chromium is installed or it fails.
    public func picture(of number: Int) -> URL? {
        let base = folder.appending(path: "slip-\("0000\(number)".suffix(4))")
        let slips = printer.slips
        guard slips.indices.contains(number - 1) else { return nil }
        let size = PaperPicture.svg(slips[number - 1], columns: printer.columns)
        return Self.draw(base, width: size.width, height: size.height)
    }

    @discardableResult
    private static func draw(_ base: URL, width: Int, height: Int) -> URL? {
        let programs = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"]
        guard let program = programs.first(where: FileManager.default.isExecutableFile) else {
            return nil
        }
        let picture = base.appendingPathExtension("png")
        _ = try? NodeProcess.run(
            program,
            [
                "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
                "--screenshot=\(picture.path)", "--window-size=\(width),\(height)",
                base.appendingPathExtension("svg").absoluteString,
            ])
        return FileManager.default.fileExists(atPath: picture.path) ? picture : nil
    }

    private func watch() {
        let file = folder.appending(path: "condition")
        Thread.detachNewThread { [weak self] in
            var last: Set<VirtualPrinter.Trouble> = []
            while self?.isClosed.withLock({ $0 }) == false {
                let words = (try? String(contentsOf: file, encoding: .utf8)) ?? ""
                let troubles = Set(
                    words.split(whereSeparator: \.isWhitespace)
                        .compactMap { VirtualPrinter.Trouble(rawValue: String($0)) })
                if troubles != last {
                    last = troubles
                    try? self?.printer.set(troubles)
                }
                Thread.sleep(forTimeInterval: 0.1)
            }
        }
    }
}
