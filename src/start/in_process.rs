//! From a plan to workers that do items in this process.

use std::sync::Arc;

use anyhow::Result;

use super::{Connections, Ready, Started, bytes_of_results, told, warn};
use crate::engine::{Engine, Job, Local, Task};
use crate::op::Map;
use crate::output::Format;
use crate::plan::Plan;
use crate::run::Message;

pub(super) fn ready<'p>(plan: &'p Plan, job: &'p Job, format: &dyn Format) -> Ready<'p> {
    let mut header = Vec::new();
    if let Job::Map(_) = job {
        format.begin(&mut header);
    }
    Ready {
        header,
        bytes_of_items: 0,
        bytes_of_results: bytes_of_results(plan),
        start: Box::new(move |connections| {
            let engine = start(plan, job, connections)?;
            Ok(Started { describe: Some(Box::new(engine.describe())), ..Started::of(engine) })
        }),
    }
}

fn start(plan: &Plan, job: &Job, connections: Connections<'_>) -> Result<Local> {
    let Connections { format, spares, sender, quota } = connections;
    let apart = plan.policy.again.retries > 0;
    let task = Task { job: job.clone(), format: Arc::clone(format), tell: told(plan), apart };
    let ringing = sender.clone();
    let ring = move |ring| drop(ringing.send(Message::Ring(ring)));
    let engine = Local::start(plan.jobs, task, plan.chunking, quota, Arc::clone(spares), ring)?;
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
