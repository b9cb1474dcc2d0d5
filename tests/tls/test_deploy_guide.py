"""The deploy guide works as it is pasted, with stand-ins for what it needs a cluster for: what kubectl and helm would
send to one is made by the real programs, and the server is run from it."""
import pathlib
import shutil

import pytest

from guides import ROOT, blocks, check, free_port, paste

HERE = pathlib.Path(__file__).parent
HELM = ROOT / "build" / "tools" / "helm"  # by scripts/install-helm


def test_deploy_guide(tmp_path):
    kubectl = shutil.which("kubectl")
    if not HELM.exists():
        pytest.skip("there is no Helm: scripts/install-helm says why")
    (tmp_path / "charts").symlink_to(ROOT / "charts")
    tools = {name: HERE / "stand_in_cluster.py" for name in ("kubectl", "helm")}
    if not shutil.which("grpcurl"):
        tools["grpcurl"] = HERE / "stand_in_grpcurl.py"
    port = free_port()
    steps = blocks("guide.md")
    check(steps, paste(steps, tmp_path, port, tools,
                       {"REAL_KUBECTL": kubectl, "REAL_HELM": str(HELM), "GUIDE_PORT": str(port)}))
