import Domain
import Receipts

/// Which slips a printer prints.
enum SlipKind: String, Sendable, CaseIterable, Codable {
    case sale
    case refund
}

/// How a printer is reached.
struct PrinterDevice: Sendable, Hashable {
    enum Kind: String, Sendable, CaseIterable, Codable {
        /// `host:port`, the raw port that network printers have.
        case tcp
        /// A device file of a USB printer, such as `/dev/usb/lp0`.
        case file
        /// A queue of the print system CUPS.
        case cups
    }

    static let rawPort = 9_100

    let kind: Kind
    let address: String

    /// Two printers that are one device print one after another.
    var lane: String { kind.rawValue + " " + address }

    /// Host and port of a `tcp` address.
    var hostAndPort: (host: String, port: String)? {
        guard kind == .tcp, let colon = address.lastIndex(of: ":") else { return nil }
        let host = address[..<colon].drop { $0 == "[" }
        return (
            String(host.hasSuffix("]") ? host.dropLast() : host),
            String(address[address.index(after: colon)...])
        )
    }

    /// Reads an address as typed; a host without a port gets 9100.
    ///
    /// - Refuses: an address that could name something else than a printer (nil): a file outside
    ///   `/dev`, an option of a program, white space.
    init?(_ kind: Kind, typed: String) {
        let text = typed.trimmed
        guard (1...200).contains(text.utf8.count),
            text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }), !text.hasPrefix("-")
        else { return nil }
        switch kind {
        case .tcp:
            let hasPort = text.hasSuffix("]") ? false : text.contains(":")
            let full = hasPort ? text : "\(text):\(Self.rawPort)"
            let device = PrinterDevice(kind: kind, address: full)
            guard let (host, port) = device.hostAndPort, let number = Int(port),
                (1...65_535).contains(number), !host.isEmpty,
                host.allSatisfy({ $0.isLetter || $0.isNumber || ".-:%_".contains($0) })
            else { return nil }
            self = device
        case .file:
            let parts = text.split(separator: "/", omittingEmptySubsequences: false)
            guard text.hasPrefix("/dev/"), parts.count > 2,
                parts.dropFirst().allSatisfy({ !$0.isEmpty && $0 != "." && $0 != ".." })
            else { return nil }
            self.init(kind: kind, address: text)
        case .cups:
            guard text.allSatisfy({ $0.isLetter || $0.isNumber || "._-".contains($0) }) else {
                return nil
            }
            self.init(kind: kind, address: text)
        }
    }

    init(kind: Kind, address: String) {
        self.kind = kind
        self.address = address
    }
}

/// A printer as a manager set it up.
struct Printer: Sendable, Hashable {
    let id: String
    let slip: SlipKind
    let name: String
    let device: PrinterDevice
    let paper: SlipPaper
    let encoding: PrinterEncoding
    /// How many papers an original takes: the merchant's copy first, then customers' copies.
    let copies: Int
    let language: SlipLanguage
    /// Whether a row with a character that the printer lacks is sent as a picture.
    let pictures: Bool
    /// Whether slips of its kind go to it by themselves.
    let isMain: Bool
    /// Whether the device has ever answered a question about its state.
    let answers: Bool
}

/// What a manager enters.
struct PrinterEntry: Sendable {
    static let nameLengthMax = 40
    static let copiesMax = 4

    let slip: SlipKind
    let name: String
    let device: PrinterDevice
    let paper: SlipPaper
    let encoding: PrinterEncoding
    let copies: Int
    let language: SlipLanguage
    let pictures: Bool

    /// - Refuses, first match wins: `nameLength`, `settingUnknown`, `addressMalformed`.
    init(
        slip: String, name: String, device: String, address: String, paper: Int, encoding: String,
        copies: Int, language: String, pictures: Bool = true
    ) throws(PrinterRefusal) {
        let name = name.trimmed
        guard (1...Self.nameLengthMax).contains(name.count),
            !name.unicodeScalars.contains(where: { $0.properties.generalCategory == .control })
        else { throw .nameLength }
        guard let slip = SlipKind(rawValue: slip), let kind = PrinterDevice.Kind(rawValue: device),
            let paper = SlipPaper(rawValue: paper),
            let encoding = PrinterEncoding(rawValue: encoding),
            let language = SlipLanguage(rawValue: language),
            (1...Self.copiesMax).contains(copies)
        else { throw .settingUnknown }
        guard let device = PrinterDevice(kind, typed: address) else { throw .addressMalformed }
        self.slip = slip
        self.name = name
        self.device = device
        self.paper = paper
        self.encoding = encoding
        self.copies = copies
        self.language = language
        self.pictures = pictures
    }
}

/// Why a printer or a print job stays as it is.
enum PrinterRefusal: String, Error, CaseIterable {
    /// No name, or more than 40 characters.
    case nameLength = "printer_name_length"
    /// Slip, device, paper, encoding, copies or language is none of those offered.
    case settingUnknown = "printer_setting_unknown"
    /// The address is not that of such a device.
    case addressMalformed = "printer_address_malformed"
    /// Another printer for these slips has the name.
    case nameTaken = "printer_name_taken"
    /// There is no such printer.
    case unknownPrinter = "printer_not_found"
    /// Slips wait for the printer, or somebody has to say what became of one.
    case hasOpenJobs = "printer_has_jobs"
    /// There is no such print job.
    case unknownJob = "print_job_not_found"
    /// The job is being printed, or has ended.
    case jobNotOpen = "print_job_not_open"
    /// Nobody has to say what became of the job.
    case jobNotInQuestion = "print_job_not_in_question"
}

extension String {
    /// Without white space at both ends.
    var trimmed: String {
        let start = drop { $0.isWhitespace }
        guard let end = start.lastIndex(where: { !$0.isWhitespace }) else { return "" }
        return String(start[...end])
    }
}
