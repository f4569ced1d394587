//! Starts a broker from `KEY=VALUE` arguments: for profiling without the command line around it.
#![allow(clippy::print_stdout, reason = "an example")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut assignments = Vec::new();
    for a in std::env::args().skip(1) {
        assignments.push(ottla_config::parse_set(&a)?);
    }
    let (config, _) = ottla_config::StartConfig::new(assignments).map_err(|e| format!("{e:?}"))?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let running = ottla_broker::start(config).await?;
        println!("{:?}", running.addresses());
        tokio::time::sleep(std::time::Duration::from_secs(100_000)).await;
        Ok(())
    })
}
