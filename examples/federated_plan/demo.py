#!/usr/bin/env python3
"""Three hospitals learn together, and an orchestrator keeps the books. README.md tells more.

Exits 0 if everything went as it should, else 1 with the reason on standard error.
"""
import argparse
import contextlib
import signal
import sys

import grpc

from console import Console
from server import Server, ServerError
from story import HOSPITALS, Deviation, Story
from worker import WorkerError

TIME_LIMIT_SECONDS = 60


def tell(address, channel, check_server, console):
    with contextlib.ExitStack() as stack:
        story = Story(address, channel, check_server, console, stack)
        story.join()
        story.register_assets()
        plan, rounds = story.run_federated_plan()
        story.use_disabled_output(plan, rounds)
        story.run_failing_plan()
        story.show_performances(rounds)
        story.compare_histories()


def tell_with_own_server(binary, channel, console):
    with Server(binary, channel, HOSPITALS) as server:
        server.wait_until_listening()
        console.line(f"Orchestrator on {server.address}")
        try:
            tell(server.address, channel, server.check_alive, console)
        except grpc.RpcError:
            server.check_alive(patience_seconds=1)  # if it has ended, that is the reason to name
            raise
        server.stop()
        console.step("server", "stopped by SIGTERM, exit status 0")


def stop_at_time_limit(*_):
    raise Deviation(f"not finished after {TIME_LIMIT_SECONDS} s")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--binary", help="the orchestrator program, started for the demo")
    where.add_argument("--address", help="host:port of an orchestrator that is running")
    parser.add_argument("--channel", default="study", help="the channel to work in")
    arguments = parser.parse_args()

    signal.signal(signal.SIGTERM, signal.default_int_handler)  # as Ctrl-C: the server must not stay behind
    signal.signal(signal.SIGALRM, stop_at_time_limit)
    signal.alarm(TIME_LIMIT_SECONDS)
    console = Console()
    try:
        if arguments.binary:
            tell_with_own_server(arguments.binary, arguments.channel, console)
        else:
            tell(arguments.address, arguments.channel, lambda: None, console)
    except grpc.RpcError as error:
        return f"a call failed with {error.code().name}: {error.details()}"
    except (Deviation, ServerError, WorkerError) as error:
        return str(error)
    except KeyboardInterrupt:
        return "interrupted"
    console.success("All went as it should.")
    return None


if __name__ == "__main__":
    failure = main()
    if failure:
        sys.exit(f"demo failed: {failure}")
