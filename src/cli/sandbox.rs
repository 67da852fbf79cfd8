//! `sandbox`: one vendor simulator behind a socket.

use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;

use clap::builder::PossibleValuesParser;
use tokio::net::TcpListener;

use super::output::{fail, say};
use crate::app::address_taken;
use crate::sandbox::{self, Sandbox, Vendor};

#[derive(Debug, clap::Args)]
pub(super) struct Options {
    #[command(flatten)]
    _plain: super::options::Plain,
    /// Whose service to play.
    #[arg(value_parser = PossibleValuesParser::new(Vendor::ALL.map(Vendor::name)))]
    vendor: String,
    /// Where to listen; port 0 takes a free one.
    #[arg(long, value_name = "IP:PORT", default_value = "127.0.0.1:8181")]
    listen: SocketAddr,
}

pub(super) fn sandbox(options: &Options) -> ExitCode {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    match runtime.and_then(|runtime| runtime.block_on(serve(options))) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&address_taken("--listen", options.listen, &error)),
    }
}

async fn serve(Options { vendor, listen, .. }: &Options) -> std::io::Result<()> {
    let vendor = Vendor::named(vendor).ok_or(std::io::ErrorKind::NotFound)?;
    let listener = TcpListener::bind(listen).await?;
    let address = listener.local_addr()?;
    let mut settings = sandbox::Options::of(vendor);
    settings.public_url = format!("http://{address}");
    say(&format!("{} sandbox: http://{address}", vendor.name()));
    sandbox::serve(Arc::new(Sandbox::new(vendor, settings)), listener).await;
    Ok(())
}
