"""Start the simulator, say where it is, and wait for Ctrl-C."""

import argparse
import signal
import socket
import sys

from tests.fakes.jenkins.simulator import Simulator

parser = argparse.ArgumentParser(prog="make jenkins-sim", description=__doc__)
parser.add_argument("--port", type=int, default=8080)
parser.add_argument("--demo", action="store_true", help="begin with folders, jobs and builds")
parser.add_argument("--jobs", type=int, default=0, help="begin with that many jobs …")
parser.add_argument("--folders", type=int, default=0, help="… in that many folders")
parser.add_argument("--quiet-period", type=float, default=5)
asked = parser.parse_args()

try:
    socket.create_server(("127.0.0.1", asked.port)).close()
except OSError as taken:
    parser.error(f'port {asked.port} cannot be had ({taken.strerror}); choose another with ARGS="--port …"')

with Simulator(
    asked.port, demo_content=asked.demo, jobs=asked.jobs, folders=asked.folders, quiet_period=asked.quiet_period
) as jenkins:
    sys.stdout.write(
        f"A simulated Jenkins, in memory only; Ctrl-C ends it.\n"
        f"  URL        {jenkins.url}\n"
        f"  user       {jenkins.user}\n"
        f"  API token  {jenkins.token}\n"
        f"  password   {jenkins.password}\n"
        f"  in the demo data: the server “Simulator” (模拟器), if it listens on 8080; switch it on under Builds → Servers\n"
        f"                    (构建 → 服务器)\n"
        f"  faults     curl -d kind=slow -d size=5 {jenkins.url}__sim__/faults   (GET tells the kinds, -X DELETE clears)\n"
    )
    sys.stdout.flush()
    signal.sigwait({signal.SIGINT, signal.SIGTERM})
