public import Logging

/// The node's log: one line an event, to standard error.
public enum TillLog {
    /// A logger at the configured level.
    public static func make(_ configuration: TillConfiguration) -> Logger {
        var logger = Logger(label: "huiyika.till") { label in
            StreamLogHandler.standardError(label: label)
        }
        logger.logLevel = Logger.Level(rawValue: configuration.logLevel) ?? .info
        return logger
    }
}
