//! Runs every suite over every app of the build.

fn main() {
    let arguments = libtest_mimic::Arguments::from_args();
    libtest_mimic::run(&arguments, kalends_conformance::suites::all(kalends_catalog::APPS)).exit();
}
