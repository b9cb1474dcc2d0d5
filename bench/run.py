#!/usr/bin/python3
"""Starts a fresh server, runs the load generator against it and prints a table of what it measured."""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

CHANNEL_FILE = "channels:\n  bench: [BenchMSP]\n"


def start_server(binary, folder):
    channels = folder / "channels.yaml"
    channels.write_text(CHANNEL_FILE)
    server = subprocess.Popen(
        [binary, "serve", "--channel-config", channels, "--data-dir", folder / "data", "--listen", "127.0.0.1:0",
         "--http-address", ""],
        stderr=subprocess.PIPE,
        text=True,
    )
    for line in server.stderr:
        record = json.loads(line)
        if record["message"] == "gRPC server listening":
            return server, record["address"]
        print(line, end="", file=sys.stderr)
    sys.exit("the server did not start")


def memory_mb(pid, field):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(field):
            return int(line.split()[1]) / 1024
    raise KeyError(field)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", required=True, help="the server")
    parser.add_argument("--json", help="also write the figures to this file")
    options = parser.parse_args()
    generator = pathlib.Path(options.binary).with_name("orchestrator_bench")
    figures = []
    with tempfile.TemporaryDirectory() as folder:
        server, address = start_server(options.binary, pathlib.Path(folder))
        idle_mb = memory_mb(server.pid, "VmRSS")
        try:
            load = subprocess.Popen([generator, address, "BenchMSP", "bench"], stdout=subprocess.PIPE, text=True)
            for line in load.stdout:
                figure = json.loads(line)
                figures.append(figure)
                print(
                    f"{figure['scenario']:<52} {figure['value']:>12,.2f} {figure['unit']:<9}"
                    f" failures {figure['failures']:>3}  p50 {figure['p50_ms']:>9.3f} ms  p99 {figure['p99_ms']:>9.3f} ms",
                    flush=True,
                )
            failed = load.wait()
            for name, value in [("idle memory", idle_mb), ("peak memory", memory_mb(server.pid, "VmHWM"))]:
                figures.append({"scenario": name, "value": value, "unit": "MB"})
                print(f"{name:<52} {value:>12,.2f} MB")
        finally:
            server.terminate()
            server.wait()
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps(figures, indent=2) + "\n")
    return failed


if __name__ == "__main__":
    sys.exit(main())
