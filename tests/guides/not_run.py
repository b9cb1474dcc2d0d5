"""The blocks that are not run: page -> first line -> why not. They are indented in their pages."""
IMAGE = "needs a container engine, a registry and minutes: tests/image builds the image and runs it"
BENCH = "measures the machine, for minutes"
OUTPUT = "shows something, and is no command"
ENDLESS = "goes on until it is stopped: tests/wire/test_17_subscriptions.py subscribes"
CLUSTER = "needs a cluster: the stand-in for one has no nodes, and no pods but that of the server"
MAKE_IMAGE = "make image IMAGE=registry.example.org/orchestrator-server:2.0.0 VERSION=2.0.0"

NOT_RUN = {
    "README.md": {
        "make test": "would run itself",
        MAKE_IMAGE: IMAGE,
    },
    "docs/deploy/guide.md": {
        MAKE_IMAGE: IMAGE,
        "kubectl get pods --namespace orchestrator": CLUSTER,
        "kubectl exec --namespace orchestrator deployment/orchestrator-server -- /app/orchestrator check --migrate":
            "the stand-in for a cluster has no PostgreSQL of its own: external-database.md runs it, with one",
        "kubectl port-forward --namespace orchestrator service/orchestrator-server 9000:9000": CLUSTER,
    },
    "docs/deploy/image.md": {
        MAKE_IMAGE: IMAGE,
        "docker build --file docker/Dockerfile --build-arg VERSION=2.0.0 --tag registry.example.org/orchestrator-server:2.0.0 .":
            IMAGE,
        "docker run --detach --name orchestrator --publish 9000:9000 --read-only \\": IMAGE,
        "docker run --detach --publish 9000:9000 --read-only --env ORCHESTRATOR_DATABASE_URL \\": IMAGE,
        "docker run --rm --read-only --env ORCHESTRATOR_DATABASE_URL \\": IMAGE,
        "sudo make test-image": IMAGE,
    },
    "docs/deploy/troubleshooting.md": {
        "kubectl get pods --namespace orchestrator": CLUSTER,
        "kubectl port-forward --namespace orchestrator service/orchestrator-server 9000:9000": CLUSTER,
    },
    "docs/deploy/upgrade.md": {
        "kubectl exec --namespace orchestrator orchestrator-postgresql-0 -- pg_dump --username=postgres --format=custom orchestrator > "
        "orchestrator.dump": CLUSTER,
        "helm rollback orchestrator --namespace orchestrator": "goes back to a server and a chart that are not here",
    },
    "docs/operate/monitoring.md": {
        "MALLOC_CONF=prof:true orchestrator serve ...": "is to be completed: the test starts its server so",
    },
    "docs/operate/running.md": {
        "data/": OUTPUT,
        "orchestrator healthcheck -addr localhost:9000 -tls -tls-ca-cert ca.crt -tls-server-name orchestrator.example.org":
            "the server there has no TLS: tls.md runs it",
    },
    "docs/performance.md": {
        "make bench BENCH='--store embedded --part scenarios --scenario replay'": BENCH,
        "build/release/orchestrator_bench ADDRESS ORGANIZATION CHANNEL [SCENARIO...]": BENCH,
    },
    "docs/scaling.md": {
        "calls in a batch / (round trips + statements + commit)": OUTPUT,
        "/usr/bin/python3 bench/scaling.py --binary build/release/orchestrator": BENCH,
    },
    "docs/start/first-steps.md": {
        "sudo apt-get install -y git make": "installs packages",
        "for event in events.SubscribeToEvents(event_pb2.SubscribeToEventsParam(), metadata=headers):": ENDLESS,
        "grpcurl -plaintext -H 'mspid: MyOrg1MSP' -H 'channel: mychannel' localhost:9000 \\": ENDLESS,
    },
    "examples/federated_plan/README.md": {
        "/usr/bin/python3 examples/federated_plan/demo.py --binary PATH/TO/orchestrator": "README.md runs it, as `make demo`",
        "/usr/bin/python3 examples/federated_plan/demo.py --address HOST:PORT --channel study":
            "needs a server that is there already, whose address is the reader's",
        "channels:": "is a piece of a file that is there already",
    },
}
