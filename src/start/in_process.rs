//! From a plan to workers that do items in this process.

use std::sync::Arc;

use super::{Connections, Ready, Started, bytes_of_results, named, warn};
use crate::engine::{Config, Engine, Executor, Local, ThreadSource};
use crate::executor::in_process::{ChunkRunner, Job, Task};
use crate::op::Map;
use crate::output::Format;
use crate::plan::Plan;

pub(super) fn ready<'p>(plan: &'p Plan, job: &'p Job, format: &dyn Format) -> Ready<'p> {
    let mut header = Vec::new();
    if let Job::Map(_) = job {
        format.begin(&mut header);
    }
    Ready {
        header,
        bytes_of_items: 0,
        bytes_of_results: bytes_of_results(plan),
        start: Box::new(move |connections| Ok(Started::of(start(plan, job, connections)?))),
    }
}

fn start(plan: &Plan, job: &Job, connections: Connections<'_>) -> anyhow::Result<Local> {
    let task = Task { job: job.clone(), format: Arc::clone(connections.format), named: named(plan) };
    let sender = connections.sender;
    let config = Config { fold: job.fold().cloned(), ..connections.config(plan, ThreadSource::Pool) };
    let workers = move |_: &_| Ok(Box::new(ChunkRunner::new(&task)) as Box<dyn Executor>);
    let engine = Local::start(config, Box::new(workers))?;
    if engine.capacity() < plan.jobs {
        let got = engine.capacity();
        warn(sender, &format!("only {got} of {} workers could be started; going on with them", plan.jobs));
    }
    Ok(engine)
}

/// The map, which may have something to say of all its items together.
pub(super) fn map(job: &Job) -> Option<&dyn Map> {
    match job {
        Job::Map(map) | Job::Reduce(map, _) => Some(&**map),
        Job::Fold(_) => None,
    }
}
