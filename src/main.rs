//! parjob: the command line to a run to an exit.

fn main() {
    parjob::cli::main(std::env::args_os().collect()).leave()
}
