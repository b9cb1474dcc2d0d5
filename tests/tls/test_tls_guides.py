"""The guides of TLS work as they are pasted."""
import pytest

from guides import blocks, check, free_port, paste


@pytest.mark.parametrize("guides", [["tls.md"], ["tls.md", "mtls.md"]])
def test_guides(guides, tmp_path):
    steps = [step for guide in guides for step in blocks(guide)]
    check(steps, paste(steps, tmp_path, free_port()))
