//! The exit codes of the program.

use gboost::ErrorKind;

/// Returns the exit code for a kind of failure: 1 a check said no, 2 bad input, 3 device, 130
/// interrupted.
pub fn of(kind: ErrorKind) -> u8 {
    match kind {
        ErrorKind::CheckFailed => 1,
        ErrorKind::Device => 3,
        ErrorKind::Interrupted => 130,
        // Data, parameters, models, files and backends; and whatever the library may add.
        _ => 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exit_codes_tell_bad_input_from_a_failed_device() {
        use ErrorKind as K;
        for kind in [K::Data, K::Parameter, K::Model, K::Io, K::Unavailable] {
            assert_eq!(of(kind), 2, "{kind:?}");
        }
        assert_eq!(of(K::CheckFailed), 1);
        assert_eq!(of(K::Device), 3);
        assert_eq!(of(K::Interrupted), 130);
    }
}
